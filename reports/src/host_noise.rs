//! Disturbances by the machine during all trials of a run: how late it woke threads, and CPU time that others used.

use results::schema::{Measured, Status, Summary, TrialRecord};
use serde::Serialize;

use crate::merge;

/// Disturbances during the valid trials of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct HostNoise {
    /// Lateness of publication, from the merged histogram.
    pub(crate) publisher_ns: Summary,
    /// How late a sleeping thread woke, from the merged histogram.
    pub(crate) sleeper_ns: Summary,
    /// Valid trials with cores kept awake, and without.
    pub(crate) kept_awake: [usize; 2],
    /// Largest share of the time of all cores that the hypervisor gave to other machines.
    pub(crate) steal_share: Option<f64>,
    /// Largest share that other processes used.
    pub(crate) foreign_share: Option<f64>,
    /// Longest time for which a CPU limit held a trial back, in microseconds.
    pub(crate) throttled_us: Option<u64>,
    /// Largest share of a window in which a thread waited for a core.
    pub(crate) pressure_share: Option<f64>,
}

/// Summarises the valid trials. Returns `None` without a valid trial.
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
