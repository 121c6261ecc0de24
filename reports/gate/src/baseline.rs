//! The committed counts that lock step is compared with: one JSON file whose diff is easy to review.
//!
//! It is written only on request. Each error of reading says what is wrong, where, and what to do.

mod shape;
mod text;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use results::{input, replace, sanitize};
use serde::Deserialize;
use thiserror::Error;

use super::counts::{Agreed, Count, Measured, agreed};

/// Version of the file format.
pub const SCHEMA_VERSION: u32 = 2;

/// Largest file that is read, in bytes. Hundreds of variants fit in a megabyte.
const LIMIT_BYTES: u64 = 64 << 20;

/// The remedy for a broken file.
const UPDATE: &str = "restore the file, or write it again with --update-baseline and review its diff";

/// The committed counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of the tool that counted.
    pub tool_version: String,
    /// Revision at which it was counted.
    pub revision: String,
    /// Compiler and profile of the build that counted. Allocations of different compilers are not comparable.
    pub compiler: String,
    /// The script of lock step. Counts of different scripts are not comparable.
    pub script: String,
    /// The phases of each variant.
    #[serde(deserialize_with = "shape::cells")]
    pub cells: BTreeMap<String, BTreeMap<String, Agreed>>,
}

/// The origin of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Version of the tool.
    pub tool_version: String,
    /// Revision of the sources.
    pub revision: String,
    /// Compiler and profile.
    pub compiler: String,
    /// The script of lock step.
    pub script: String,
}

/// Why a baseline cannot be read or written.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// The file does not exist.
    #[error(
        "no baseline at {}: expected the committed counts; take them with --update-baseline and without --approach, \
         review the file and commit it",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
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
    /// The file is not a baseline, and is not overwritten.
    #[error("{} exists and is not a baseline: name another file, or move this one", path.display())]
    NoBaseline {
        /// The file.
        path: PathBuf,
    },
    /// The file is empty.
    #[error("{} is empty: expected a baseline as JSON; {UPDATE}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file has another version.
    #[error(
        "{}: schema version {found}, expected {SCHEMA_VERSION}; read it with the version of the tool that wrote it, or \
         write it again with --update-baseline and review its diff",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version, as JSON.
        found: String,
    },
    /// Another script made the counts.
    #[error(
        "{}: counted by the script `{found}`, but this tool uses `{expected}`: counts of different scripts are not \
         comparable; write it again with --update-baseline at a revision that is known to be good",
        path.display()
    )]
    Script {
        /// The file.
        path: PathBuf,
        /// Its script.
        found: String,
        /// The script of this tool.
        expected: String,
    },
    /// A part of the file is invalid.
    #[error("{}:{line}:{column}: {problem}; expected {expected}; {UPDATE}", path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
        /// The problem, with the path of the field.
        problem: String,
        /// What was expected.
        expected: String,
    },
}

/// Why counts cannot become a baseline.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unfit {
    /// There are no cells.
    #[error("nothing was measured, and an empty baseline would let everything pass: name an approach that exists")]
    Nothing,
    /// A cell crashed, or its repeats have different counts.
    #[error("{cell}: {reason}; a baseline holds complete cells only: repair it and take the baseline again")]
    Cell {
        /// The variant.
        cell: String,
        /// The reason.
        reason: String,
    },
}

/// Builds a baseline from counts.
///
/// # Errors
/// Nothing was measured, or a cell is incomplete.
pub fn baseline_of(measured: &Measured, origin: Origin) -> Result<Baseline, Unfit> {
    if measured.cells.is_empty() {
        return Err(Unfit::Nothing);
    }
    let whole = measured.cells.iter().map(|(cell, repeats)| match agreed(repeats) {
        Ok(phases) => Ok((cell.clone(), phases)),
        Err(reason) => Err(Unfit::Cell { cell: cell.clone(), reason }),
    });
    let cells = whole.collect::<Result<_, _>>()?;
    let Origin { tool_version, revision, compiler, script } = origin;
    Ok(Baseline { schema_version: SCHEMA_VERSION, tool_version, revision, compiler, script, cells })
}

impl Baseline {
    /// Keeps only some cells. Nothing passes against a baseline without cells.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&str) -> bool) -> Self {
        self.cells.retain(|cell, _| keep(cell));
        self
    }

    /// Replaces the cells that a newer baseline has. The others stay.
    #[must_use]
    pub fn updated_by(mut self, newer: Self) -> Self {
        self.cells.extend(newer.cells);
        Self { cells: self.cells, ..newer }
    }

    /// Returns the number of counts that were not the same in every repeat.
    #[must_use]
    pub fn ranges(&self) -> usize {
        let phases = self.cells.values().flat_map(BTreeMap::values);
        phases.flat_map(|phase| phase.counts.values()).filter(|count| !count.is_exact()).count()
    }
}

/// Writes the baseline. It replaces an existing baseline, even a broken one.
///
/// # Errors
/// The file cannot be written, or is not a baseline. An existing file is then unchanged.
pub fn write(baseline: &Baseline, path: &Path) -> Result<(), BaselineError> {
    check_replaceable(path)?;
    replace::file(path, baseline.text()).map_err(|source| BaselineError::Write { path: path.to_owned(), source })
}

/// Refuses a file that exists and is not a baseline. Called before anything is measured.
///
/// # Errors
/// The file exists and is not a baseline.
pub fn check_replaceable(path: &Path) -> Result<(), BaselineError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    // A broken baseline or an empty file may be replaced.
    let is_ours = |text: &str| text.trim().is_empty() || text.contains("\"schema_version\"");
    match input::text(path, LIMIT_BYTES) {
        Ok(text) if !is_ours(&text) => Err(BaselineError::NoBaseline { path: path.to_owned() }),
        Err(source) if source.kind() != io::ErrorKind::InvalidData => {
            Err(BaselineError::Write { path: path.to_owned(), source })
        }
        Err(_) => Err(BaselineError::NoBaseline { path: path.to_owned() }),
        Ok(_) => Ok(()),
    }
}

/// Reads a baseline that was made by this script.
///
/// # Errors
/// The file is missing, invalid, or made by another script.
pub fn read(path: &Path, script: &str) -> Result<Baseline, BaselineError> {
    let located = || path.to_owned();
    let text = input::text(path, LIMIT_BYTES).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => BaselineError::Missing { path: located() },
        _ => BaselineError::Read { path: located(), source },
    })?;
    if text.trim().is_empty() {
        return Err(BaselineError::Empty { path: located() });
    }
    let any: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| fault(path, "", &error, "a baseline as one JSON object, without marks of a merge"))?;
    let version = any.get("schema_version").unwrap_or(&serde_json::Value::Null);
    if any.is_object() && *version != SCHEMA_VERSION {
        let found = if version.is_null() { "none".to_owned() } else { sanitize::short(&version.to_string()) };
        return Err(BaselineError::Schema { path: located(), found });
    }
    let reader = &mut serde_json::Deserializer::from_str(&text);
    let baseline: Baseline = serde_path_to_error::deserialize(reader).map_err(|error| {
        let field = error.path().to_string();
        fault(path, if field == "." { "" } else { &field }, error.inner(), "a baseline of this schema version")
    })?;
    if baseline.script != script {
        let [found, expected] = [baseline.script.as_str(), script].map(|name| sanitize::short(&sanitize::text(name)));
        return Err(BaselineError::Script { path: located(), found, expected });
    }
    Ok(baseline)
}

fn fault(path: &Path, field: &str, error: &serde_json::Error, expected: &str) -> BaselineError {
    let (line, column) = (error.line().max(1), error.column().max(1));
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = sanitize::text(text.strip_suffix(&place).unwrap_or(&text));
    let problem = if field.is_empty() { said } else { format!("{}: {said}", sanitize::text(field)) };
    BaselineError::Fault { path: path.to_owned(), line, column, problem, expected: expected.to_owned() }
}
