//! Verdicts on the numbers of a trial. Pure: they look at what was measured and at nothing else.
//!
//! `accounts` asks whether everything was counted, `theory` whether chance explains the counts, `platform` whether it
//! is the approach that was measured and not the machine or the instrument, `steadiness` whether everything ran all the
//! time and the latencies stayed what they were. Every check is always there, so that nobody
//! takes silence for a pass; one that has nothing to judge passes without a value, and says why.

mod accounts;
mod platform;
mod steadiness;
mod theory;

use results::schema::{Check, Measured, Status, Verdict};

use super::evidence::Evidence;
use crate::plan::Trial;

/// All checks of one trial.
pub(super) fn all(trial: &Trial, measured: &Measured, evidence: &Evidence) -> Vec<Check> {
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

/// The outcome that the checks leave, and why where it is not `ok`.
pub(super) fn status(checks: &[Check]) -> (Status, Option<String>) {
    let failed: Vec<String> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Invalid)
        .map(|check| format!("{}: {}", check.id, check.note))
        .collect();
    if failed.is_empty() { (Status::Ok, None) } else { (Status::Invalid, Some(failed.join("; "))) }
}

/// A check that any count above 0 fails.
fn none_of(id: &str, count: u64, fine: &str, wrong: impl FnOnce() -> String) -> Check {
    let (verdict, note) = if count == 0 { (Verdict::Pass, fine.into()) } else { (Verdict::Invalid, wrong()) };
    check(id, Some(count as f64), Some(0.0), verdict, note)
}

/// A check that has nothing to judge, and why.
fn nothing(id: &str, why: &str) -> Check {
    check(id, None, None, Verdict::Pass, why.into())
}

/// The verdict on a value that should be small: above the first limit a warning, above the second invalid.
fn verdict_of(value: f64, [warn, invalid]: [f64; 2]) -> Verdict {
    match value {
        value if value > invalid => Verdict::Invalid,
        value if value > warn => Verdict::Warn,
        _ => Verdict::Pass,
    }
}

fn check(id: &str, value: Option<f64>, threshold: Option<f64>, verdict: Verdict, note: String) -> Check {
    Check { id: id.into(), value, threshold, verdict, note }
}

#[cfg(test)]
#[path = "checks_fixture.rs"]
mod fixture;
#[cfg(test)]
#[path = "checks_steadiness_tests.rs"]
mod steadiness_tests;
#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
