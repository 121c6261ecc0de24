//! Reads a result file, as a crash or an editor may have left it: a byte order mark, blank lines and CRLF change nothing,
//! and a last line that a crash cut in half is skipped and named.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{FILE_NAME, Run, StoreError, TRIALS_LIMIT};
use crate::{
    input,
    parse::{self, Fault},
    schema::{Interrupted, OLDEST_VERSION, Record, RunRecord, SCHEMA_VERSION, TrialRecord},
    validate::{self, TrialKey},
};

/// Largest file that is read, in bytes. The records of [`TRIALS_LIMIT`] trials need some hundred megabytes.
const FILE_LIMIT_BYTES: u64 = 512 << 20;

/// Largest file that is checked for being a report, in bytes.
const REPORT_LIMIT_BYTES: u64 = 64 << 20;

/// Longest line that is read, in bytes. A record of a trial has some ten kilobytes.
const LINE_LIMIT_BYTES: usize = 16 << 20;

/// Returns the result file in a directory, or the path itself if it is not a directory.
#[must_use]
pub fn file_of(place: &Path) -> PathBuf {
    let is_named = place.ends_with(FILE_NAME) || place.symlink_metadata().is_ok();
    if is_named && !place.is_dir() { place.to_owned() } else { place.join(FILE_NAME) }
}

/// Returns whether this directory has a result file, whatever its content.
#[must_use]
pub fn holds_results(directory: &Path) -> bool {
    directory.join(FILE_NAME).symlink_metadata().is_ok()
}

/// Returns the directories with results inside this one, the newest first, since directories are named by their
/// start. Links are left out.
#[must_use]
pub fn newest_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut holding: Vec<PathBuf> = folders.map(|entry| entry.path()).filter(|path| holds_results(path)).collect();
    holding.sort_by(|a, b| b.cmp(a));
    holding
}

/// Reads a run from its directory or result file.
///
/// # Errors
/// The file does not exist, is of another kind, has no record, or has an invalid line.
pub fn read(place: &Path) -> Result<Run, StoreError> {
    let path = file_of(place);
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            StoreError::Missing { path: path.clone(), newest: newest_in(place) }
        }
        _ => StoreError::Read { path: path.clone(), source },
    };
    let mut lines = Lines { reader: BufReader::new(input::open(&path, FILE_LIMIT_BYTES).map_err(failed)?), number: 0 };
    let mut reading = Reading::default();
    let mut cut_line = None;
    while let Some(line) = lines.next().map_err(failed)? {
        let Err(fault) = reading.take(&line.bytes) else { continue };
        let may_be_cut = fault.ends_early || (fault.unreadable && !line.is_ended);
        if !may_be_cut || lines.next().map_err(failed)?.is_some() {
            let foreign = reading.run.is_none().then(|| foreign(&path)).flatten();
            return Err(foreign.unwrap_or_else(|| located(&path, line.number, fault)));
        }
        cut_line = Some(line.number);
    }
    let Reading { run, trials, interrupted, .. } = reading;
    let run = run.ok_or_else(|| foreign(&path).unwrap_or(StoreError::Empty { path }))?;
    Ok(Run { run, trials, interrupted, cut_line })
}

/// Recognises a file without a run record as a report or another kind of text.
fn foreign(path: &Path) -> Option<StoreError> {
    let text = input::text(path, REPORT_LIMIT_BYTES).ok()?;
    let of_report = |value: &Value| value.get("verdict").is_some() && value.get("loads").is_some();
    let what = if serde_json::from_str(&text).is_ok_and(|value| of_report(&value)) {
        "a report"
    } else if !path.ends_with(FILE_NAME) && !text.trim().is_empty() && !text.trim_start().starts_with('{') {
        "text"
    } else {
        return None;
    };
    Some(StoreError::Foreign { path: path.to_owned(), what })
}

fn located(path: &Path, line: usize, fault: Fault) -> StoreError {
    let Fault { column, problem, expected, remedy, .. } = fault;
    StoreError::Record { path: path.to_owned(), line, column, problem, expected, remedy }
}

/// The lines of a file, without blank ones.
struct Lines {
    reader: BufReader<File>,
    number: usize,
}

/// One line.
struct Line {
    /// Its number among all lines, from 1.
    number: usize,
    /// The text without line end and byte order mark.
    bytes: Vec<u8>,
    /// Whether it has a line end or is too long.
    is_ended: bool,
}

impl Lines {
    fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            if (&mut self.reader).take(LINE_LIMIT_BYTES as u64 + 1).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let is_ended = bytes.ends_with(b"\n") || bytes.len() > LINE_LIMIT_BYTES;
            let text = if self.number == 1 { input::without_byte_order_mark(&bytes) } else { &bytes };
            let text = text.trim_ascii_end();
            if !text.is_empty() {
                return Ok(Some(Line { number: self.number, bytes: text.to_vec(), is_ended }));
            }
        }
    }
}

/// The state of reading.
#[derive(Default)]
struct Reading {
    run: Option<RunRecord>,
    trials: Vec<TrialRecord>,
    seen: HashSet<TrialKey>,
    interrupted: Option<Interrupted>,
}

impl Reading {
    /// Reads the next line.
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
                validate::trial(run, &mut self.seen, &trial).map_err(|fault| fault.locate(line))?;
                self.trials.push(*trial);
            }
            (Some(_), Record::Interrupted(interrupted)) => {
                if interrupted.recorded_trials as usize != self.trials.len() {
                    let problem = format!("{}, but the file has {}", interrupted.recorded_trials, self.trials.len());
                    let fault = Fault::new(problem, "all trials that were recorded", "restore the file or run again");
                    return Err(fault.at(line, "recorded_trials"));
                }
                self.interrupted = Some(interrupted);
            }
        }
        Ok(())
    }
}

fn no_run() -> Fault {
    let expected = "a record with \"type\":\"run\" on the first line";
    Fault::new("the run record is missing", expected, "restore the first line; without it the trials mean nothing")
}

fn check_version(found: u32) -> Result<(), Fault> {
    if (OLDEST_VERSION..=SCHEMA_VERSION).contains(&found) {
        return Ok(());
    }
    let expected = format!("schema version {OLDEST_VERSION} to {SCHEMA_VERSION}");
    let remedy = "read it with the version of the tool that wrote it, which the record names, or run again";
    Err(Fault::new(format!("schema version {found}"), expected, remedy))
}
