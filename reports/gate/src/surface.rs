//! Renders the gate's outcomes for people and for continuous integration.
//!
//! Names come from files, so each form escapes them in its own way. Without an outcome, an invalid one is printed. If the verdict
//! of an outcome is graver than its findings, its reason is printed too.

pub mod annotations;
pub mod junit;
pub mod markdown;
pub mod text;
mod words;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use results::replace;
use serde_json::json;
use thiserror::Error;

use crate::Outcome;
use words::{pretty, whole};

pub use words::{OUTCOME, overall};

/// A file of the gate that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct SurfaceError {
    path: PathBuf,
    source: io::Error,
}

/// Writes all files into the directory and returns their paths. Creates the directory if needed, and replaces files of an
/// earlier gate.
///
/// # Errors
/// A file cannot be written, or exists and was not written by a gate.
pub fn write_all(outcomes: &[Outcome], directory: &Path) -> Result<Vec<PathBuf>, SurfaceError> {
    let failed = |path: &Path, source| SurfaceError { path: path.to_owned(), source };
    fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
    // A gate always writes an outcome.
    let is_ours = directory.join(OUTCOME).symlink_metadata().is_ok();
    let files =
        [(OUTCOME, json(outcomes)), ("summary.md", markdown::render(outcomes)), ("junit.xml", junit::render(outcomes))];
    let other =
        files.iter().map(|(name, _)| directory.join(name)).find(|path| !is_ours && path.symlink_metadata().is_ok());
    if let Some(other) = other {
        let problem = format!(
            "it exists, but there is no {OUTCOME} beside it, so a gate did not write it; choose another directory"
        );
        return Err(failed(&other, io::Error::new(io::ErrorKind::AlreadyExists, problem)));
    }
    let written = files.into_iter().map(|(name, text)| {
        let path = directory.join(name);
        replace::file(&path, text).map_err(|source| failed(&path, source))?;
        Ok(path)
    });
    written.collect()
}

/// Renders the outcomes as JSON, with the overall verdict.
#[must_use]
pub fn json(outcomes: &[Outcome]) -> String {
    pretty(&json!({ "verdict": overall(outcomes), "outcomes": &*whole(outcomes) }))
}
