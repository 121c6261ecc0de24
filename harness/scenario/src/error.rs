//! Errors in scenarios: file, line, what was found, what was expected, and the nearest valid name.

use super::source::{At, Source};

/// Names with at least this similarity are suggested.
const SIMILAR: f64 = 0.8;

/// A scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read scenario {path}: {source}; {hint}")]
    Unreadable {
        /// The file.
        path: String,
        /// The error from the operating system.
        source: std::io::Error,
        /// What may have been meant.
        hint: String,
    },
    /// The content of the file is invalid.
    #[error("{origin}:{line}:{column}: {message}")]
    Invalid {
        /// The file.
        origin: String,
        /// Line, from 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What was found, what was expected, and what may have been meant.
        message: String,
    },
    /// An override cannot be applied.
    #[error("{0}")]
    Override(String),
    /// A name of an approach, a setting or a value does not exist.
    #[error("{message}")]
    Unknown {
        /// The key that has the name, with its tables.
        key: String,
        /// What was found, what was expected, and what may have been meant.
        message: String,
    },
    /// Two values do not go together.
    #[error("{0}")]
    Contradiction(String),
}

impl ScenarioError {
    /// Creates the error for a file that cannot be read and is not a built-in scenario.
    pub(crate) fn unreadable<'a>(path: &str, source: std::io::Error, carried: impl Iterator<Item = &'a str>) -> Self {
        let carried: Vec<&str> = carried.collect();
        let near = nearest(path, &carried).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        let hint = format!("give a file, or one of {}{near}", carried.join(", "));
        Self::Unreadable { path: path.to_owned(), source, hint }
    }

    /// Creates the error for a value or key at this path that the types refuse.
    pub fn mistyped(source: &Source<'_>, path: &str, message: &str) -> Self {
        let is_of_key = message.starts_with("unknown field") || message.starts_with("missing field");
        let at = if is_of_key { At::Key } else { At::Value };
        let said = with_suggestion(&in_words_of_toml(message));
        let is_located = path == "." || message.starts_with("unknown field");
        let said = if is_located { said } else { format!("`{path}`: {said}") };
        source.mistake(&[path], at, &said)
    }

    /// Creates the error for a name under this key that does not exist.
    pub(crate) fn unknown<'a>(key: &str, what: &str, found: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        let valid: Vec<&str> = valid.into_iter().collect();
        let hint = nearest(found, &valid).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let expected =
            if valid.is_empty() { "there is none".to_owned() } else { format!("expected one of {}", valid.join(", ")) };
        Self::Unknown { key: key.to_owned(), message: format!("unknown {what} `{found}`, {expected}{hint}") }
    }

    /// Adds where the name is written.
    pub(crate) fn located(self, source: &Source<'_>) -> Self {
        match self {
            Self::Unknown { key, message } => source.mistake(&[&key], At::Value, &message),
            other => other,
        }
    }
}

/// Names the types of the parser as TOML does, with an example of a list.
fn in_words_of_toml(message: &str) -> String {
    let of_type = message.strip_prefix("invalid type: ").and_then(|said| said.rsplit_once(", expected "));
    let Some((found, expected)) = of_type else { return message.to_owned() };
    let value = found.split_once(' ').map_or("…", |(_, value)| value.trim_matches(['`', '"']));
    match expected {
        "a sequence" => format!("found {found}, expected a list, such as [\"{value}\"]"),
        "a boolean" => format!("found {found}, expected true or false"),
        // The parser's message about a number in place of a name has no meaning in TOML.
        "string only" => "expected a string in quotes".to_owned(),
        "a string" => format!("found {found}, expected a string in quotes"),
        table if table == "a map" || table.starts_with("struct ") => format!("found {found}, expected a table of keys"),
        expected => format!("found {found}, expected {expected}"),
    }
}

/// The parser lists the valid names after the unknown one, each in backticks; the nearest is suggested.
fn with_suggestion(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.split_first() {
        Some((found, valid)) if message.starts_with("unknown") => match nearest(found, valid) {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message.to_owned(),
        },
        _ => message.to_owned(),
    }
}

fn nearest<'a>(found: &str, valid: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    let similarity = |name: &str| strsim::jaro_winkler(&found, name);
    let best = valid.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(best) >= SIMILAR).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_types_as_toml_does() {
        for (message, said) in [
            (
                r#"invalid type: string "5s", expected a sequence"#,
                r#"found string "5s", expected a list, such as ["5s"]"#,
            ),
            (
                "invalid type: boolean `true`, expected a sequence",
                r#"found boolean `true`, expected a list, such as ["true"]"#,
            ),
            ("invalid type: map, expected a sequence", r#"found map, expected a list, such as ["…"]"#),
            ("invalid type: integer `5`, expected struct LoadKeys", "found integer `5`, expected a table of keys"),
            ("invalid type: integer `5`, expected a map", "found integer `5`, expected a table of keys"),
            (r#"invalid type: string "maybe", expected a boolean"#, r#"found string "maybe", expected true or false"#),
            ("invalid type: unit variant, expected string only", "expected a string in quotes"),
            ("missing field `title`", "missing field `title`"),
        ] {
            assert_eq!(in_words_of_toml(message), said);
        }
    }
}
