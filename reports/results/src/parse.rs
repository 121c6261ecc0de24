//! One line of a result file to one record, with the place of whatever is wrong with it.
//!
//! Knows the shape of the records and nothing of what their numbers may be.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{
    Map, Value,
    value::{RawValue, to_value},
};

use crate::schema::{Measured, Record, TrialRecord};

const REMEDY: &str = "restore the file or run again";

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte in the line, from 1.
    pub(crate) column: usize,
    /// Path of the field, joined with dots; empty for the line as a whole.
    pub(crate) field: String,
    /// What is there.
    pub(crate) problem: String,
    /// What should be.
    pub(crate) expected: String,
    /// What to do.
    pub(crate) remedy: String,
    /// The line is no JSON at all.
    pub(crate) unreadable: bool,
    /// The line is the beginning of JSON, as one that is cut off.
    pub(crate) ends_early: bool,
}

impl Fault {
    /// A fault of the line as a whole.
    pub(crate) fn new(problem: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (problem, expected, remedy) = (problem.into(), expected.into(), remedy.into());
        Self { column: 1, field: String::new(), problem, expected, remedy, unreadable: false, ends_early: false }
    }

    /// The same fault, of one field of this line.
    pub(crate) fn at(self, line: &str, field: &str) -> Self {
        Self { field: field.to_owned(), ..self }.locate(line)
    }

    /// The same fault, with the column where its field stands in this line.
    pub(crate) fn locate(self, line: &str) -> Self {
        let (offset, known) = offset(line, &self.field);
        let problem = if self.field.is_empty() { self.problem } else { format!("{}: {}", self.field, self.problem) };
        Self { column: if known { offset + 1 } else { 1 }, problem, ..self }
    }
}

/// The record on this line.
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

/// A trial. Its measurements are flattened into it, and serde takes a flattened option with any fault for an absent
/// one, and no unknown field for a fault. So both are looked for here.
fn trial(line: &str, fields: &Map<String, Value>) -> Result<TrialRecord, Fault> {
    let trial: TrialRecord = shaped(line, fields.clone())?;
    let known = to_value(&trial).expect("a record that was read can be written");
    let unknown: Vec<&String> = fields.keys().filter(|key| known.get(key.as_str()).is_none()).collect();
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

/// Where the value of a field starts: the byte in the line, and whether it was found. The innermost part of the path
/// that is there counts.
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
    // Both are slices of the same line, so the distance of their addresses is the place.
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
