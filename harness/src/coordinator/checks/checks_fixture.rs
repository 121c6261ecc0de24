//! A trial without fault, in numbers, for the tests of the checks.

use results::{
    schema::{Clients, Connect, Cpu, EmptyTheory, Events, Host, Measured, Memory, Responses, Summary, Window, Wire},
    statistics::{new_histogram, summarise},
};

use crate::coordinator::{evidence::Evidence, stall::Stall, trend::WarmUp};

/// Every latency of a trial without fault, about.
pub(super) const LATENCY_NS: u64 = 300_000;
/// Processors of its machine.
pub(super) const PROCESSORS: u32 = 4;

/// Four hundred samples of about this value, which support a p99.
pub(super) fn summary(value_ns: u64) -> Summary {
    let mut histogram = new_histogram();
    (0..400).for_each(|extra| histogram.record(value_ns + extra).expect("within the layout"));
    summarise(&histogram, 400)
}

/// Returns this many polls with about this lateness.
pub(super) fn polls(count: u64, late_ns: u64) -> Summary {
    let mut histogram = new_histogram();
    histogram.record_n(late_ns, count).expect("within the layout");
    summarise(&histogram, count)
}

/// A trial without fault.
pub(super) fn measured() -> Measured {
    let empty_theory = Some(EmptyTheory { responses: 100, observed: 40, probability: 0.4, standard_deviation: 5.0 });
    Measured {
        clients: Clients { requested: 20, connected: 20, lost: 0 },
        connect: Connect { seconds: 0.1 },
        window: Window { warmup_ms: 1_000, measure_ms: 5_000, drain_ms: 1_000 },
        events: Events {
            scheduled: 400,
            published: Some(400),
            expected: 400,
            delivered: 400,
            arrived: 400,
            ..Events::default()
        },
        responses: Responses { empty_theory, ..Responses::default() },
        requests: 20 * 50,
        offered_requests: Some(20 * 50),
        connections_opened: Some(0),
        reconnects: 0,
        resets: 0,
        overflows: Some(0),
        wire: Some(Wire::default()),
        latency_ns: summary(LATENCY_NS),
        event_median_ns: summary(LATENCY_NS),
        event_entries_one_of: 1,
        effective_events: 400,
        median_interval_ns: None,
        hiccup_ns: summary(10_000),
        host: Host::default(),
        lateness_ns: Some(summary(40_000)),
        time_to_last_ns: summary(LATENCY_NS),
        confirmation_ns: None,
        poll_lateness_ns: Some(polls(20 * 50, 30_000)),
        cpu: Cpu {
            server_us: Some(1),
            client_us: 1,
            server_us_per_event: None,
            client_us_per_event: None,
            server_wait_us: Some(1),
            client_wait_us: 1,
        },
        memory: Memory {
            server_rss_bytes: Some(0),
            client_rss_bytes: 0,
            server_peak_bytes: Some(0),
            client_peak_bytes: 0,
            server_idle_bytes_per_client: Some(0),
            client_idle_bytes_per_client: 0,
            server_opened_bytes_per_client: Some(0),
            client_opened_bytes_per_client: 0,
            server_bytes_per_client: Some(0),
            client_bytes_per_client: 0,
            kernel_idle_bytes_per_client: None,
            kernel_bytes_per_client: None,
        },
        checks: Vec::new(),
    }
}

/// Evidence without fault.
pub(super) fn evidence() -> Evidence {
    let latency_ns = summary(LATENCY_NS).mean.expect("there are samples");
    Evidence {
        refused_connections: Some(0),
        orders: 10,
        in_flight_ns: 400.0 * latency_ns,
        omission_gap: Some(0.01),
        arrivals: Some(0.7),
        poll_phase: Some(1.0),
        position: Some(0.1),
        warm_up: Some(WarmUp { change: 0.01, probability: 0.5, observations: 100 }),
        clocksource: "tsc".into(),
        processors: PROCESSORS,
        stall: Some(Stall { length_ns: 2 * LATENCY_NS, events: 1, until_ns: 2_000_000_000 }),
        ..Evidence::default()
    }
}
