//! Which side of a trial had less CPU time than it wanted, and whether the scenario meant it to: an overload that
//! was asked for is a result, any other makes a trial invalid or its figures those of a queue.

use std::fmt;

use results::{
    format,
    schema::{Measured, Status, TrialRecord, Verdict},
};
use serde::Serialize;

use crate::merge::{self, Merged};

/// The label, as it is explained under the table.
pub(crate) const RULE: &str = "SATURATED: no trial is valid, since a side had less CPU time than it wanted. What was \
     offered and what was achieved is said below the table; other figures of such trials are hollow marks in the charts over \
     loads and labelled in the tables under them, and stand nowhere else.";

/// Checks that a lack of CPU time alone can make invalid. Whatever else is invalid says that the trial is wrong.
const EXPLAINED: [&str; 8] =
    ["delivery", "lateness", "polls", "client-saturation", "orders", "empties-oracle", "stall", "warm-up"];

/// The side that waited for processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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

/// The side for whose want of CPU time a trial is invalid; none where it is not, or where something is wrong with
/// it that no such want explains.
#[must_use]
pub fn limit(trial: &TrialRecord) -> Option<Side> {
    let measured = trial.measured.as_ref().filter(|_| trial.status == Status::Invalid)?;
    saturated(measured).filter(|_| !is_wrong(measured))
}

/// Whether a trial is invalid because it was offered more than the machine carries, as its scenario meant it to be.
#[must_use]
pub fn is_intended(trial: &TrialRecord) -> bool {
    trial.overload && limit(trial).is_some()
}

/// Whether something is wrong that no lack of processors explains: it makes events late and leaves them out, and
/// neither repeats, reorders nor alters them.
fn is_wrong(measured: &Measured) -> bool {
    let events = &measured.events;
    let mut invalid = measured.checks.iter().filter(|check| check.verdict == Verdict::Invalid);
    events.duplicate + events.reordered + events.corrupt > 0
        || invalid.any(|check| !EXPLAINED.contains(&check.id.as_str()))
}

/// What became of the trials of a row that are invalid for want of CPU time. Nothing of it is in the row's
/// figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Saturated {
    /// The side that was short of CPU time; both, where one was in one trial and the other in another.
    pub(crate) side: Side,
    /// Such trials.
    pub(crate) trials: u32,
    /// The scenario meant all of them to be too much.
    pub(crate) intended: bool,
    /// What the figures are of: `requests` of an approach that polls, `deliveries` of any other.
    pub(crate) what: &'static str,
    /// By the schedule, in a second of the window.
    pub(crate) offered_per_second: f64,
    /// Of them answered or delivered.
    pub(crate) achieved_per_second: f64,
    /// What they measured, which is of a queue.
    pub(crate) merged: Merged,
}

impl Saturated {
    /// Of the trials of one variant under one load; none where none is invalid for this reason.
    pub(crate) fn from_trials(trials: &[&TrialRecord]) -> Option<Self> {
        let limited: Vec<&TrialRecord> = trials.iter().filter(|trial| limit(trial).is_some()).copied().collect();
        let side =
            limited.iter().filter_map(|trial| limit(trial)).reduce(|a, b| if a == b { a } else { Side::Both })?;
        let merged = merge::together(&limited)?;
        let (what, offered, achieved) = match merged.offered_requests {
            Some(offered) => ("requests", offered, merged.requests),
            None => ("deliveries", merged.events.expected, merged.events.delivered),
        };
        let in_a_second = |count: u64| count as f64 / merged.window_seconds.max(1e-3);
        Some(Self {
            side,
            trials: limited.len() as u32,
            intended: limited.iter().all(|trial| trial.overload),
            what,
            offered_per_second: in_a_second(offered),
            achieved_per_second: in_a_second(achieved),
            merged,
        })
    }

    /// Whether the harness was short of CPU time, so that the server could perhaps have done more.
    pub(crate) fn harness_was_the_limit(&self) -> bool {
        self.side != Side::Server
    }

    /// What a reader is told in place of figures, of a row with so many trials.
    pub(crate) fn sentence(&self, variant: &str, recorded: u32) -> String {
        let share = (self.offered_per_second > 0.0).then(|| self.achieved_per_second / self.offered_per_second);
        let trials = match recorded {
            recorded if recorded == self.trials => String::new(),
            recorded => format!(", in {} of {recorded} trials", self.trials),
        };
        format!(
            "{variant}: offered {} {} a second, achieved {} ({}); saturated: {}{trials}",
            format::significant(self.offered_per_second),
            self.what,
            format::significant(self.achieved_per_second),
            format::or_none(share, format::percent),
            self.side
        )
    }
}
