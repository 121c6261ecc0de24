//! The result file: written a record at a time, each flushed before the next trial starts, and read back whole.
//!
//! Reading trusts nothing: a file may be hand-edited or of another version, and each of those is an error that says
//! where, what was expected and what to do. Nothing is dropped silently.

mod reading;

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    append::Lines,
    sanitize,
    schema::{Interrupted, Record, RunRecord, TrialRecord},
};

pub use reading::{file_of, holds_results, newest_in, read};

/// Name of the result file in a result directory.
pub const FILE_NAME: &str = "results.jsonl";

/// Most trials that are read. Twenty rounds of every variant of a long sweep are fewer.
pub const TRIALS_LIMIT: usize = 10_000;

/// Most directories that are named where one without results was given.
const NAMED: usize = 3;

/// One run, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What was run, on what.
    pub run: RunRecord,
    /// The trials, in the order they ended.
    pub trials: Vec<TrialRecord>,
    /// Set where the run ended before its plan was done.
    pub interrupted: Option<Interrupted>,
    /// Number of the last line, from 1, where a crash cut it in half; the line was skipped.
    pub cut_line: Option<usize>,
}

/// Why a result file could not be written or read. All but [`StoreError::Write`] are faults of the input.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Nothing to read.
    #[error(
        "no results at {}: expected a directory that holds {FILE_NAME}; name one that a run has written{}",
        path.display(),
        such_as(newest)
    )]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
        /// Directories with results in the directory that was named, the newest first.
        newest: Vec<PathBuf>,
    },
    /// The file is another than a result file.
    #[error("{} is {what}, not results: give the directory that holds {FILE_NAME}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The file is there but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The directory already holds results.
    #[error("{} already exists: results are never overwritten; choose another directory", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The run ended before its first record was written.
    #[error("{} holds no record: the run ended before its first; delete the file, or run again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A line is not the record it should be.
    #[error("{}:{line}:{column}: {problem}; expected {expected}; {remedy}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
        /// What is there.
        problem: String,
        /// What should be.
        expected: String,
        /// What to do.
        remedy: String,
    },
}

/// Writes the result file of a run.
#[derive(Debug)]
pub struct Store(Lines);

impl Store {
    /// Makes the directory. The result file comes with its first record, so that a run that ends before leaves nothing.
    ///
    /// # Errors
    /// The directory holds results already, or cannot be written.
    pub fn create(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE_NAME);
        Lines::create(&path).map(Self).map_err(|source| failed(&path, source))
    }

    /// Appends one record and hands it to the system at once: what is recorded survives a crash of this process.
    ///
    /// # Errors
    /// The file cannot be written; it ends with the record before.
    pub fn append(&mut self, record: &Record) -> Result<(), StoreError> {
        let line = serde_json::to_vec(record).map_err(io::Error::from);
        let appended = line.and_then(|mut line| {
            line.push(b'\n');
            self.0.append(&line)
        });
        appended.map_err(|source| failed(self.0.path(), source))
    }

    /// Waits until the disk has everything.
    ///
    /// # Errors
    /// The disk did not take it.
    pub fn finish(self) -> Result<PathBuf, StoreError> {
        self.0.sync().map_err(|source| failed(self.0.path(), source))?;
        Ok(self.0.path().to_owned())
    }
}

fn such_as(newest: &[PathBuf]) -> String {
    let names: Vec<String> = newest.iter().take(NAMED).map(|path| sanitize::text(&path.to_string_lossy())).collect();
    if names.is_empty() { String::new() } else { format!(", such as {}", names.join(", ")) }
}

fn failed(path: &Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists { path },
        _ => StoreError::Write { path, source },
    }
}
