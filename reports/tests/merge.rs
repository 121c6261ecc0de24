//! Tests merging of rounds. Counts are added, and invalid trials are left out.

mod support;

use reports::merge::merged;
use results::{
    schema::{EmptyTheory, Status, TrialRecord, Wire},
    statistics,
};

/// Returns two rounds of short polling with few, known values.
fn rounds() -> Vec<TrialRecord> {
    let mut trials: Vec<TrialRecord> =
        (1..=2).map(|round| support::trial(&support::APPROACHES[0], 1000, round)).collect();
    for (trial, latencies) in trials.iter_mut().zip([1..=100, 101..=300]) {
        let measured = trial.measured.as_mut().unwrap();
        let count = latencies.clone().count() as u64;
        measured.latency_ns = statistics::summarise(&support::histogram(latencies), count);
        measured.events.scheduled = count;
        measured.events.expected = count;
        measured.events.delivered = count;
        measured.events.arrived = count;
        measured.time_to_last_ns = measured.latency_ns.clone();
        measured.event_median_ns = measured.latency_ns.clone();
        measured.effective_events = count;
        measured.cpu.server_us = Some(600);
        measured.wire = Some(Wire { client_to_server_bytes: 1_000, server_to_client_bytes: 2_000 });
        measured.responses.total = 400;
        measured.responses.with_events = 100;
        measured.responses.empty = 300;
        measured.responses.empty_theory = Some(EmptyTheory {
            responses: count,
            observed: 300,
            probability: count as f64 / 400.0,
            standard_deviation: 3.0,
        });
    }
    trials
}

#[test]
fn counts_are_added_and_histograms_merged() {
    let trials = rounds();
    let merged = merged(&trials.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!((merged.events.delivered, merged.effective_observations), (300, 300));
    assert_eq!((merged.latency_ns.min, merged.latency_ns.p50, merged.latency_ns.max), (Some(1), Some(150), Some(300)));
    assert_eq!(merged.latency_ns.p99, None, "300 events are too few for a p99");
    assert_eq!(merged.p50_spread_ns, Some([50, 200]));
    assert_eq!(merged.cpu.server_us_per_event, Some(4.0));
    assert_eq!(merged.bytes_per_event, Some(20.0));
    assert_eq!(merged.empty_share, Some(0.75));
    // Ranks 40 and 61 of the values 1 to 100, and ranks 86 and 115 of the values 101 to 300.
    let intervals: Vec<_> = merged.rounds.iter().map(|round| round.median_interval_ns).collect();
    assert_eq!(intervals, [Some([40, 61]), Some([186, 215])]);
    assert_eq!(merged.interval_over_rounds_ns, None, "two rounds are too few to show a difference");
    assert_eq!(merged.median_interval_ns, Some([133, 168]), "ranks 133 and 168 of 300");
    // The logarithms of the two medians are ln 4 apart, so their standard deviation is ln 4 ÷ √2.
    assert!((merged.round_spread.unwrap() - 4_f64.powf(0.5_f64.sqrt())).abs() < 1e-12);
    let theory = merged.responses.empty_theory.unwrap();
    // The probability is (100 × 0.25 + 200 × 0.5) ÷ 300, and the standard deviation is √(3² + 3²).
    assert_eq!((theory.responses, theory.observed), (300, 600));
    assert!((theory.probability - 125.0 / 300.0).abs() < 1e-12);
    assert!((theory.standard_deviation - 18f64.sqrt()).abs() < 1e-12);
    // 600 were observed and 125 expected. The continuity correction subtracts half a response.
    assert!((merged.empty_deviation.unwrap() - 474.5 / 18f64.sqrt()).abs() < 1e-9);
}

#[test]
fn the_order_of_the_rounds_does_not_matter() {
    let trials = rounds();
    assert_eq!(merged(&[&trials[0], &trials[1]]), merged(&[&trials[1], &trials[0]]));
}

#[test]
fn only_valid_trials_are_merged() {
    let mut trials = rounds();
    trials[0].status = Status::Invalid;
    let one = merged(&trials.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!((one.events.delivered, one.rounds.len(), one.rounds[0].round), (200, 1, 2));
    assert_eq!((one.interval_over_rounds_ns, one.round_spread), (None, None), "one round has no spread");
    assert_eq!(one.median_interval_ns, Some([186, 215]));
    trials[1].status = Status::Failed;
    assert_eq!(merged(&trials.iter().collect::<Vec<_>>()), None);
    assert_eq!(merged(&[]), None);
}

#[test]
fn autocorrelated_events_widen_the_interval() {
    let mut trials = rounds();
    for trial in &mut trials {
        trial.measured.as_mut().unwrap().effective_events = 20;
    }
    let merged = merged(&trials.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(merged.effective_observations, 40);
    assert_eq!(merged.latency_ns.p50, Some(150), "the histogram does not change");
    // Ranks 6 and 15 of 20, in the values 1 to 100: 6·101/21 = 28.9 and 15·101/21 = 72.1, rounded outward.
    assert_eq!(merged.rounds[0].median_interval_ns, Some([28, 73]));
}

#[test]
fn a_median_lies_in_its_own_interval() {
    // With few receivers and skewed latencies, the median of the event medians differs from the median of all
    // latencies. Published rounds are like this.
    let mut trials = rounds();
    for trial in &mut trials {
        let measured = trial.measured.as_mut().unwrap();
        let skewed = support::histogram((0..1_000).map(|k| 80_000 + k * k / 10));
        measured.latency_ns = statistics::summarise(&skewed, 100);
        measured.event_median_ns = statistics::summarise(&support::histogram((0..100).map(|k| 83_000 + k)), 100);
        measured.effective_events = 100;
    }
    let merged = merged(&trials.iter().collect::<Vec<_>>()).unwrap();
    for (p50, interval) in merged
        .rounds
        .iter()
        .map(|round| (round.latency_ns.p50, round.median_interval_ns))
        .chain([(merged.latency_ns.p50, merged.median_interval_ns)])
    {
        let (p50, [low, high]) = (p50.unwrap(), interval.unwrap());
        assert!((low..=high).contains(&p50), "{p50} is not in {low} to {high}");
    }
}

#[test]
fn many_receivers_of_an_event_are_one_observation() {
    let trial = support::trial(&support::APPROACHES[3], 100_000, 1);
    let merged = merged(&[&trial]).unwrap();
    assert_eq!((merged.latency_ns.count, merged.effective_observations), (125_500, 251));
    assert_eq!(merged.latency_ns.p99, None);
}
