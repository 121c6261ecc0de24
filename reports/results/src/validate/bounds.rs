//! The largest counts that are possible with a load and window. Larger ones are refused, so that sums do not overflow
//! and nothing is allocated for impossible numbers.

use super::{fault, not_negative};
use crate::{
    parse::Fault,
    schema::{Load, Measured, Memory, Summary},
};

/// Maximum of any count of a trial, such as deliveries. A hundred million per second for an hour are fewer.
const MOST: u64 = 1_000_000_000_000;

/// Maximum of bytes and of microseconds of CPU time of a trial. Ten thousand trials can be added without overflow.
const MOST_OF_A_COST: u64 = 100_000_000_000_000;

/// Factor by which a feed may exceed the expected number of events by chance or in bursts.
const CHANCE: f64 = 2.0;

/// Number of additional events that a short window may have.
const FEW: u64 = 1_000;

/// Validates all counts and costs of a trial.
pub(super) fn counts(load: &Load, measured: &Measured) -> Result<(), Fault> {
    accounts(load, measured)?;
    samples(load, measured)?;
    let Measured { clients, responses, cpu, .. } = measured;
    let wire = measured.wire.unwrap_or_default();
    let of_clients = u64::from(load.clients);
    all(&[
        ("clients.requested", clients.requested.into(), of_clients),
        ("clients.connected", clients.connected.into(), of_clients),
        ("clients.lost", clients.lost.into(), of_clients),
        ("responses.total", responses.total, MOST),
        ("responses.errors", responses.errors, MOST),
        ("responses.heartbeats", responses.heartbeats, MOST),
        ("responses.empty_theory.responses", responses.empty_theory.map_or(0, |theory| theory.responses), MOST),
        ("requests", measured.requests, MOST),
        ("offered_requests", measured.offered_requests.unwrap_or(0), MOST),
        ("connections_opened", measured.connections_opened.unwrap_or(0), MOST),
        ("reconnects", measured.reconnects, MOST),
        ("resets", measured.resets, MOST),
        ("overflows", measured.overflows.unwrap_or(0), MOST),
        ("wire.client_to_server_bytes", wire.client_to_server_bytes, MOST_OF_A_COST),
        ("wire.server_to_client_bytes", wire.server_to_client_bytes, MOST_OF_A_COST),
        ("cpu.server_us", cpu.server_us.unwrap_or(0), MOST_OF_A_COST),
        ("cpu.client_us", cpu.client_us, MOST_OF_A_COST),
        ("cpu.server_wait_us", cpu.server_wait_us.unwrap_or(0), MOST_OF_A_COST),
        ("cpu.client_wait_us", cpu.client_wait_us, MOST_OF_A_COST),
        ("host.throttled_us", measured.host.throttled_us.unwrap_or(0), MOST_OF_A_COST),
    ])?;
    memory(&measured.memory)
}

/// Validates a number that is not a count: finite, not negative, and not larger than any cost.
pub(super) fn number(field: &str, value: f64) -> Result<(), Fault> {
    not_negative(field, value)?;
    if value > MOST_OF_A_COST as f64 {
        return fault(field, &format!("{value:e}"), &format!("at most {:e}", MOST_OF_A_COST as f64));
    }
    Ok(())
}

/// Validates the counts of events.
fn accounts(load: &Load, measured: &Measured) -> Result<(), Fault> {
    let events = &measured.events;
    let (scheduled, deliveries) = (most_events(load, measured), most_deliveries(load, measured));
    all(&[
        ("events.scheduled", events.scheduled, scheduled),
        ("events.published", events.published.unwrap_or(0), scheduled),
        ("events.expected", events.expected, deliveries),
        ("events.delivered", events.delivered, deliveries),
        ("events.missed", events.missed, deliveries),
        ("events.coalesced", events.coalesced, deliveries),
        ("events.duplicate", events.duplicate, MOST),
        ("events.reordered", events.reordered, MOST),
        ("events.corrupt", events.corrupt, MOST),
        ("events.arrived", events.arrived, MOST),
    ])
}

/// Validates the sizes of the distributions.
fn samples(load: &Load, measured: &Measured) -> Result<(), Fault> {
    let (scheduled, deliveries) = (most_events(load, measured), most_deliveries(load, measured));
    let published = scheduled.saturating_mul(u64::from(load.clients)).min(MOST);
    let hiccups = duration_ms(measured).saturating_mul(10).saturating_add(FEW);
    let optional = |summary: &Option<Summary>| summary.as_ref().map_or(0, |summary| summary.count);
    all(&[
        ("event_median_ns.count", measured.event_median_ns.count, scheduled),
        ("time_to_last_ns.count", measured.time_to_last_ns.count, scheduled),
        ("event_entries_one_of", measured.event_entries_one_of, scheduled),
        ("latency_ns.count", measured.latency_ns.count, deliveries),
        // Each shard publishes every event and has at least one client.
        ("lateness_ns.count", optional(&measured.lateness_ns), published),
        ("hiccup_ns.count", measured.hiccup_ns.count, hiccups),
        ("confirmation_ns.count", optional(&measured.confirmation_ns), MOST),
        ("poll_lateness_ns.count", optional(&measured.poll_lateness_ns), MOST),
    ])
}

/// Returns the maximum number of events that this load schedules.
fn most_events(load: &Load, measured: &Measured) -> u64 {
    let seconds = duration_ms(measured) as f64 / 1e3;
    ((CHANCE * load.events_per_second * seconds) as u64).saturating_add(FEW)
}

/// Returns the maximum number of deliveries: every client receives every event.
fn most_deliveries(load: &Load, measured: &Measured) -> u64 {
    most_events(load, measured).saturating_mul(u64::from(load.clients)).min(MOST)
}

fn duration_ms(measured: &Measured) -> u64 {
    let window = measured.window;
    window.warmup_ms.saturating_add(window.measure_ms).saturating_add(window.drain_ms)
}

fn memory(memory: &Memory) -> Result<(), Fault> {
    let bytes = [
        ("memory.server_idle_bytes_per_client", memory.server_idle_bytes_per_client.unwrap_or(0)),
        ("memory.client_idle_bytes_per_client", memory.client_idle_bytes_per_client),
        ("memory.server_opened_bytes_per_client", memory.server_opened_bytes_per_client.unwrap_or(0)),
        ("memory.client_opened_bytes_per_client", memory.client_opened_bytes_per_client),
        ("memory.server_bytes_per_client", memory.server_bytes_per_client.unwrap_or(0)),
        ("memory.client_bytes_per_client", memory.client_bytes_per_client),
        ("memory.kernel_idle_bytes_per_client", memory.kernel_idle_bytes_per_client.unwrap_or(0)),
        ("memory.kernel_bytes_per_client", memory.kernel_bytes_per_client.unwrap_or(0)),
        ("memory.server_rss_bytes", memory.server_rss_bytes.unwrap_or(0)),
        ("memory.client_rss_bytes", memory.client_rss_bytes),
        ("memory.server_peak_bytes", memory.server_peak_bytes.unwrap_or(0)),
        ("memory.client_peak_bytes", memory.client_peak_bytes),
    ];
    all(&bytes.map(|(field, value)| (field, value, MOST_OF_A_COST)))
}

fn all(counts: &[(&str, u64, u64)]) -> Result<(), Fault> {
    match counts.iter().find(|(_, value, most)| value > most) {
        Some((field, value, most)) => {
            fault(field, &value.to_string(), &format!("at most {most}: this load cannot make more"))
        }
        None => Ok(()),
    }
}
