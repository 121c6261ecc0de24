//! What the machine did to everybody on it while the trials ran: how late it woke those who slept, and what it took
//! away.
//!
//! Of the run as a whole, since all trials share the machine. Judges nothing.

use results::schema::{Measured, Status, Summary, TrialRecord};
use serde::Serialize;

use crate::merge;

/// The machine during the valid trials of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct HostNoise {
    /// How late events were published, of the merged histogram.
    pub(crate) publisher_ns: Summary,
    /// How late a thread was woken that only sleeps a millisecond at a time, of the merged histogram.
    pub(crate) sleeper_ns: Summary,
    /// Valid trials in which the processors were kept awake, and in which they were not.
    pub(crate) kept_awake: [usize; 2],
    /// Largest share of all processors' time in a trial that the hypervisor gave to others.
    pub(crate) steal_share: Option<f64>,
    /// Largest share that processes of no trial took.
    pub(crate) foreign_share: Option<f64>,
    /// Longest time for which a limit on CPU time held a trial back, in microseconds.
    pub(crate) throttled_us: Option<u64>,
    /// Largest share of a window in which somebody waited for a processor.
    pub(crate) pressure_share: Option<f64>,
}

/// The machine during the valid ones of these trials; none without one.
pub(crate) fn from_trials(trials: &[TrialRecord]) -> Option<HostNoise> {
    let valid = trials.iter().filter(|trial| trial.status == Status::Ok);
    let all: Vec<&Measured> = valid.filter_map(|trial| trial.measured.as_ref()).collect();
    let largest = |of: fn(&Measured) -> Option<f64>| all.iter().filter_map(|one| of(one)).reduce(f64::max);
    let awake = all.iter().filter(|one| one.host.kept_awake).count();
    Some(HostNoise {
        kept_awake: [awake, all.len() - awake],
        publisher_ns: merge::merge(&all, u64::MAX, |one| one.lateness_ns.as_ref())?,
        sleeper_ns: merge::merge(&all, u64::MAX, |one| Some(&one.hiccup_ns))?,
        steal_share: largest(|one| one.host.steal_share),
        foreign_share: largest(|one| one.host.foreign_share),
        throttled_us: all.iter().filter_map(|one| one.host.throttled_us).max(),
        pressure_share: largest(|one| one.host.pressure_share),
    })
}
