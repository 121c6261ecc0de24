//! The committed counts that lock step is compared with: one JSON file, written so that its diff reads well in review,
//! and read with distrust.
//!
//! It is written only where a person asks for it. Each error of reading says what is wrong, where, and what to do.

mod shape;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use thiserror::Error;

use super::counts::{Agreed, Count, Measured, agreed};
use crate::plain;

/// Version of the file's structure.
pub const SCHEMA_VERSION: u32 = 2;

/// What every remedy comes down to.
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
    /// Which script lock step followed. Counts of different scripts are not comparable.
    pub script: String,
    /// The phases of each variant.
    #[serde(deserialize_with = "shape::cells")]
    pub cells: BTreeMap<String, BTreeMap<String, Agreed>>,
}

/// Where a baseline comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Version of the tool.
    pub tool_version: String,
    /// Revision of the sources.
    pub revision: String,
    /// Compiler and profile.
    pub compiler: String,
    /// Which script lock step follows.
    pub script: String,
}

/// Why there is no baseline to compare with, or none could be written.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// Nothing to read.
    #[error(
        "no baseline at {}: expected the committed counts; take them with --update-baseline, review the file and \
         commit it",
        path.display()
    )]
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
    /// The file has nothing in it.
    #[error("{} is empty: expected a baseline as JSON; {UPDATE}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is of another version.
    #[error(
        "{}: schema version {found}, expected {SCHEMA_VERSION}; read it with the version of the tool that wrote it, or \
         write it again with --update-baseline and review its diff",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it says, as JSON.
        found: String,
    },
    /// The file was counted by another script.
    #[error(
        "{}: counted by the script `{found}`, and this tool follows `{expected}`: counts of different scripts are not \
         comparable; write it again with --update-baseline at a revision that is known to be good",
        path.display()
    )]
    Script {
        /// The file.
        path: PathBuf,
        /// What it was counted by.
        found: String,
        /// What this tool would count by.
        expected: String,
    },
    /// The file is not the baseline that it should be.
    #[error("{}:{line}:{column}: {problem}; expected {expected}; {UPDATE}", path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
        /// What is there, with the field's path where it has one.
        problem: String,
        /// What should be.
        expected: String,
    },
}

/// Why what was measured cannot become a baseline.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unfit {
    /// Zero cells.
    #[error("nothing was measured, and an empty baseline would let everything pass; name an approach that exists")]
    Nothing,
    /// A cell crashed, or its repeats do not agree on what they counted.
    #[error("{cell}: {reason}; a baseline holds whole cells only: repair it and take the baseline again")]
    Cell {
        /// The variant.
        cell: String,
        /// Why.
        reason: String,
    },
}

/// What was measured, as the baseline of what follows.
///
/// # Errors
/// Nothing was measured, or a cell is not whole.
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
    /// Of some cells only, for a gate that was asked for no others. Without any it is none: nothing passes by it.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&str) -> bool) -> Self {
        self.cells.retain(|cell, _| keep(cell));
        self
    }

    /// With the cells of a newer one in place of its own, and the others as they were.
    #[must_use]
    pub fn updated_by(mut self, newer: Self) -> Self {
        self.cells.extend(newer.cells);
        Self { cells: self.cells, ..newer }
    }

    /// Counts that were not the same in every repeat.
    #[must_use]
    pub fn ranges(&self) -> usize {
        let phases = self.cells.values().flat_map(BTreeMap::values);
        phases.flat_map(|phase| phase.counts.values()).filter(|count| !count.is_exact()).count()
    }

    /// The file's text: keys in their order, a count on a line.
    #[must_use]
    pub fn text(&self) -> String {
        let cells = self.cells.iter().map(|(cell, phases)| {
            let phases = phases.iter().map(|(name, phase)| {
                let counts =
                    phase.counts.iter().map(|(metric, count)| format!("{}: {}", quoted(metric), number(*count)));
                let fields = [
                    format!("\"units\": {}", phase.units),
                    format!("\"unit\": {}", quoted(&phase.unit_name)),
                    format!("\"counts\": {}", block(4, counts)),
                ];
                format!("{}: {}", quoted(name), block(3, fields))
            });
            format!("{}: {}", quoted(cell), block(2, phases))
        });
        let fields = [
            format!("\"schema_version\": {}", self.schema_version),
            format!("\"tool_version\": {}", quoted(&self.tool_version)),
            format!("\"revision\": {}", quoted(&self.revision)),
            format!("\"compiler\": {}", quoted(&self.compiler)),
            format!("\"script\": {}", quoted(&self.script)),
            format!("\"cells\": {}", block(1, cells)),
        ];
        block(0, fields) + "\n"
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text can be written")
}

fn number(count: Count) -> String {
    let Count { low, high } = count;
    if count.is_exact() { low.to_string() } else { format!("{{ \"low\": {low}, \"high\": {high} }}") }
}

/// An object whose members stand on lines of their own.
fn block(depth: usize, members: impl IntoIterator<Item = String>) -> String {
    let indent = "  ".repeat(depth);
    let members: Vec<String> = members.into_iter().map(|member| format!("{indent}  {member}")).collect();
    format!("{{\n{}\n{indent}}}", members.join(",\n"))
}

/// Writes the baseline, for a person who reviews and commits it. What is there is replaced.
///
/// # Errors
/// The file cannot be written.
pub fn write(baseline: &Baseline, path: &Path) -> Result<(), BaselineError> {
    fs::write(path, baseline.text()).map_err(|source| BaselineError::Write { path: path.to_owned(), source })
}

/// Reads the baseline of this script.
///
/// # Errors
/// There is none, it is not what it should be, or it was counted by another script.
pub fn read(path: &Path, script: &str) -> Result<Baseline, BaselineError> {
    let located = || path.to_owned();
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => BaselineError::Missing { path: located() },
        _ => BaselineError::Read { path: located(), source },
    })?;
    if bytes.trim_ascii().is_empty() {
        return Err(BaselineError::Empty { path: located() });
    }
    let any: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| fault(path, "", &error, "a baseline as one JSON object, without marks of a merge"))?;
    let version = any.get("schema_version").unwrap_or(&serde_json::Value::Null);
    if any.is_object() && *version != SCHEMA_VERSION {
        let found = if version.is_null() { "none".to_owned() } else { plain::short(&version.to_string()) };
        return Err(BaselineError::Schema { path: located(), found });
    }
    let reader = &mut serde_json::Deserializer::from_slice(&bytes);
    let baseline: Baseline = serde_path_to_error::deserialize(reader).map_err(|error| {
        let field = error.path().to_string();
        fault(path, if field == "." { "" } else { &field }, error.inner(), "a baseline of this schema version")
    })?;
    if baseline.script != script {
        let [found, expected] = [baseline.script.as_str(), script].map(|name| plain::short(&plain::text(name)));
        return Err(BaselineError::Script { path: located(), found, expected });
    }
    Ok(baseline)
}

fn fault(path: &Path, field: &str, error: &serde_json::Error, expected: &str) -> BaselineError {
    let (line, column) = (error.line().max(1), error.column().max(1));
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = plain::text(text.strip_suffix(&place).unwrap_or(&text));
    let problem = if field.is_empty() { said } else { format!("{}: {said}", plain::text(field)) };
    BaselineError::Fault { path: path.to_owned(), line, column, problem, expected: expected.to_owned() }
}
