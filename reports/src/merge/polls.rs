//! The polls of the clients' schedules, and how many were answered.

use results::{schema::Measured, theory::FAR_DEVIATIONS};

use super::sum;

/// Returns the requests of the schedules, summed over rounds. Returns `None` if no round polls.
pub(super) fn offered(all: &[&Measured]) -> Option<u64> {
    all.iter().filter_map(|one| one.offered_requests).reduce(u64::saturating_add)
}

/// Returns how far a number of polls may deviate by chance, for this many clients over all rounds. How many polls of
/// a client fall into the window is chance, with a standard deviation of at most a half.
pub(crate) fn chance(clients: f64) -> f64 {
    FAR_DEVIATIONS * clients.sqrt() / 2.0
}

/// Returns the share of offered requests that were answered. It is 1 if chance explains the difference.
pub(super) fn achieved_share(all: &[&Measured]) -> Option<f64> {
    let offered = offered(all).filter(|offered| *offered > 0)? as f64;
    let requests = sum(all, |one| one.requests) as f64;
    let clients = sum(all, |one| one.clients.requested.into()) as f64;
    Some(if (requests - offered).abs() <= chance(clients) { 1.0 } else { requests / offered })
}
