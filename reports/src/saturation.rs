//! Which side of a trial had less processor time than it wanted, and whether the scenario meant it to: an overload that was
//! asked for is a result, any other makes a trial invalid or its figures those of a queue.

use std::fmt;

use crate::schema::{Measured, Status, TrialRecord, Verdict};

/// The side that waited for processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server alone: what was measured is the approach under overload.
    Server,
    /// The load generator alone: what was measured is the harness.
    LoadGenerator,
    /// Both.
    Both,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Server => "server",
            Self::LoadGenerator => "load generator",
            Self::Both => "server and load generator",
        })
    }
}

/// The side that waited for processors so long that a check says so; none where neither did.
#[must_use]
pub fn saturated(measured: &Measured) -> Option<Side> {
    let fires = |id: &str| measured.checks.iter().any(|check| check.id == id && check.verdict != Verdict::Pass);
    match (fires("server-saturation"), fires("client-saturation")) {
        (true, true) => Some(Side::Both),
        (true, false) => Some(Side::Server),
        (false, true) => Some(Side::LoadGenerator),
        (false, false) => None,
    }
}

/// Whether a trial is invalid because it was offered more than the machine carries, as its scenario meant it to be.
#[must_use]
pub fn is_intended(trial: &TrialRecord) -> bool {
    trial.overload
        && trial.status == Status::Invalid
        && trial.measured.as_ref().is_some_and(|measured| saturated(measured).is_some())
}
