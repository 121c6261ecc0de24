//! Lists all checks of a trial, and derives the trial's status. Every check is always present, so that silence is not taken
//! for a pass. A check that has nothing to judge passes without a value and says why.

use results::schema::{Check, Measured, Status, Verdict};
use scenario::plan::Trial;

use super::{accounts, platform, steadiness, theory};
use crate::coordinator::evidence::Evidence;

/// Runs all checks of one trial.
pub(in crate::coordinator) fn all(trial: &Trial, measured: &Measured, evidence: &Evidence) -> Vec<Check> {
    vec![
        accounts::manifest(measured),
        accounts::clients(measured, evidence),
        accounts::delivery(trial, measured),
        accounts::skipped_slots(measured),
        accounts::histogram(measured, evidence),
        accounts::orders(evidence),
        accounts::disturbances(measured),
        accounts::clock(evidence),
        accounts::tasks(evidence),
        accounts::faults(evidence),
        theory::arrivals(evidence),
        theory::poll_phase(evidence),
        theory::polls(trial, measured),
        theory::empties(trial, measured),
        theory::little(measured, evidence),
        platform::lateness(measured),
        platform::omission_gap(measured, evidence),
        platform::hiccup(measured),
        platform::host(measured),
        platform::client_saturation(measured, evidence),
        platform::server_saturation(measured, evidence),
        steadiness::pause(evidence),
        steadiness::stall(measured, evidence),
        steadiness::warm_up(evidence),
        steadiness::position(evidence),
    ]
}

/// Returns the status that follows from the checks, with the reason if it is not `ok`.
pub(in crate::coordinator) fn status(checks: &[Check]) -> (Status, Option<String>) {
    let failed: Vec<String> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Invalid)
        .map(|check| format!("{}: {}", check.id, check.note))
        .collect();
    if failed.is_empty() { (Status::Ok, None) } else { (Status::Invalid, Some(failed.join("; "))) }
}
