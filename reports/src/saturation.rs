//! Which side of a trial was short of CPU time, and whether the scenario intended it. An intended overload is a
//! result; any other makes a trial invalid.

use std::fmt;

use results::{
    format,
    schema::{Measured, Status, TrialRecord, Verdict},
};
use serde::Serialize;

use crate::merge::{self, Merged};

/// The label, as explained under the table.
pub(crate) const RULE: &str = "SATURATED: no trial is valid, because a side was short of CPU time. The offered and the \
     achieved load are below the table. Other figures of such trials appear only in the charts over loads, as hollow marks, \
     and in their tables, with a label.";

/// Checks that a lack of CPU time alone can make invalid. Any other invalid check means that the trial is wrong.
const EXPLAINED: [&str; 8] =
    ["delivery", "lateness", "polls", "client-saturation", "orders", "empties-oracle", "stall", "warm-up"];

/// The side that was short of CPU time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Only the server: the approach under overload was measured.
    Server,
    /// Only the load generator: the harness was measured.
    LoadGenerator,
    /// Both sides.
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

/// Returns the side that a check found short of CPU time. Returns `None` if neither was.
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

/// Returns the side whose lack of CPU time made a trial invalid. Returns `None` if it is valid, or if something else
/// is wrong, too.
#[must_use]
pub fn limit(trial: &TrialRecord) -> Option<Side> {
    let measured = trial.measured.as_ref().filter(|_| trial.status == Status::Invalid)?;
    saturated(measured).filter(|_| !is_wrong(measured))
}

/// Returns whether a trial is invalid because of an overload that its scenario intended.
#[must_use]
pub fn is_intended(trial: &TrialRecord) -> bool {
    trial.overload && limit(trial).is_some()
}

/// Returns whether something is wrong that a lack of CPU time does not explain. That delays events or misses them,
/// but does not repeat, reorder or change them.
fn is_wrong(measured: &Measured) -> bool {
    let events = &measured.events;
    let mut invalid = measured.checks.iter().filter(|check| check.verdict == Verdict::Invalid);
    events.duplicate + events.reordered + events.corrupt > 0
        || invalid.any(|check| !EXPLAINED.contains(&check.id.as_str()))
}

/// The trials of a row that are invalid for lack of CPU time. They are not in the row's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Saturated {
    /// The side that was short of CPU time; both, if it differs between trials.
    pub(crate) side: Side,
    /// Number of these trials.
    pub(crate) trials: u32,
    /// Whether the scenario intended all of them.
    pub(crate) intended: bool,
    /// What is counted: `requests` of an approach that polls, `deliveries` of any other.
    pub(crate) what: &'static str,
    /// Scheduled number per second of the window.
    pub(crate) offered_per_second: f64,
    /// Answered or delivered number per second.
    pub(crate) achieved_per_second: f64,
    /// Their figures, which are those of a queue.
    pub(crate) merged: Merged,
}

impl Saturated {
    /// Summarises the trials of one variant under one load. Returns `None` if none is invalid for this reason.
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

    /// Returns whether the load generator was short of CPU time, so that the server might carry more.
    pub(crate) fn harness_was_the_limit(&self) -> bool {
        self.side != Side::Server
    }

    /// Describes the saturated trials of a row, in place of figures.
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
