//! How a mistake in a scenario is told: file, line, what was found, what was expected, and the nearest valid name.

use std::ops::Range;

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

    /// A mistake that the parser found.
    pub(crate) fn parse(origin: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(origin, text, error.span().unwrap_or_default(), &with_suggestion(error.message()))
    }

    /// A mistake that the parser found after overrides were applied to a valid file.
    pub(crate) fn overridden(overrides: &[String], error: &toml::de::Error) -> Self {
        Self::Override(format!("{}: {}", as_given(overrides), with_suggestion(error.message())))
    }

    /// The same mistake, made by overrides and not in the file.
    pub(crate) fn of_overrides(self, overrides: &[String]) -> Self {
        self.of_options(&as_given(overrides))
    }

    /// The same mistake, made by options of the command line.
    pub(crate) fn of_options(self, options: &str) -> Self {
        match self {
            Self::Invalid { message, .. } => Self::Override(format!("{options}: {message}")),
            other => other,
        }
    }

    /// A value of the right type that is impossible.
    pub(crate) fn value(origin: &str, text: &str, key: &str, found: &str, expected: &str) -> Self {
        let start = text.lines().scan(0, |offset, line| {
            let start = *offset;
            *offset += line.len() + 1;
            Some((start, line))
        });
        let is_key =
            |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
        let span = start.into_iter().find(|(_, line)| is_key(line)).map_or(0..0, |(start, _)| start..start);
        Self::at(origin, text, span, &format!("`{key}` is {found}, expected {expected}"))
    }

    /// A name that does not exist.
    pub(crate) fn unknown<'a>(what: &str, found: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        let valid: Vec<&str> = valid.into_iter().collect();
        let hint = nearest(found, &valid).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Self::Unknown(format!("unknown {what} `{found}`, expected one of {}{hint}", valid.join(", ")))
    }

    fn at(origin: &str, text: &str, span: Range<usize>, message: &str) -> Self {
        let before = &text[..span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
        Self::Invalid { origin: origin.into(), line, column, message: message.into() }
    }
}

/// Overrides as the user gave them.
fn as_given(overrides: &[String]) -> String {
    overrides.iter().map(|one| format!("--set {one}")).collect::<Vec<_>>().join(" ")
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
    let similarity = |name: &str| strsim::jaro_winkler(found, name);
    let best = valid.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(best) >= SIMILAR).then_some(best)
}
