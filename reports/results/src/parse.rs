//! Parses one line of a result file into a record, with the position of any fault. `validate` checks the values.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{
    Map, Value,
    value::{RawValue, to_value},
};

use crate::schema::{Measured, Record, TrialRecord};

const REMEDY: &str = "restore the file or run again";

/// Fields of a trial that are not written if they have their default.
const UNWRITTEN: [&str; 3] = ["encoding", "part", "repeat"];

/// A fault of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte in the line, from 1.
    pub(crate) column: usize,
    /// Path of the field, joined with dots. Empty for the whole line.
    pub(crate) field: String,
    /// What was found.
    pub(crate) problem: String,
    /// What was expected.
    pub(crate) expected: String,
    /// The remedy.
    pub(crate) remedy: String,
    /// Returns the fault of a line that is not JSON.
    pub(crate) unreadable: bool,
    /// Whether the line is the beginning of JSON, like a line that was cut.
    pub(crate) ends_early: bool,
}

impl Fault {
    /// Returns a fault of the whole line.
    pub(crate) fn new(problem: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (problem, expected, remedy) = (problem.into(), expected.into(), remedy.into());
        Self { column: 1, field: String::new(), problem, expected, remedy, unreadable: false, ends_early: false }
    }

    /// Assigns the fault to a field of this line.
    pub(crate) fn at(self, line: &str, field: &str) -> Self {
        Self { field: field.to_owned(), ..self }.locate(line)
    }

    /// Adds the column of the field in this line.
    pub(crate) fn locate(self, line: &str) -> Self {
        let (offset, known) = offset(line, &self.field);
        let problem = if self.field.is_empty() { self.problem } else { format!("{}: {}", self.field, self.problem) };
        Self { column: if known { offset + 1 } else { 1 }, problem, ..self }
    }
}

/// Parses the record on a line.
pub(crate) fn record(line: &str) -> Result<Record, Fault> {
    let value: Value = serde_json::from_str(line).map_err(|error| {
        let fault = Fault::new(error.to_string(), "one whole JSON object", REMEDY);
        Fault { column: error.column().max(1), unreadable: true, ends_early: error.is_eof(), ..fault }
    })?;
    let Value::Object(mut fields) = value else {
        return Err(Fault::new("no JSON object", "one record a line", REMEDY));
    };
    let kind = fields.remove("type");
    match kind.as_ref().and_then(Value::as_str) {
        Some("run") => shaped(line, fields).map(Record::Run),
        Some("trial") => trial(line, &fields).map(|trial| Record::Trial(Box::new(trial))),
        Some("interrupted") => shaped(line, fields).map(Record::Interrupted),
        _ => {
            let expected = "\"type\" to be \"run\", \"trial\" or \"interrupted\"";
            Err(Fault::new("a record of no known type", expected, REMEDY).at(line, "type"))
        }
    }
}

/// Parses a trial. Serde treats a flattened option with a fault as absent, and ignores unknown fields. So both are
/// checked here.
fn trial(line: &str, fields: &Map<String, Value>) -> Result<TrialRecord, Fault> {
    let trial: TrialRecord = shaped(line, fields.clone())?;
    let known = to_value(&trial).expect("a record that was read can be written");
    let is_unknown = |key: &&String| known.get(key.as_str()).is_none() && !UNWRITTEN.contains(&key.as_str());
    let unknown: Vec<&String> = fields.keys().filter(is_unknown).collect();
    let Some(first) = unknown.first() else { return Ok(trial) };
    if trial.measured.is_none() {
        shaped::<Measured>(line, fields.clone())?;
    }
    let expected = "the fields of a trial's record only";
    Err(Fault::new("unknown field", expected, "remove it, or use the version that wrote it").at(line, first))
}

fn shaped<T: DeserializeOwned>(line: &str, fields: Map<String, Value>) -> Result<T, Fault> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "" } else { &path };
        Fault::new(error.into_inner().to_string(), "a record of this schema version", REMEDY).at(line, field)
    })
}

/// Returns the position of a field's value in the line, and whether it was found. If not, the innermost part of the
/// path that exists counts.
fn offset(line: &str, field: &str) -> (usize, bool) {
    let mut inner = line;
    for part in field.split(['.', '[']).filter(|part| !part.is_empty()) {
        let found = match part.strip_suffix(']') {
            Some(index) => element(inner, index),
            None => member(inner, part),
        };
        match found {
            Some(value) => inner = value,
            None => break,
        }
    }
    // Both are slices of the same line, so the difference of their addresses is the position.
    (inner.as_ptr() as usize - line.as_ptr() as usize, inner.len() < line.len())
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(object).ok()?;
    members.get(name).map(|value| value.get())
}

fn element<'a>(list: &'a str, index: &str) -> Option<&'a str> {
    let elements: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    elements.get(index.parse::<usize>().ok()?).map(|value| value.get())
}
