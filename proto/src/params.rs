//! The settings of a variant, and how they write a duration.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// The error for a setting that is missing or invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// No setting has this name.
    #[error("setting `{0}` is missing")]
    Missing(String),
    /// The text is not a duration.
    #[error("`{}` is not a duration: write a number and a unit, such as 250ms, 1s or 5m", .0.escape_debug())]
    Duration(String),
}

/// The settings of one variant by name, as written in the scenario: `interval = "1s"`, `encoding = "binary"`.
///
/// The registry fills in every setting of the approach, so approaches read their settings without defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, String>);

impl Params {
    /// Returns the text of a setting.
    ///
    /// # Errors
    /// No setting has this name.
    pub fn text(&self, name: &str) -> Result<&str, ParamError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| ParamError::Missing(name.to_owned()))
    }

    /// Returns a setting as a duration.
    ///
    /// # Errors
    /// No setting has this name, or its text is not a duration.
    pub fn duration(&self, name: &str) -> Result<Duration, ParamError> {
        parse_duration(self.text(name)?)
    }
}

/// Longest text of a duration, in bytes. The library that parses it panics if the sum of longer parts overflows a
/// `Duration`.
const LONGEST_DURATION: usize = 16;

/// Parses a duration such as `250ms`, `1s`, `5m` or `1h`.
///
/// # Errors
/// The text is not a duration, or is longer than any sensible duration.
pub fn parse_duration(text: &str) -> Result<Duration, ParamError> {
    let unreadable = || ParamError::Duration(text.to_owned());
    if text.len() > LONGEST_DURATION {
        return Err(unreadable());
    }
    humantime::parse_duration(text).map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_duration_without_a_unit_or_with_too_long_a_text() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["250", "18446744073709551615s 1000ms"] {
            assert_eq!(parse_duration(wrong), Err(ParamError::Duration(wrong.into())));
        }
    }

    #[test]
    fn the_error_names_the_missing_setting() {
        let params = Params(BTreeMap::from([("hold".into(), "30s".into())]));
        assert_eq!(params.duration("hold"), Ok(Duration::from_secs(30)));
        assert_eq!(params.text("interval"), Err(ParamError::Missing("interval".into())));
    }
}
