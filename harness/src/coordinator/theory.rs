//! The theory of empty responses to Poisson events: a share exp(−λT) of the polls at interval T finds nothing, and the same
//! share of holds of length T times out.
//!
//! Clients that follow the same symbol see the same events, so their polls are not independent. With m followers of a
//! symbol the variance of the count is N·p·(1−p)·(1 + (m−1)·ρ), where ρ is the correlation of two clients' responses.
//! Without that factor a fair run would be called unfair.

use std::time::Duration;

use approaches::registry::{Delivery, Exchange};
use results::schema::{Arrival, EmptyTheory};
use scenario::plan::Trial;

use crate::agent::message::Empties;

/// Returns the requests that the clients' schedules offer in a window: one per interval for the log, or per symbol of a
/// snapshot. Returns `None` if the approach does not poll.
pub(super) fn offered_requests(trial: &Trial) -> Option<u64> {
    let polls = trial.polls()?;
    let intervals = trial.phases.measure_ns as f64 / polls.interval.as_nanos() as f64;
    Some((f64::from(trial.load.clients) * f64::from(polls.requests) * intervals).round() as u64)
}

/// Returns what theory expects of these responses. Returns `None` if the arrivals are not Poisson, or no response can be
/// empty.
pub(super) fn empty_responses(trial: &Trial, observed: Empties) -> Option<EmptyTheory> {
    let setting = |name: &str| trial.params.duration(name).ok();
    let load = &trial.load;
    if load.arrival != Arrival::Poisson {
        return None;
    }
    let symbols_asked = match trial.approach.facts.delivery {
        Delivery::Log => load.symbols_per_client,
        Delivery::Snapshot => 1,
    };
    let rate = load.events_per_second * f64::from(symbols_asked) / f64::from(load.symbols);
    let followers = f64::from(load.clients) * f64::from(load.symbols_per_client) / f64::from(load.symbols);
    let (interval, correlation) = match trial.approach.facts.exchange {
        Exchange::Push => return None,
        Exchange::Poll(name) => setting(name).map(|interval| (interval, poll_correlation(rate, interval)))?,
        // After an event its followers hold in step, so that they see the same from then on.
        Exchange::Hold(name) => setting(name).map(|hold| (hold, 1.0))?,
    };
    let probability = (-rate * interval.as_secs_f64()).exp();
    let clustering = 1.0 + (followers - 1.0).max(0.0) * correlation;
    let variance = observed.responses as f64 * probability * (1.0 - probability) * clustering;
    Some(EmptyTheory {
        responses: observed.responses,
        observed: observed.empty,
        probability,
        standard_deviation: variance.sqrt(),
    })
}

/// Returns the correlation of "this poll is empty" between two clients of one symbol: each poll of one overlaps two of the other,
/// by o and T − o with o uniform. Summing the covariances exp(−λ(2T−o)) − exp(−2λT) and averaging over o gives
/// 2·exp(−2λT)·((exp(λT) − 1)/(λT) − 1).
fn poll_correlation(rate: f64, interval: Duration) -> f64 {
    let mean = rate * interval.as_secs_f64();
    let empty = (-mean).exp();
    let covariance = 2.0 * empty * empty * (mean.exp_m1() / mean - 1.0);
    (covariance / (empty * (1.0 - empty))).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_correlate_fully_for_rare_events_and_hardly_for_frequent_ones() {
        let second = Duration::from_secs(1);
        assert!((poll_correlation(0.001, second) - 1.0).abs() < 0.01);
        assert!((poll_correlation(0.25, second) - 0.958).abs() < 0.001);
        assert!(poll_correlation(10.0, second) < 0.25);
    }
}
