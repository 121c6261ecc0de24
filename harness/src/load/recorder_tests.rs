//! Tests of the recorder with known arrivals, independent of the machine.

use approaches::registry::Delivery;
use proto::Quote;
use results::statistics::{QUANTILES, decode, nearest_rank};
use scenario::feed::{Arrival, Feed, FeedSpec, sample::Sample};

use super::*;
use crate::load::{expectation::Expectation, oracle::Audience};

const START_NS: u64 = 1_000_000_000;
const PHASES: Phases = Phases { warmup_ns: 0, measure_ns: 20_000_000_000, drain_ns: 0 };

fn spec() -> FeedSpec {
    FeedSpec {
        seed: 11,
        symbols: 1,
        events_per_second: 250.0,
        arrival: Arrival::Poisson,
        payload_bytes: 0,
        duration_ns: PHASES.measured_ns(),
        epoch_ms: 0,
    }
}

/// Maps an event's sequence number to its latency, in nanoseconds.
type Shape = fn(u64) -> u64;

/// Returns the record of a worker with one client and these latencies, and the sorted latencies.
fn recorded(faults: Faults, delay_ns: impl Fn(u64) -> u64) -> (Worked, Vec<u64>) {
    let spec = spec();
    let audience = Audience { first_client: 0, clients: 1, symbols_per_client: 1, delivery: Delivery::Log };
    let oracle = Oracle::new(Expectation::from_feed(&spec), Sample::new(&spec, PHASES), PHASES, audience);
    let mut recorder = Recorder::new(oracle, PHASES, Theory::Push, 1).with_faults(faults);
    recorder.start(START_NS, 0);
    let mut delays_ns = Vec::new();
    let mut arrived_ns = 0;
    for event in Feed::new(&spec) {
        // Events arrive in order, as on one connection.
        arrived_ns = (event.scheduled_ns + delay_ns(event.sequence)).max(arrived_ns);
        delays_ns.push(arrived_ns - event.scheduled_ns);
        let events: Vec<Quote> = vec![event.quote(&spec)];
        recorder.batch(0, START_NS + arrived_ns, &Batch { events, ..Batch::default() });
    }
    delays_ns.sort_unstable();
    (recorder.finish(START_NS + arrived_ns, Usage::default()), delays_ns)
}

/// Returns the relative error of a quantile of the record.
fn deviation(worked: &Worked, delays_ns: &[u64], quantile: f64) -> f64 {
    let injected_ns = nearest_rank(delays_ns, quantile).expect("there are delays") as f64;
    let recorded_ns = decode(&worked.latency).expect("a recorder's histogram can be read").value_at_quantile(quantile);
    (recorded_ns as f64 / injected_ns - 1.0).abs()
}

#[test]
fn records_known_delays_to_three_digits() {
    let shapes: [(&str, Shape); 3] = [
        ("constant", |_| 5_000_000),
        ("two modes", |sequence| if sequence.is_multiple_of(10) { 20_000_000 } else { 2_000_000 }),
        ("spread", |sequence| 1_000_000 + sequence * 7_919 % 19_000_000),
    ];
    for (shape, delay_ns) in shapes {
        let (worked, delays_ns) = recorded(Faults::default(), delay_ns);
        assert!(delays_ns.len() > 4_000 && worked.events.delivered == delays_ns.len() as u64);
        for quantile in QUANTILES {
            let off = deviation(&worked, &delays_ns, quantile);
            assert!(off <= 0.001, "{shape}, {quantile}: off by {off}");
        }
        let sum_ns: u64 = delays_ns.iter().sum();
        assert_eq!(worked.in_flight_ns, sum_ns as f64, "{shape}: events in flight, counted without latencies");
    }
}

#[test]
fn detects_a_recorder_that_truncates_latencies() {
    let faults = Faults { clamp_latency_us: Some(3_000), ..Faults::default() };
    let (worked, delays_ns) = recorded(faults, |_| 5_000_000);
    assert!(deviation(&worked, &delays_ns, 0.5) > 0.3);
}
