//! How a mistake in a scenario is told: file, line, what was found, what was expected, and the nearest valid name.

use crate::scenario_source::{At, Source};

/// Similarity from which on a name is worth suggesting.
const SIMILAR: f64 = 0.8;

/// A scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read scenario {path}: {source}; {hint}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
        /// What may have been meant.
        hint: String,
    },
    /// The file says what a scenario may not say.
    #[error("{origin}:{line}:{column}: {message}")]
    Invalid {
        /// The file.
        origin: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What was found, what was expected, and what may have been meant.
        message: String,
    },
    /// An override cannot be applied.
    #[error("{0}")]
    Override(String),
    /// Something names an approach, a setting or a value that does not exist.
    #[error("{0}")]
    Unknown(String),
    /// Two things that it asks for do not go together.
    #[error("{0}")]
    Contradiction(String),
}

impl ScenarioError {
    /// A file that cannot be read, and is no scenario that the tool carries.
    pub(crate) fn unreadable<'a>(path: &str, source: std::io::Error, carried: impl Iterator<Item = &'a str>) -> Self {
        let carried: Vec<&str> = carried.collect();
        let near = nearest(path, &carried).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
        let hint = format!("give a file, or one of {}{near}", carried.join(", "));
        Self::Unreadable { path: path.to_owned(), source, hint }
    }

    /// A value or a key that the types refuse, at this path.
    pub(crate) fn mistyped(source: &Source<'_>, path: &str, message: &str) -> Self {
        let is_of_key = message.starts_with("unknown field") || message.starts_with("missing field");
        let at = if is_of_key { At::Key } else { At::Value };
        let said = with_suggestion(message);
        let said = if is_of_key || path == "." { said } else { format!("`{path}`: {said}") };
        source.mistake(&[path], at, &said)
    }

    /// A name that does not exist.
    pub(crate) fn unknown<'a>(what: &str, found: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        let valid: Vec<&str> = valid.into_iter().collect();
        let hint = nearest(found, &valid).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Self::Unknown(format!("unknown {what} `{found}`, expected one of {}{hint}", valid.join(", ")))
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
