//! What the schedules of clients that poll held, and how much of it they were answered.

use results::{schema::Measured, theory::FAR_DEVIATIONS};

use super::sum;

/// Requests that the schedules hold, added up; none where no round polls.
pub(super) fn offered(all: &[&Measured]) -> Option<u64> {
    all.iter().filter_map(|one| one.offered_requests).reduce(u64::saturating_add)
}

/// How far a count of polls may lie off what is due by chance, for so many clients over all rounds: how many of a
/// client's polls fall into the window is chance, with a standard deviation of at most a half.
pub(crate) fn chance(clients: f64) -> f64 {
    FAR_DEVIATIONS * clients.sqrt() / 2.0
}

/// Requests answered of those offered. What is offered is an expectation; what chance explains is all of it.
pub(super) fn achieved_share(all: &[&Measured]) -> Option<f64> {
    let offered = offered(all).filter(|offered| *offered > 0)? as f64;
    let requests = sum(all, |one| one.requests) as f64;
    let clients = sum(all, |one| one.clients.requested.into()) as f64;
    Some(if (requests - offered).abs() <= chance(clients) { 1.0 } else { requests / offered })
}
