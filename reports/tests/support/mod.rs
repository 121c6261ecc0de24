//! A synthetic run: eleven approaches under one or several loads. Its numbers follow theory, so reports look real and
//! tests can compute values by hand.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by test crates that each use a part")]

pub mod decisive;
pub mod facts;
pub mod saturated;
pub mod written;

use std::{collections::BTreeMap, sync::Mutex};

use results::{
    schema::{
        Arrival, Check, Clients, Connect, Cpu, EmptyTheory, Environment, Events, Host, Load, Measured, Memory, Part,
        Responses, RunRecord, SCHEMA_VERSION, Status, Tool, TrialRecord, Verdict, Window, Wire,
    },
    statistics::{self, Histogram},
    store::Run,
};
use serde_json::json;

/// A synthetic approach. `article` has its label and the article's words for latency, client and server complexity.
/// `lines` are those of the client and the server.
#[derive(Clone, Copy)]
pub struct Synthetic {
    pub name: &'static str,
    pub article: Option<[&'static str; 4]>,
    pub base_us: f64,
    pub interval_ms: f64,
    pub hold_ms: f64,
    pub lines: [u32; 2],
    pub bytes_per_event: u64,
}

#[rustfmt::skip]
pub const APPROACHES: &[Synthetic] = &[
    Synthetic { name: "short-poll", article: Some(["Short polling", "High (interval)", "Low", "Low"]), base_us: 300.0, interval_ms: 1000.0, hold_ms: 0.0, lines: [82, 41], bytes_per_event: 980 },
    Synthetic { name: "conditional-get", article: None, base_us: 280.0, interval_ms: 1000.0, hold_ms: 0.0, lines: [74, 96], bytes_per_event: 900 },
    Synthetic { name: "long-poll", article: Some(["Long polling", "Medium", "Medium", "Medium"]), base_us: 420.0, interval_ms: 0.0, hold_ms: 30_000.0, lines: [91, 62], bytes_per_event: 410 },
    Synthetic { name: "sse", article: Some(["SSE", "Low", "Low", "Low"]), base_us: 260.0, interval_ms: 0.0, hold_ms: 0.0, lines: [96, 88], bytes_per_event: 160 },
    Synthetic { name: "websocket", article: Some(["WebSocket", "Low", "Medium", "Medium"]), base_us: 270.0, interval_ms: 0.0, hold_ms: 0.0, lines: [118, 139], bytes_per_event: 128 },
    Synthetic { name: "grpc-unary", article: None, base_us: 350.0, interval_ms: 1000.0, hold_ms: 0.0, lines: [60, 42], bytes_per_event: 620 },
    Synthetic { name: "grpc-stream", article: Some(["gRPC server streaming", "Low", "Low (generated code)", "Medium"]), base_us: 330.0, interval_ms: 0.0, hold_ms: 0.0, lines: [55, 98], bytes_per_event: 74 },
    Synthetic { name: "grpc-bidi", article: Some(["gRPC bidirectional", "Very low", "Medium", "High"]), base_us: 360.0, interval_ms: 0.0, hold_ms: 0.0, lines: [93, 121], bytes_per_event: 96 },
    Synthetic { name: "grpc-web", article: None, base_us: 340.0, interval_ms: 0.0, hold_ms: 0.0, lines: [101, 87], bytes_per_event: 81 },
    Synthetic { name: "webhook", article: None, base_us: 520.0, interval_ms: 0.0, hold_ms: 0.0, lines: [110, 148], bytes_per_event: 640 },
    Synthetic { name: "raw-tcp", article: None, base_us: 180.0, interval_ms: 0.0, hold_ms: 0.0, lines: [48, 37], bytes_per_event: 44 },
];

/// Returns a run of every approach under one load, with three rounds.
pub fn run() -> Run {
    run_under(&[1000])
}

/// Returns a run of every approach under these numbers of clients, with three rounds each. Caches it for all tests of a
/// binary.
pub fn run_under(clients: &[u32]) -> Run {
    static DRAWN: Mutex<BTreeMap<Vec<u32>, Run>> = Mutex::new(BTreeMap::new());
    let mut drawn = DRAWN.lock().expect("no test panicked while it built a run");
    drawn.entry(clients.to_vec()).or_insert_with(|| drawn_under(clients)).clone()
}

fn drawn_under(clients: &[u32]) -> Run {
    let round = |clients: u32, round| APPROACHES.iter().map(move |one| trial(one, clients, round));
    of_trials(clients.iter().flat_map(|clients| (1..=3).flat_map(move |index| round(*clients, index))).collect())
}

pub fn of_trials(trials: Vec<TrialRecord>) -> Run {
    Run { run: run_record(trials.len() as u32), trials, interrupted: None, cut_line: None }
}

/// Returns the record of a run with this many planned trials.
fn run_record(planned_trials: u32) -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        tool: Tool { version: "0.1.0".into(), git_revision: "0123456789abcdef".into(), dirty: false },
        started: "2026-01-02T03:04:05Z".into(),
        command: "delivery-bench run scenarios/bench-all.toml --seed 1".into(),
        scenario_name: "bench-all".into(),
        scenario: json!({
            "title": "The article's table, measured",
            "question": "Which approach delivers a quote soonest, and what does each waste?",
            "analysis": "Synthetic numbers, for looking at the page. Nothing may be concluded from them.",
            "trials": 3,
        }),
        planned_trials,
        environment: Environment {
            os: "Linux".into(),
            kernel: "6.1.0".into(),
            cpu: "Some Processor 3000".into(),
            cores: 2,
            memory_bytes: 25_769_803_776,
            nofile_soft: 20_000,
            nofile_hard: 20_000,
            clocksource: "tsc".into(),
            boot_id: "00000000-0000-0000-0000-000000000000".into(),
        },
        approaches: APPROACHES.iter().map(facts::of).collect(),
    }
}

/// Returns one trial of an approach.
pub fn trial(approach: &Synthetic, clients: u32, round: u32) -> TrialRecord {
    TrialRecord {
        scenario: "bench-all".into(),
        approach: approach.name.into(),
        variant: approach.name.into(),
        parameters: Default::default(),
        encoding: None,
        load: Load {
            clients,
            symbols: 200,
            symbols_per_client: 1,
            events_per_second: 50.0,
            orders_per_second: 0.0,
            payload_bytes: 0,
            arrival: Arrival::Poisson,
        },
        overload: false,
        part: Part::Table,
        repeat: 1,
        round,
        shards: 1,
        status: Status::Ok,
        error: None,
        measured: Some(measured(approach, clients, round)),
    }
}

fn measured(approach: &Synthetic, clients: u32, round: u32) -> Measured {
    let events = 250 + u64::from(round);
    let expected = events * u64::from(clients) / 200;
    let coalesced = if approach.name == "conditional-get" { expected / 10 } else { 0 };
    let delivered = expected - coalesced;
    let latency = latency(approach, clients, round, delivered);
    let few = histogram((0..events).map(|k| late(60_000.0, k, events)));
    let hiccups = histogram((0..2_000).map(|k| late(52_000.0, k, 2_000)));
    let responses = responses(approach, clients, delivered);
    Measured {
        clients: Clients { requested: clients, connected: clients, lost: 0 },
        connect: Connect { seconds: 0.0002 * f64::from(clients) },
        window: Window { warmup_ms: 1000, measure_ms: 5000, drain_ms: 2000 },
        events: Events {
            scheduled: events,
            published: Some(events),
            expected,
            delivered,
            coalesced,
            arrived: delivered,
            ..Events::default()
        },
        responses,
        requests: if approach.interval_ms + approach.hold_ms > 0.0 { responses.total } else { 0 },
        offered_requests: (approach.interval_ms > 0.0).then_some(responses.total),
        connections_opened: Some(0),
        reconnects: 0,
        resets: 0,
        overflows: Some(0),
        wire: Some(Wire {
            client_to_server_bytes: responses.total * 90,
            server_to_client_bytes: delivered * approach.bytes_per_event + responses.empty * 120,
        }),
        lateness_ns: Some(statistics::summarise(&few, events)),
        time_to_last_ns: statistics::summarise(&few, events),
        confirmation_ns: (approach.name == "grpc-bidi").then(|| statistics::summarise(&latency, events)),
        poll_lateness_ns: (approach.interval_ms > 0.0).then(|| statistics::summarise(&few, events)),
        event_median_ns: statistics::summarise(&event_medians(approach, clients, round, events), events),
        event_entries_one_of: 1,
        effective_events: events,
        median_interval_ns: None,
        latency_ns: statistics::summarise(&latency, events),
        hiccup_ns: statistics::summarise(&hiccups, hiccups.len()),
        host: Host {
            kept_awake: true,
            steal_share: Some(0.001),
            foreign_share: Some(0.01 * f64::from(round)),
            throttled_us: None,
            pressure_share: Some(0.02),
        },
        cpu: cpu(delivered, round),
        memory: memory(approach, clients, round),
        checks: checks(approach),
    }
}

/// Returns quantile `k` of `of` of a delay in nanoseconds with this median and the long tail of thread wake-ups.
fn late(median: f64, k: u64, of: u64) -> u64 {
    let q = (k as f64 + 0.5) / of as f64;
    (median * (0.4 + 0.72 * (-(1.0 - q).ln()).powf(1.4))) as u64
}

fn cpu(delivered: u64, round: u32) -> Cpu {
    Cpu {
        server_us: Some(delivered * 20),
        client_us: delivered * (26 + u64::from(round)),
        server_us_per_event: Some(20.0),
        client_us_per_event: Some(26.0 + f64::from(round)),
        server_wait_us: Some(delivered),
        client_wait_us: delivered * 2,
    }
}

fn memory(approach: &Synthetic, clients: u32, round: u32) -> Memory {
    Memory {
        server_rss_bytes: Some(12_000_000 + u64::from(clients) * approach.bytes_per_event * 40),
        client_rss_bytes: 10_000_000 + u64::from(clients) * 9_000,
        server_peak_bytes: Some(30_000_000),
        client_peak_bytes: 30_000_000,
        server_idle_bytes_per_client: Some(approach.bytes_per_event * 30 + u64::from(round) * 200),
        client_idle_bytes_per_client: 8_000 + u64::from(round) * 150,
        server_opened_bytes_per_client: Some(approach.bytes_per_event * 35 + u64::from(round) * 200),
        client_opened_bytes_per_client: 8_500 + u64::from(round) * 150,
        server_bytes_per_client: Some(approach.bytes_per_event * 40 + u64::from(round) * 200),
        client_bytes_per_client: 9_000 + u64::from(round) * 150,
        kernel_idle_bytes_per_client: (clients >= 5_000).then_some(7_000),
        kernel_bytes_per_client: (clients >= 5_000).then(|| 7_000 + u64::from(round) * 100),
    }
}

fn checks(approach: &Synthetic) -> Vec<Check> {
    let check = |id: &str, value, threshold, verdict, note: &str| Check {
        id: id.into(),
        value: Some(value),
        threshold: Some(threshold),
        verdict,
        note: note.into(),
    };
    let (hiccup, share) = if approach.name == "sse" { (Verdict::Warn, 0.81) } else { (Verdict::Pass, 0.31) };
    // The value and the limit of the `empties-oracle` check differ between push and poll.
    let [empties, limit] = if approach.interval_ms > 0.0 { [1.2, 4.0] } else { [0.0, 0.0] };
    vec![
        check("delivery", 0.0, 0.0, Verdict::Pass, "every event arrived once"),
        check("lateness", 0.012, 0.05, Verdict::Pass, "the publisher was punctual"),
        check("empties-oracle", empties, limit, Verdict::Pass, "as theory says"),
        check("hiccup", share, 0.5, hiccup, "the machine paused: close other programs"),
    ]
}

fn responses(approach: &Synthetic, clients: u32, delivered: u64) -> Responses {
    if approach.interval_ms == 0.0 {
        return Responses { total: delivered, with_events: delivered, ..Responses::default() };
    }
    let total = u64::from(clients) * 5;
    let probability = (-0.25 * approach.interval_ms / 1000.0_f64).exp();
    let empty = (total as f64 * (probability + 0.004)) as u64;
    Responses {
        total,
        with_events: total - empty,
        empty,
        not_modified: if approach.name == "conditional-get" { empty } else { 0 },
        empty_theory: Some(EmptyTheory {
            responses: total,
            observed: empty,
            probability,
            standard_deviation: (total as f64 * probability * (1.0 - probability)).sqrt(),
        }),
        ..Responses::default()
    }
}

/// Returns latencies with the long tail of queues. Polling adds a wait that is uniform over the poll interval.
fn latency(approach: &Synthetic, clients: u32, round: u32, count: u64) -> Histogram {
    let scale = scale(clients, round);
    histogram((0..count).map(|k| {
        let q = (k as f64 + 0.5) / count as f64;
        let tail = approach.base_us * 1000.0 * scale * (0.6 + 0.5 * (-(1.0 - q).ln()).powf(1.3));
        (tail + q * approach.interval_ms * 1e6) as u64
    }))
}

fn scale(clients: u32, round: u32) -> f64 {
    1.0 + f64::from(clients) / 20_000.0 + f64::from(round) * 0.02
}

/// Returns event medians within 2 % of the median of [`latency`], like medians over many receivers.
fn event_medians(approach: &Synthetic, clients: u32, round: u32, events: u64) -> Histogram {
    let middle = approach.base_us * 1000.0 * scale(clients, round) * 0.91 + approach.interval_ms * 0.5e6;
    histogram((0..events).map(|k| (middle * (0.98 + 0.04 * (k as f64 + 0.5) / events as f64)) as u64))
}

/// Returns a histogram of these values, in nanoseconds.
pub fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
    let mut histogram = statistics::new_histogram();
    for value in values {
        histogram.record(value).expect("the value is in the histogram range");
    }
    histogram
}
