//! What a run lacks for advice, and how that is described.

use results::{format, sanitize};
use serde::Serialize;

/// What a run lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Trials of the run.
    pub trials: usize,
    /// Planned trials that were not run.
    pub not_run: usize,
    /// Trials that are not valid, which are left out.
    pub not_valid: usize,
    /// Valid trials with a warning about the tail, which are left out of the p99.
    pub tail_warnings: usize,
    /// Candidates without a valid trial, in the order of the registry.
    pub candidates: Vec<Absent>,
}

/// A candidate without a valid trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// Name of the approach, with given settings after a slash.
    pub name: String,
    /// Its trials.
    pub trials: usize,
}

impl Absent {
    /// Why it is missing.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("no valid trial (0 of {})", self.trials)
    }
}

impl Missing {
    /// Describes what is missing.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let were = if self.not_run == 1 { "was" } else { "were" };
        let are = if self.not_valid == 1 { "is" } else { "are" };
        let names: Vec<String> = self.candidates.iter().map(|absent| sanitize::text(&absent.name)).collect();
        let notes = [
            (self.not_run > 0).then(|| {
                format!(
                    "The run is not whole: {} of {} trials {were} not run.",
                    self.not_run,
                    self.not_run + self.trials
                )
            }),
            (self.not_valid > 0).then(|| {
                format!("{} of {} trials of the run {are} not valid and left out.", self.not_valid, self.trials)
            }),
            (!names.is_empty())
                .then(|| format!("The choice was not among all: {} had no valid trial.", format::listed(&names))),
            (self.tail_warnings > 0).then(|| {
                format!(
                    "Each p99 here leaves out the trials with a warning of the tail ({} of {}), so that it can differ \
                     from the table's.",
                    self.tail_warnings, self.trials
                )
            }),
        ];
        notes.into_iter().flatten().collect()
    }
}
