//! The settings that make a variant of an approach, and the one way to write a duration.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// A setting that is missing or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// No setting has this name.
    #[error("setting `{0}` is missing")]
    Missing(String),
    /// The text is no duration.
    #[error("`{}` is no duration: write a number and a unit, such as 250ms, 1s or 5m", .0.escape_debug())]
    Duration(String),
}

/// Settings of one variant, by name, as the scenario writes them: `interval = "1s"`, `encoding = "binary"`.
///
/// The registry fills in every setting that the approach has, so an approach reads its own without a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, String>);

impl Params {
    /// The setting's text.
    ///
    /// # Errors
    /// No setting has this name.
    pub fn text(&self, name: &str) -> Result<&str, ParamError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| ParamError::Missing(name.to_owned()))
    }

    /// The setting as a duration.
    ///
    /// # Errors
    /// No setting has this name, or its text is no duration.
    pub fn duration(&self, name: &str) -> Result<Duration, ParamError> {
        parse_duration(self.text(name)?)
    }
}

/// Longest text of a duration, in bytes. The library that reads it panics where parts of more digits add up to more than
/// a duration can be.
const LONGEST_DURATION: usize = 16;

/// Reads `250ms`, `1s`, `5m`, `1h`.
///
/// # Errors
/// The text is no duration, or a longer one than anybody needs.
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
    fn a_duration_needs_its_unit() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["250", "18446744073709551615s 1000ms"] {
            assert_eq!(parse_duration(wrong), Err(ParamError::Duration(wrong.into())));
        }
    }

    #[test]
    fn a_missing_setting_is_named() {
        let params = Params(BTreeMap::from([("hold".into(), "30s".into())]));
        assert_eq!(params.duration("hold"), Ok(Duration::from_secs(30)));
        assert_eq!(params.text("interval"), Err(ParamError::Missing("interval".into())));
    }
}
