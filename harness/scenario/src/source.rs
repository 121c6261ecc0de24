//! The text of a scenario and its overrides, merged into one table. It knows where each key was written, so that an error
//! names file, line and column, or the option.

use std::ops::Range;

use toml::{Table, Value, de::DeTable};

use super::error::ScenarioError;

/// Deepest key that a scenario has.
const DEEPEST: usize = 4;

/// A value of the command line that overrides the file's.
#[derive(Debug, Clone)]
pub struct Override {
    /// The option as it was given, such as `--clients 50`.
    given: String,
    key: String,
    value: Value,
}

impl Override {
    /// Reads the arguments of `--set`, each written `load.symbols=50`.
    ///
    /// # Errors
    /// One of them is not a key and a value.
    pub fn all(arguments: &[String]) -> Result<Vec<Self>, ScenarioError> {
        arguments.iter().map(|argument| Self::set(argument)).collect()
    }

    /// Creates the override of an option such as `--clients`.
    pub fn option(option: &str, key: &str, value: Value) -> Self {
        let given = match &value {
            Value::Array(values) => values.iter().map(word).collect::<Vec<_>>().join(","),
            value => word(value),
        };
        Self { given: format!("{option} {given}"), key: key.to_owned(), value }
    }

    fn set(argument: &str) -> Result<Self, ScenarioError> {
        let given = format!("--set {argument}");
        let malformed = |expected: &str| ScenarioError::Override(format!("{given}: expected {expected}"));
        let example = "KEY=VALUE, such as load.symbols=50";
        let (key, text) = argument.split_once('=').ok_or_else(|| malformed(example))?;
        let key = key.trim();
        if key.split('.').any(str::is_empty) || key.split('.').count() > DEEPEST {
            return Err(malformed(example));
        }
        // A value that is not TOML is a bare word, so that users need not quote for two parsers.
        let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok().filter(|parsed| parsed.len() == 1);
        let value = parsed.and_then(|mut parsed| parsed.remove("value"));
        let value = value.unwrap_or_else(|| Value::String(text.trim().to_owned()));
        Ok(Self { key: key.to_owned(), value, given })
    }

    /// Puts the value into the table.
    fn apply(&self, table: &mut Table) -> Result<(), ScenarioError> {
        let (above, last) = self.key.rsplit_once('.').map_or(("", self.key.as_str()), |(above, last)| (above, last));
        let mut place = table;
        for part in above.split('.').filter(|part| !part.is_empty()) {
            let next = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
            place = next.as_table_mut().ok_or_else(|| {
                ScenarioError::Override(format!("{}: `{part}` is a value and has no keys", self.given))
            })?;
        }
        place.insert(last.to_owned(), self.value.clone());
        Ok(())
    }

    /// Returns whether it sets the value at this path.
    fn decides(&self, path: &str) -> bool {
        path.strip_prefix(&self.key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// Where in a key's line a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// In the key.
    Key,
    /// In the value.
    Value,
}

/// A scenario as it was written.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Name of the file.
    pub origin: &'a str,
    /// The text of the file.
    pub text: &'a str,
    /// The overrides of the command line.
    pub overrides: &'a [Override],
}

impl Source<'_> {
    /// Returns the file's values with the overrides applied.
    ///
    /// # Errors
    /// The file is not TOML, or an override has no place in it.
    pub fn table(&self) -> Result<Table, ScenarioError> {
        let parsed = toml::from_str(self.text);
        let mut table: Table =
            parsed.map_err(|error: toml::de::Error| self.in_file(error.span().unwrap_or_default(), error.message()))?;
        self.overrides.iter().try_for_each(|one| one.apply(&mut table))?;
        Ok(table)
    }

    /// Returns an error at the first of these paths that the command line sets, or else at the first path in the
    /// file.
    pub(crate) fn mistake(&self, paths: &[&str], at: At, message: &str) -> ScenarioError {
        // A table that only the command line has is at its option.
        let makes =
            |one: &Override, path: &str| one.key.starts_with(&format!("{path}.")) && !is_written(self.text, path);
        let decides = |path: &&str| self.overrides.iter().rev().find(|one| one.decides(path) || makes(one, path));
        match paths.iter().find_map(decides) {
            Some(one) => ScenarioError::Override(format!("{}: {message}", one.given)),
            None => self.in_file(span(self.text, paths.first().unwrap_or(&""), at), message),
        }
    }

    fn in_file(&self, span: Range<usize>, message: &str) -> ScenarioError {
        let (line, column) = place(self.text, span.start);
        ScenarioError::Invalid { origin: self.origin.to_owned(), line, column, message: message.replace('\n', " ") }
    }
}

/// Formats a string as typed, and other values as TOML.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the line and column of a byte, both from 1. Columns count characters. A line end belongs to its line.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let byte = byte.min(text.len());
    let mut end = (0..=byte).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or_default();
    if end == text.len() {
        // Text that is missing at the end is missing in the last line, not in an empty line below it.
        end = text.strip_suffix('\n').map_or(end, |text| text.strip_suffix('\r').unwrap_or(text).len());
    }
    let before = &text[..end];
    let start = before.rfind('\n').map_or(0, |line_end| line_end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().filter(|one| *one != '\r').count() + 1)
}

/// Returns whether a text has a value or table at this path.
fn is_written(text: &str, path: &str) -> bool {
    let table = toml::from_str::<Table>(text).ok().map(Value::Table);
    table.is_some_and(|table| path.split('.').try_fold(&table, |value, part| value.get(part)).is_some())
}

/// Finds the place of a path such as `load.clients` or `approaches[1]`, or of its longest prefix that exists.
fn span(text: &str, path: &str, at: At) -> Range<usize> {
    let Ok(document) = DeTable::parse(text) else { return 0..0 };
    let mut table = Some(document.get_ref());
    let mut span = 0..0;
    for part in path.split('.') {
        let name = part.split('[').next().unwrap_or(part);
        let found = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name));
        let Some((key, value)) = found else { break };
        table = value.get_ref().as_table();
        span = if at == At::Key || table.is_some() { key.span() } else { value.span() };
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the line and column of an error at this path.
    fn told(text: &str, path: &str, at: At) -> (usize, usize) {
        match (Source { origin: "file", text, overrides: &[] }).mistake(&[path], at, "wrong") {
            ScenarioError::Invalid { line, column, .. } => (line, column),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn positions_are_right_for_any_line_ending() {
        let unix = "title = \"é\"\n# 🦀\n[load]\n\tclients\t= 0 # ü\n[faults]\ndelivery_delay = { constant_us = 7 }\n";
        for text in [unix.to_owned(), unix.replace('\n', "\r\n")] {
            assert_eq!(told(&text, "load.clients", At::Value), (4, 12));
            assert_eq!(told(&text, "load.clients", At::Key), (4, 2));
            assert_eq!(told(&text, "load.missing", At::Value), (3, 2));
            assert_eq!(told(&text, "faults.delivery_delay.constant_us", At::Value), (6, 34));
        }
        assert_eq!(told("trials = 0", "trials", At::Value), (1, 10));
        assert_eq!(told("load.clients = 0", "load.clients", At::Value), (1, 16));
        assert_eq!(told("\"trials\" = 0", "trials", At::Key), (1, 1));
        assert_eq!(told("a = '''\ntrials = 1\n'''\ntrials = 0", "trials", At::Value), (4, 10));
        assert_eq!(told("approaches = [\"é\", \"b\"]", "approaches[1]", At::Value), (1, 14));
        assert_eq!(told("", "trials", At::Value), (1, 1));
    }

    #[test]
    fn an_unfinished_text_is_located_at_its_end() {
        let place = |text: &str| match (Source { origin: "file", text, overrides: &[] }).table() {
            Err(ScenarioError::Invalid { line, column, message, .. }) => (line, column, message),
            other => panic!("{other:?}"),
        };
        for end in ["", "\n", "\r\n"] {
            let (line, _, message) = place(&format!("title = \"é\"\r\ntrials ={end}"));
            assert_eq!(line, 2, "{message}");
            assert!(!message.contains('\n'), "{message}");
            let (line, ..) = place(&format!("a = \"é{end}"));
            assert_eq!(line, 1);
        }
    }

    #[test]
    fn every_byte_has_a_position() {
        let text = "é\r\n\u{1f980}\n\n\tx\r\n";
        let places: Vec<_> = (0..=text.len() + 3).map(|byte| place(text, byte)).collect();
        assert!(places.is_sorted_by_key(|(line, _)| *line), "{places:?}");
        assert_eq!(places.last(), Some(&(4, 3)));
    }

    #[test]
    fn an_override_is_quoted_as_given() {
        let overrides = Override::all(&["load.clients=abc".into(), "title=a\"b".into()]).unwrap();
        let source = Source { origin: "file", text: "title = \"x\"\ntrials = 1\n", overrides: &overrides };
        let table = source.table().unwrap();
        assert_eq!(table["load"]["clients"].as_str(), Some("abc"));
        assert_eq!(table["title"].as_str(), Some("a\"b"));
        let told = |paths: &[&str]| source.mistake(paths, At::Value, "wrong").to_string();
        assert_eq!(told(&["load.clients"]), "--set load.clients=abc: wrong");
        assert_eq!(told(&["trials", "load.clients"]), "--set load.clients=abc: wrong");
        assert_eq!(told(&["trials"]), "file:2:10: wrong");
        let deep = format!("{}=1", ["a"; 100_000].join("."));
        for wrong in ["load.clients", "=1", "a..b=1", &deep] {
            assert!(Override::all(&[wrong.to_owned()]).unwrap_err().to_string().contains("expected KEY=VALUE"));
        }
        let into_a_value = Override::all(&["title.x=1".into()]).unwrap();
        assert!(Source { overrides: &into_a_value, ..source }.table().is_err());
        let two = Override::all(&["title=1\ntrials = 5".into()]).unwrap();
        assert_eq!(Source { overrides: &two, ..source }.table().unwrap()["trials"].as_integer(), Some(1));
    }
}
