//! Merges the shards' measurements into one record. Counts and histograms are added, and values per event are joined.
//! Nothing is averaged.

use anyhow::Context as _;
use approaches::registry::Exchange;
use results::{
    schema::{Clients, Connect, Cpu, Events, Measured, Memory, Responses, Summary, TrialRecord, Window, Wire},
    statistics::{Histogram, decode, new_histogram, summarise},
};
use scenario::plan::Trial;
use stats::inference::quantile_interval;

use super::{
    checks,
    events::{self, EventsOfWindow},
    evidence, theory,
    trial::{ShardResult, TrialResult},
};
use crate::{
    agent::message::{Empties, Served},
    host::{kernel_memory::KernelMemory, usage::Usage, watcher::Seen},
};

/// Builds the record of a trial that was measured.
pub(crate) fn record(scenario: &str, trial: &Trial, result: &TrialResult) -> anyhow::Result<TrialRecord> {
    let TrialResult { shards, machine, .. } = result;
    let events = events::join_window(trial, shards);
    let mut measured = measured(trial, shards, &events, machine)?;
    measured.checks = checks::all(trial, &measured, &evidence::collect(trial, result, &events));
    let (status, reason) = checks::status(&measured.checks);
    let first_error = shards
        .iter()
        .find_map(|shard| shard.subscribed.first_error.as_ref().or(shard.worked.first_error.as_ref()))
        .map(|error| format!("first client lost: {error}"));
    let error = reason.map(|reason| [Some(reason), first_error].into_iter().flatten().collect::<Vec<_>>().join("; "));
    Ok(TrialRecord { status, error, measured: Some(measured), ..blank(scenario, trial) })
}

/// Builds the record of a trial that was not measured to its end.
pub(super) fn failure(scenario: &str, trial: &Trial, error: &anyhow::Error) -> TrialRecord {
    TrialRecord { error: Some(format!("{error:#}")), ..blank(scenario, trial) }
}

fn blank(scenario: &str, trial: &Trial) -> TrialRecord {
    TrialRecord {
        scenario: scenario.to_owned(),
        approach: trial.approach.name.to_owned(),
        variant: trial.variant.clone(),
        parameters: trial.params.0.clone(),
        encoding: Some(trial.approach.encoding(&trial.params)),
        load: trial.load.clone(),
        overload: trial.overload,
        part: trial.part,
        round: trial.round,
        repeat: trial.repeat,
        shards: trial.shards.count(),
        status: results::schema::Status::Failed,
        error: None,
        measured: None,
    }
}

fn measured(
    trial: &Trial,
    shards: &[ShardResult],
    window: &EventsOfWindow,
    machine: &Seen,
) -> anyhow::Result<Measured> {
    let events = events(window, shards);
    let effective = events::effective(&window.kept);
    let latency = merged(shards, |shard| &shard.worked.latency)?;
    let medians = events::histogram(&window.kept, |event| event.median_ns);
    let cpu = cpu(shards, events.arrived);
    let milliseconds = |nanoseconds: u64| nanoseconds / 1_000_000;
    Ok(Measured {
        clients: Clients {
            requested: trial.load.clients,
            connected: shards.iter().map(|shard| shard.subscribed.connected).sum(),
            lost: shards.iter().map(|shard| shard.subscribed.lost + shard.worked.lost).sum(),
        },
        connect: Connect { seconds: shards.iter().map(|shard| shard.subscribed.seconds).fold(0.0, f64::max) },
        window: Window {
            warmup_ms: milliseconds(trial.phases.warmup_ns),
            measure_ms: milliseconds(trial.phases.measure_ns),
            drain_ms: milliseconds(trial.phases.drain_ns),
        },
        events,
        responses: responses(trial, shards),
        requests: sum(shards, |shard| shard.worked.cost.requests),
        offered_requests: theory::offered_requests(trial),
        connections_opened: served(shards, |served| served.connections_opened),
        reconnects: sum(shards, |shard| shard.worked.cost.reconnects),
        resets: sum(shards, |shard| shard.worked.cost.resets),
        overflows: served(shards, |served| served.overflows),
        wire: served(shards, |served| served.client_to_server_bytes)
            .zip(served(shards, |served| served.server_to_client_bytes))
            .map(|(client_to_server_bytes, server_to_client_bytes)| Wire {
                client_to_server_bytes,
                server_to_client_bytes,
            }),
        latency_ns: summarise(&latency, medians.len()),
        event_median_ns: each(&medians),
        event_entries_one_of: window.one_of,
        effective_events: effective,
        median_interval_ns: quantile_interval(&latency, effective, 0.5),
        // The shards publish the same events at the same times: an event is one observation of the machine.
        lateness_ns: lateness(shards, events.published)?,
        time_to_last_ns: each(&events::histogram(&window.kept, |event| event.last_ns)),
        confirmation_ns: own(&merged(shards, |shard| &shard.worked.confirmation)?, trial.load.orders_per_second > 0.0),
        poll_lateness_ns: own(
            &merged(shards, |shard| &shard.worked.poll_lateness)?,
            matches!(trial.approach.facts.exchange, Exchange::Poll(_)),
        ),
        memory: memory(shards, trial.load.clients, machine.kernel),
        hiccup_ns: each(&machine.hiccup),
        host: machine.host(cpu.server_us.unwrap_or_default() + cpu.client_us, trial.phases),
        cpu,
        checks: Vec::new(),
    })
}

fn sum(shards: &[ShardResult], count: impl Fn(&ShardResult) -> u64) -> u64 {
    shards.iter().map(count).sum()
}

/// Adds a count of the servers. Returns `None` if a server does not report to us.
fn served(shards: &[ShardResult], count: impl Fn(&Served) -> u64) -> Option<u64> {
    shards.iter().map(|shard| shard.served.as_ref().map(&count)).sum()
}

/// Summarises how late the servers published. Returns `None` if a server does not report to us.
fn lateness(shards: &[ShardResult], published: Option<u64>) -> anyhow::Result<Option<Summary>> {
    let encoded: Option<Vec<&String>> =
        shards.iter().map(|shard| shard.served.as_ref().map(|served| &served.lateness)).collect();
    let Some((encoded, published)) = encoded.zip(published) else { return Ok(None) };
    Ok(Some(summarise(&added(encoded)?, published)))
}

fn merged(shards: &[ShardResult], encoded: impl Fn(&ShardResult) -> &String) -> anyhow::Result<Histogram> {
    added(shards.iter().map(encoded))
}

fn added<'a>(encoded: impl IntoIterator<Item = &'a String>) -> anyhow::Result<Histogram> {
    let mut total = new_histogram();
    for one in encoded {
        let one = decode(one).context("a child sent an invalid histogram")?;
        total.add(&one).context("a child's histogram has another layout")?;
    }
    Ok(total)
}

/// Summarises a distribution whose samples are independent. Returns `None` if the approach has no such figure.
fn own(histogram: &Histogram, applies: bool) -> Option<Summary> {
    applies.then(|| each(histogram))
}

/// Summarises a distribution whose samples are independent.
fn each(histogram: &Histogram) -> Summary {
    summarise(histogram, histogram.len())
}

fn events(window: &EventsOfWindow, shards: &[ShardResult]) -> Events {
    let of = |count: fn(&Events) -> u64| sum(shards, |shard| count(&shard.worked.events));
    Events {
        // Every shard must publish the planned feed.
        scheduled: window.scheduled,
        published: shards.iter().map(|shard| shard.served.as_ref().map(|served| served.published)).min().flatten(),
        expected: of(|events| events.expected),
        delivered: of(|events| events.delivered),
        missed: of(|events| events.missed),
        duplicate: of(|events| events.duplicate),
        reordered: of(|events| events.reordered),
        corrupt: of(|events| events.corrupt),
        coalesced: of(|events| events.coalesced),
        arrived: of(|events| events.arrived),
    }
}

fn responses(trial: &Trial, shards: &[ShardResult]) -> Responses {
    let of = |count: fn(&clients::Cost) -> u64| sum(shards, |shard| count(&shard.worked.cost));
    let judged = Empties {
        responses: sum(shards, |shard| shard.worked.empties.responses),
        empty: sum(shards, |shard| shard.worked.empties.empty),
    };
    let (with_events, empty) = (of(|cost| cost.with_events), of(|cost| cost.empty));
    Responses {
        total: with_events + empty,
        with_events,
        empty,
        not_modified: of(|cost| cost.not_modified),
        timed_out: of(|cost| cost.timed_out),
        errors: of(|cost| cost.errors),
        heartbeats: of(|cost| cost.heartbeats),
        empty_theory: theory::empty_responses(trial, judged),
    }
}

fn cpu(shards: &[ShardResult], arrived: u64) -> Cpu {
    let server_us = served(shards, |served| served.usage.cpu_us);
    let client_us = sum(shards, |shard| shard.worked.usage.cpu_us);
    let per_event = |total: u64| (arrived > 0).then(|| total as f64 / arrived as f64);
    Cpu {
        server_us,
        client_us,
        server_us_per_event: server_us.and_then(per_event),
        client_us_per_event: per_event(client_us),
        server_wait_us: served(shards, |served| served.usage.wait_us),
        client_wait_us: sum(shards, |shard| shard.worked.usage.wait_us),
    }
}

fn memory(shards: &[ShardResult], clients: u32, kernel: KernelMemory) -> Memory {
    let server = |bytes: fn(Usage) -> u64| served(shards, |served| bytes(served.usage));
    let client = |bytes: fn(Usage) -> u64| sum(shards, |shard| bytes(shard.worked.usage));
    let connected: fn(Usage) -> u64 = |usage| usage.connected_bytes.saturating_sub(usage.idle_bytes);
    let opened: fn(Usage) -> u64 = |usage| usage.opened_bytes.saturating_sub(usage.idle_bytes);
    let settled: fn(Usage) -> u64 = |usage| usage.settled_bytes.saturating_sub(usage.idle_bytes);
    let each = |bytes: u64| bytes / u64::from(clients);
    Memory {
        server_rss_bytes: server(|usage| usage.settled_bytes),
        client_rss_bytes: client(|usage| usage.settled_bytes),
        server_peak_bytes: server(|usage| usage.peak_bytes),
        client_peak_bytes: client(|usage| usage.peak_bytes),
        server_idle_bytes_per_client: server(connected).map(each),
        client_idle_bytes_per_client: each(client(connected)),
        server_opened_bytes_per_client: server(opened).map(each),
        client_opened_bytes_per_client: each(client(opened)),
        server_bytes_per_client: server(settled).map(each),
        client_bytes_per_client: each(client(settled)),
        kernel_idle_bytes_per_client: kernel.until_connected(clients),
        kernel_bytes_per_client: kernel.until_settled(clients),
    }
}
