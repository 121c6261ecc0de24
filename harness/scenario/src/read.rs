//! Reads a scenario, from a file or built in, and applies the overrides of the command line.

use std::path::Path;

use results::input;

use super::{
    Scenario,
    error::ScenarioError,
    rules::{bound_numbers, validate},
    source::{Override, Source},
    variants::variants,
};

/// Largest scenario file, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// A scenario and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file's name without its ending.
    pub name: String,
    /// The effective scenario.
    pub scenario: Scenario,
}

/// The names and texts of the built-in scenarios.
pub static LIBRARY: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// Reads a scenario file, or the built-in scenario of this name, and applies the overrides.
///
/// # Errors
/// The file cannot be read, or the file or an override is invalid.
pub fn load(path: &Path, overrides: &[Override]) -> Result<Loaded, ScenarioError> {
    let carried = LIBRARY.iter().find(|(name, _)| Path::new(name) == path);
    let (origin, text) = match carried {
        Some((name, text)) => (format!("scenarios/{name}.toml"), (*text).to_owned()),
        None => {
            let origin = path.display().to_string();
            match input::text(path, MOST_BYTES) {
                Ok(text) => (origin, text),
                Err(source) => {
                    let carried = LIBRARY.iter().map(|(name, _)| *name);
                    return Err(ScenarioError::unreadable(&origin, source, carried));
                }
            }
        }
    };
    let name = path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned());
    Ok(Loaded { name, scenario: parse(&origin, &text, overrides)? })
}

/// Reads a scenario from the text of a file with this name, and applies the overrides.
///
/// # Errors
/// The text or an override is invalid.
pub fn parse(origin: &str, text: &str, overrides: &[Override]) -> Result<Scenario, ScenarioError> {
    let source = Source { origin, text, overrides };
    let mut table = source.table()?;
    bound_numbers(&source, &mut table)?;
    let scenario = serde_path_to_error::deserialize(table).map_err(|error| {
        let path = error.path().to_string();
        ScenarioError::mistyped(&source, &path, error.inner().message())
    })?;
    validate(&source, &scenario)?;
    variants(&scenario).map_err(|error| error.located(&source))?;
    Ok(scenario)
}
