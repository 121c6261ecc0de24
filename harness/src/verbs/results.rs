//! Reads results for the verbs that report on them, and reports skipped runs.

use std::path::{Path, PathBuf};

use results::store::{self, Run, StoreError};

use super::output::say;
use crate::failure::Failure;

/// Reads one run from its directory or its result file.
pub(super) fn read(place: &Path) -> Result<Run, Failure> {
    let run = store::read(place)?;
    if let Some(line) = run.cut_line {
        let file = store::file_of(place);
        say(&format!("{}:{line}: a crash cut this line in half: it is skipped", file.display()));
    }
    Ok(run)
}

/// Reads several runs. Skips and names a run without records, unless it is the only one.
pub(super) fn read_all(places: &[PathBuf]) -> Result<Vec<(PathBuf, Run)>, Failure> {
    let mut runs = Vec::new();
    let mut empty = None;
    for place in places {
        match read(place) {
            Ok(run) => runs.push((place.clone(), run)),
            Err(Failure::Usage(error)) if matches!(error.downcast_ref(), Some(StoreError::Empty { .. })) => {
                if places.len() > 1 {
                    say(&format!("skipped: {error}"));
                }
                empty = Some(Failure::Usage(error));
            }
            Err(failure) => return Err(failure),
        }
    }
    match empty {
        Some(failure) if runs.is_empty() => Err(failure),
        _ => Ok(runs),
    }
}
