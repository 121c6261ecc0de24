//! The result file. Records are written one at a time and flushed before the next trial starts.
//!
//! A file may have been edited or may have another version. Every fault is an error with position, expectation and remedy;
//! nothing is dropped silently.

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

/// Maximum number of trials. Twenty rounds of all variants of a long sweep have fewer.
pub const TRIALS_LIMIT: usize = 10_000;

/// Maximum number of suggested directories.
const NAMED: usize = 3;

/// A run, as recorded in its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The run record.
    pub run: RunRecord,
    /// The trials, in the order they ended.
    pub trials: Vec<TrialRecord>,
    /// Set if the run ended early.
    pub interrupted: Option<Interrupted>,
    /// Number of the last line, from 1, if a crash cut it. It was skipped.
    pub cut_line: Option<usize>,
}

/// Why a result file could not be written or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file does not exist.
    #[error(
        "no results at {}: expected a directory that holds {FILE_NAME}; name one that a run has written{}",
        path.display(),
        such_as(newest)
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// Directories with results inside the given directory, the newest first.
        newest: Vec<PathBuf>,
    },
    /// It is another kind of file.
    #[error("{} is {what}, not results: give the directory that holds {FILE_NAME}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its kind.
        what: &'static str,
    },
    /// The file cannot be read.
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
    /// A line is not a valid record.
    #[error("{}:{line}:{column}: {problem}; expected {expected}; {remedy}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
        /// What was found.
        problem: String,
        /// What was expected.
        expected: String,
        /// The remedy.
        remedy: String,
    },
}

/// Writes the result file of a run.
#[derive(Debug)]
pub struct Store(Lines);

impl Store {
    /// Creates the directory. The file is created with its first record, so that a run that ends earlier leaves nothing.
    ///
    /// # Errors
    /// The directory already has results, or cannot be written.
    pub fn create(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE_NAME);
        Lines::create(&path).map(Self).map_err(|source| failed(&path, source))
    }

    /// Appends one record. It survives a crash of this process.
    ///
    /// # Errors
    /// The file cannot be written. It then ends with the record before.
    pub fn append(&mut self, record: &Record) -> Result<(), StoreError> {
        let line = serde_json::to_vec(record).map_err(io::Error::from);
        let appended = line.and_then(|mut line| {
            line.push(b'\n');
            self.0.append(&line)
        });
        appended.map_err(|source| failed(self.0.path(), source))
    }

    /// Waits until everything is on disk.
    ///
    /// # Errors
    /// The data cannot be written to disk.
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
        io::ErrorKind::AlreadyExists if path.symlink_metadata().is_ok() => StoreError::Exists { path },
        _ => StoreError::Write { path, source },
    }
}
