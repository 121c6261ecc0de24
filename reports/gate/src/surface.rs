//! The gate's outcomes in the forms that people and continuous integration read.
//!
//! Each surface prints outcomes and computes nothing. Names in them come from files: each form has its own way to keep
//! them from being anything but names. Fail closed here too: no outcome at all is printed as an invalid one, and what
//! an outcome says against its own findings is never left out.

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

/// Writes every surface that is a file into the directory, which is made where it is not there, and gives their paths.
/// What a gate wrote there before is replaced.
///
/// # Errors
/// A file cannot be written, or is there and was not written by a gate.
pub fn write_all(outcomes: &[Outcome], directory: &Path) -> Result<Vec<PathBuf>, SurfaceError> {
    let failed = |path: &Path, source| SurfaceError { path: path.to_owned(), source };
    fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
    // Where a gate wrote before, there is an outcome.
    let is_ours = directory.join(OUTCOME).symlink_metadata().is_ok();
    let files =
        [(OUTCOME, json(outcomes)), ("summary.md", markdown::render(outcomes)), ("junit.xml", junit::render(outcomes))];
    let other =
        files.iter().map(|(name, _)| directory.join(name)).find(|path| !is_ours && path.symlink_metadata().is_ok());
    if let Some(other) = other {
        let problem =
            format!("it is there, and no {OUTCOME} beside it says that a gate wrote it; choose another directory");
        return Err(failed(&other, io::Error::new(io::ErrorKind::AlreadyExists, problem)));
    }
    let written = files.into_iter().map(|(name, text)| {
        let path = directory.join(name);
        replace::file(&path, text).map_err(|source| failed(&path, source))?;
        Ok(path)
    });
    written.collect()
}

/// The outcomes themselves, with the verdict over all of them.
#[must_use]
pub fn json(outcomes: &[Outcome]) -> String {
    pretty(&json!({ "verdict": overall(outcomes), "outcomes": &*whole(outcomes) }))
}
