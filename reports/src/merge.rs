//! Merges the rounds of one variant under one load: adds counts, merges histograms, and keeps the figures of each round. All
//! figures of reports come from here.

pub(crate) mod costs;
mod histograms;
mod memory;
pub(crate) mod polls;

use results::{
    schema::{Cpu, EmptyTheory, Events, Measured, Responses, Status, Summary, TrialRecord, Wire},
    statistics::{self, Histogram},
    theory,
};
use serde::Serialize;
use stats::{difference, inference};

use histograms::added;
pub use histograms::histogram;
pub(crate) use histograms::{merge, wake_up};
pub use memory::ClientMemory;

/// The merged figures of the valid rounds of one variant under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Merged {
    /// Sum over rounds.
    pub events: Events,
    /// Sum over rounds. The probability of the theory is the mean over its responses; its variances are added.
    pub responses: Responses,
    /// Sum over rounds.
    pub requests: u64,
    /// Requests of the clients' schedules, summed over rounds. `None` if the approach does not poll.
    pub offered_requests: Option<u64>,
    /// Share of those that were answered; 1 if chance explains the difference.
    pub achieved_share: Option<f64>,
    /// Total length of the windows, in seconds.
    pub window_seconds: f64,
    /// Sum over rounds.
    pub connections_opened: Option<u64>,
    /// Sum over rounds.
    pub reconnects: u64,
    /// Sum over rounds.
    pub wire: Option<Wire>,
    /// Sum over rounds, and values per delivery.
    pub cpu: Cpu,
    /// Memory per client.
    pub memory: ClientMemory,
    /// Bytes both ways per delivery. `None` without deliveries.
    pub bytes_per_event: Option<f64>,
    /// Share of responses without an event. `None` without responses.
    pub empty_share: Option<f64>,
    /// Deviation of the number of empty responses from theory, in standard deviations. `None` without a theory.
    pub empty_deviation: Option<f64>,
    /// Merged histogram.
    pub latency_ns: Summary,
    /// Merged median latencies of the events.
    pub event_median_ns: Summary,
    /// Merged histogram.
    pub lateness_ns: Option<Summary>,
    /// How late a sleeping thread woke, merged.
    pub hiccup_ns: Summary,
    /// Merged histogram.
    pub time_to_last_ns: Summary,
    /// Merged histogram. `None` if no order was sent.
    pub confirmation_ns: Option<Summary>,
    /// Merged histogram. `None` if the approach does not poll.
    pub poll_lateness_ns: Option<Summary>,
    /// One of this many events has an entry; the largest number of any round.
    pub event_entries_one_of: u64,
    /// Effective observations behind `median_interval_ns`, summed over rounds.
    pub effective_observations: u64,
    /// Events that reached a client, on which the percentiles are based.
    pub events_received: u64,
    /// 95 % interval of the p50 of `latency_ns` with all rounds as one sample. It does not include differences
    /// between rounds. `None` with too few events.
    pub median_interval_ns: Option<[u64; 2]>,
    /// 99 % interval of a round's p50: see `stats::difference`. `None` with fewer than eight rounds.
    pub interval_over_rounds_ns: Option<[u64; 2]>,
    /// The same for p99.
    pub p99_interval_over_rounds_ns: Option<[u64; 2]>,
    /// Smallest and largest p50 of a round, in nanoseconds. `None` if no round has one.
    pub p50_spread_ns: Option<[u64; 2]>,
    /// Typical factor between a round's p50 and their geometric mean: e to the standard deviation of ln p50. `None`
    /// with fewer than two rounds with a p50.
    pub round_spread: Option<f64>,
    /// The figures of each round, in order.
    pub rounds: Vec<RoundFigures>,
}

/// The figures of one round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundFigures {
    /// The round, from 1.
    pub round: u32,
    /// Latency.
    pub latency_ns: Summary,
    /// Effective observations behind `median_interval_ns`.
    pub effective_observations: u64,
    /// Events that reached a client, on which the percentiles are based.
    pub events_received: u64,
    /// 95 % interval of the p50; `None` if there are too few events.
    pub median_interval_ns: Option<[u64; 2]>,
    /// As in [`Merged`].
    pub bytes_per_event: Option<f64>,
    /// As in [`Merged`].
    pub empty_share: Option<f64>,
    /// CPU time of the servers per delivery, in microseconds.
    pub server_us_per_event: Option<f64>,
    /// CPU time of the workers per delivery, in microseconds.
    pub client_us_per_event: Option<f64>,
    /// Memory growth of the servers per client, in bytes.
    pub server_bytes_per_client: Option<u64>,
    /// Memory growth of the workers per client, in bytes.
    pub client_bytes_per_client: u64,
}

/// Merges the trials with status `ok`. Returns `None` if there are none.
#[must_use]
pub fn merged(trials: &[&TrialRecord]) -> Option<Merged> {
    let valid: Vec<&TrialRecord> = trials.iter().filter(|trial| trial.status == Status::Ok).copied().collect();
    together(&valid)
}

/// Merges the measured trials, whatever their status. Returns `None` if there are none.
pub(crate) fn together(trials: &[&TrialRecord]) -> Option<Merged> {
    let mut rounds: Vec<(u32, &Measured)> =
        trials.iter().filter_map(|trial| Some((trial.round, trial.measured.as_ref()?))).collect();
    if rounds.is_empty() {
        return None;
    }
    rounds.sort_by_key(|(round, _)| *round);
    let all: Vec<&Measured> = rounds.iter().map(|(_, measured)| *measured).collect();
    let figures: Vec<RoundFigures> = rounds.iter().map(|(round, measured)| one_round(*round, measured)).collect();
    let events = add_events(&all);
    let responses = add_responses(&all);
    let wire = add_wire(&all);
    let effective_observations = sum(&all, |one| one.effective_events);
    // The number of events decides which percentiles are supported. Their correlation only widens the interval.
    let events_received = sum(&all, |one| one.event_median_ns.count);
    let event_median_ns = merge(&all, events_received, |one| Some(&one.event_median_ns))?;
    let latency = added(&all, |one| Some(&one.latency_ns))?;
    let p50s: Vec<u64> = figures.iter().filter_map(|figures| figures.latency_ns.p50).collect();
    Some(Merged {
        requests: sum(&all, |one| one.requests),
        offered_requests: polls::offered(&all),
        achieved_share: polls::achieved_share(&all),
        window_seconds: sum(&all, |one| one.window.measure_ms) as f64 / 1e3,
        connections_opened: sum_known(&all, |one| one.connections_opened),
        reconnects: sum(&all, |one| one.reconnects),
        cpu: add_cpu(&all, events.arrived),
        memory: ClientMemory::mean(&all),
        bytes_per_event: wire.and_then(|wire| share(wire.both_ways(), events.arrived)),
        empty_share: share(responses.empty, responses.total),
        empty_deviation: responses.empty_theory.as_ref().and_then(theory::deviation),
        latency_ns: statistics::summarise(&latency, events_received.min(latency.len())),
        median_interval_ns: median_interval(&latency, effective_observations),
        event_median_ns,
        lateness_ns: merge(&all, u64::MAX, |one| one.lateness_ns.as_ref()),
        hiccup_ns: merge(&all, u64::MAX, |one| Some(&one.hiccup_ns))?,
        time_to_last_ns: merge(&all, events_received, |one| Some(&one.time_to_last_ns))?,
        confirmation_ns: merge(&all, u64::MAX, |one| one.confirmation_ns.as_ref()),
        poll_lateness_ns: merge(&all, u64::MAX, |one| one.poll_lateness_ns.as_ref()),
        interval_over_rounds_ns: over_rounds(&figures, |latency| latency.p50),
        p99_interval_over_rounds_ns: over_rounds(&figures, |latency| latency.p99),
        round_spread: round_spread(&p50s),
        p50_spread_ns: p50s.iter().min().zip(p50s.iter().max()).map(|(least, most)| [*least, *most]),
        events,
        responses,
        wire,
        events_received,
        event_entries_one_of: all.iter().map(|one| one.event_entries_one_of).max().unwrap_or(1),
        effective_observations,
        rounds: figures,
    })
}

/// Returns the figures of one trial.
#[must_use]
pub fn one_round(round: u32, one: &Measured) -> RoundFigures {
    let latency = histogram(&one.latency_ns);
    RoundFigures {
        round,
        latency_ns: Summary {
            histogram: one.latency_ns.histogram.clone(),
            ..statistics::without_histogram(&latency, one.event_median_ns.count)
        },
        events_received: one.event_median_ns.count,
        effective_observations: one.effective_events,
        median_interval_ns: median_interval(&latency, one.effective_events),
        bytes_per_event: one.wire.and_then(|wire| share(wire.both_ways(), one.events.arrived)),
        empty_share: share(one.responses.empty, one.responses.total),
        server_us_per_event: one.cpu.server_us.and_then(|used_us| share(used_us, one.events.arrived)),
        client_us_per_event: share(one.cpu.client_us, one.events.arrived),
        server_bytes_per_client: one.memory.server_bytes_per_client,
        client_bytes_per_client: one.memory.client_bytes_per_client,
    }
}

/// Returns the interval of the p50. Deliveries of one event are not independent, so effective events are the
/// observations.
fn median_interval(latency: &Histogram, effective: u64) -> Option<[u64; 2]> {
    inference::quantile_interval(latency, effective, 0.5)
}

/// Returns the interval of a percentile over the rounds that have it, rounded outwards.
fn over_rounds(figures: &[RoundFigures], percentile: impl Fn(&Summary) -> Option<u64>) -> Option<[u64; 2]> {
    let values = figures.iter().filter_map(|round| percentile(&round.latency_ns)).map(|value| value as f64);
    difference::interval_over_rounds(values).map(|[lower, upper]| [lower.floor() as u64, upper.ceil() as u64])
}

/// Returns e to the sample standard deviation of the logarithms.
#[must_use]
pub fn round_spread(p50s: &[u64]) -> Option<f64> {
    if p50s.len() < 2 {
        return None;
    }
    let logarithms: Vec<f64> = p50s.iter().map(|p50| (*p50.max(&1) as f64).ln()).collect();
    let size = logarithms.len() as f64;
    let mean = logarithms.iter().sum::<f64>() / size;
    let variance = logarithms.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (size - 1.0);
    Some(variance.sqrt().exp())
}

fn add_events(all: &[&Measured]) -> Events {
    Events {
        scheduled: sum(all, |one| one.events.scheduled),
        published: sum_known(all, |one| one.events.published),
        expected: sum(all, |one| one.events.expected),
        delivered: sum(all, |one| one.events.delivered),
        missed: sum(all, |one| one.events.missed),
        duplicate: sum(all, |one| one.events.duplicate),
        reordered: sum(all, |one| one.events.reordered),
        corrupt: sum(all, |one| one.events.corrupt),
        coalesced: sum(all, |one| one.events.coalesced),
        arrived: sum(all, |one| one.events.arrived),
    }
}

fn add_responses(all: &[&Measured]) -> Responses {
    Responses {
        total: sum(all, |one| one.responses.total),
        with_events: sum(all, |one| one.responses.with_events),
        empty: sum(all, |one| one.responses.empty),
        not_modified: sum(all, |one| one.responses.not_modified),
        timed_out: sum(all, |one| one.responses.timed_out),
        errors: sum(all, |one| one.responses.errors),
        heartbeats: sum(all, |one| one.responses.heartbeats),
        empty_theory: add_theory(all),
    }
}

fn add_theory(all: &[&Measured]) -> Option<EmptyTheory> {
    let theories: Vec<EmptyTheory> = all.iter().filter_map(|one| one.responses.empty_theory).collect();
    let first = theories.first()?;
    let responses = theories.iter().map(|theory| theory.responses).sum();
    let expected: f64 = theories.iter().map(|theory| theory.probability * theory.responses as f64).sum();
    let variance: f64 = theories.iter().map(|theory| theory.standard_deviation.powi(2)).sum();
    Some(EmptyTheory {
        responses,
        observed: theories.iter().map(|theory| theory.observed).sum(),
        probability: if responses == 0 { first.probability } else { expected / responses as f64 },
        standard_deviation: variance.sqrt(),
    })
}

fn add_cpu(all: &[&Measured], arrived: u64) -> Cpu {
    let server_us = sum_known(all, |one| one.cpu.server_us);
    let client_us = sum(all, |one| one.cpu.client_us);
    Cpu {
        server_us,
        client_us,
        server_us_per_event: server_us.and_then(|used_us| share(used_us, arrived)),
        client_us_per_event: share(client_us, arrived),
        server_wait_us: sum_known(all, |one| one.cpu.server_wait_us),
        client_wait_us: sum(all, |one| one.cpu.client_wait_us),
    }
}

/// Returns part ÷ whole. Returns `None` if the whole is 0.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn add_wire(all: &[&Measured]) -> Option<Wire> {
    let wires: Vec<Wire> = all.iter().map(|one| one.wire).collect::<Option<_>>()?;
    Some(Wire {
        client_to_server_bytes: wires.iter().map(|wire| wire.client_to_server_bytes).sum(),
        server_to_client_bytes: wires.iter().map(|wire| wire.server_to_client_bytes).sum(),
    })
}

/// Adds a count that not every server reports. Returns `None` if it is missing in a round.
fn sum_known(all: &[&Measured], count: impl Fn(&Measured) -> Option<u64>) -> Option<u64> {
    all.iter().map(|one| count(one)).sum()
}

fn sum(all: &[&Measured], of: impl Fn(&Measured) -> u64) -> u64 {
    all.iter().map(|one| of(one)).fold(0, u64::saturating_add)
}
