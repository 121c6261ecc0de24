//! The result file: written a record at a time, each flushed before the next trial starts, and read back whole.
//!
//! Reading trusts nothing: a file may be cut off, hand-edited or of another version, and each of those is an error
//! that says where, what was expected and what to do. Nothing is dropped silently.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    append::Lines,
    parse::{self, Fault},
    schema::{Interrupted, Record, RunRecord, SCHEMA_VERSION, TrialRecord},
    validate,
};

/// Name of the result file in a result directory.
pub const FILE_NAME: &str = "results.jsonl";

/// Longest line that is read. A trial's record takes some tens of kilobytes.
const LINE_LIMIT_BYTES: usize = 16 << 20;

/// Most trials that are read: some hundreds of megabytes of records. Twenty rounds of every variant of a long sweep are
/// fewer.
pub const TRIALS_LIMIT: usize = 10_000;

/// One run, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What was run, on what.
    pub run: RunRecord,
    /// The trials, in the order they ended.
    pub trials: Vec<TrialRecord>,
    /// Set where the run ended before its plan was done.
    pub interrupted: Option<Interrupted>,
}

/// Why a result file could not be written or read. All but [`StoreError::Write`] are faults of the input.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Nothing to read.
    #[error("no results at {}: expected a directory that holds {FILE_NAME}; name one that a run has written", path.display())]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
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
    /// The file ends within a line.
    #[error(
        "{}:{line}:{column}: the last line is cut in half; line {intact} is intact: to go on with what is above, \
         remove line {line}, for example with `sed -i '{line}d' {}`",
        path.display(), path.display()
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Where it ends, from 1.
        column: usize,
        /// The last whole line.
        intact: usize,
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

fn failed(path: &Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists { path },
        _ => StoreError::Write { path, source },
    }
}

/// Reads the run in `directory`.
///
/// # Errors
/// There is none, or a line of it is not what it should be.
pub fn read(directory: &Path) -> Result<Run, StoreError> {
    let path = directory.join(FILE_NAME);
    let file = File::open(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreError::Missing { path: path.clone() },
        _ => StoreError::Read { path: path.clone(), source },
    })?;
    let mut reader = BufReader::new(file);
    let mut reading = Reading::default();
    for line in 1.. {
        let mut bytes = Vec::new();
        let length = (&mut reader).take(LINE_LIMIT_BYTES as u64 + 1).read_until(b'\n', &mut bytes);
        if length.map_err(|source| StoreError::Read { path: path.clone(), source })? == 0 {
            break;
        }
        reading.take(&bytes).map_err(|fault| located(&path, line, &bytes, fault))?;
    }
    reading.finish().map_err(|fault| located(&path, 1, b"\n", fault))
}

/// A line that does not even end is cut; everything else is a fault of what it says.
fn located(path: &Path, line: usize, bytes: &[u8], fault: Fault) -> StoreError {
    let path = path.to_owned();
    if fault.unreadable && !bytes.ends_with(b"\n") && bytes.len() <= LINE_LIMIT_BYTES && line > 1 {
        return StoreError::Cut { path, line, column: bytes.len() + 1, intact: line - 1 };
    }
    let Fault { column, problem, expected, remedy, .. } = fault;
    StoreError::Record { path, line, column, problem, expected, remedy }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    run: Option<RunRecord>,
    trials: Vec<TrialRecord>,
    interrupted: Option<Interrupted>,
}

impl Reading {
    /// Takes the next line.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.len() > LINE_LIMIT_BYTES {
            return Err(Fault::new("the line is longer than 16 MiB", "one record a line", "restore the file"));
        }
        let line = str::from_utf8(bytes).map_err(|error| {
            let fault = Fault::new("not UTF-8", "JSON", "restore the file");
            Fault { column: error.valid_up_to() + 1, unreadable: true, ..fault }
        })?;
        let record = parse::record(line)?;
        match (&mut self.run, record) {
            (None, Record::Run(run)) => {
                check_version(run.schema_version).map_err(|fault| fault.at(line, "schema_version"))?;
                validate::run(&run).map_err(|fault| fault.locate(line))?;
                self.run = Some(*run);
            }
            (None, _) => return Err(no_run()),
            (Some(_), Record::Run(_)) => {
                let problem = "a second run record";
                return Err(Fault::new(problem, "one run a file", "keep the runs in a directory each"));
            }
            (Some(_), _) if self.interrupted.is_some() => {
                let problem = "a record after the mark of an interrupted run";
                return Err(Fault::new(problem, "the mark to be the last line", "remove what follows the mark"));
            }
            (Some(_), Record::Trial(_)) if self.trials.len() == TRIALS_LIMIT => {
                let problem = format!("more than {TRIALS_LIMIT} trials");
                return Err(Fault::new(problem, "one run of fewer trials", "keep the runs in a directory each"));
            }
            (Some(run), Record::Trial(trial)) => {
                validate::trial(run, &self.trials, &trial).map_err(|fault| fault.locate(line))?;
                self.trials.push(*trial);
            }
            (Some(_), Record::Interrupted(interrupted)) => self.interrupted = Some(interrupted),
        }
        Ok(())
    }

    fn finish(self) -> Result<Run, Fault> {
        let run = self.run.ok_or_else(no_run)?;
        Ok(Run { run, trials: self.trials, interrupted: self.interrupted })
    }
}

fn no_run() -> Fault {
    let expected = "a record with \"type\":\"run\" on the first line";
    Fault::new("the run record is missing", expected, "restore the first line; without it the trials mean nothing")
}

fn check_version(found: u32) -> Result<(), Fault> {
    if found == SCHEMA_VERSION {
        return Ok(());
    }
    let remedy = "read it with the version of the tool that wrote it, which the record names, or run again";
    Err(Fault::new(format!("schema version {found}"), format!("schema version {SCHEMA_VERSION}"), remedy))
}
