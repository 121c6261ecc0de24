//! Deliberate faults, to prove that each check sees its own: calibration switches of servers, workers and coordinator.
//!
//! A scenario's table `[faults]` sets them, so that they are in the record of every run that used one. This module only
//! says which there are; each is injected where it would happen.

use std::ops::Not;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The faults of a run; none in a measurement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Server: loses the event with this sequence number inside the hub: it takes its place, and nobody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_event: Option<u64>,
    /// Server: skips the event with this sequence number: it is neither published nor counted as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_event: Option<u64>,
    /// Server: publishes the event with this sequence number with another price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrupt_event: Option<u64>,
    /// Server: ends the process without a word after this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub die_after_event: Option<u64>,
    /// Server: publishes events this much later than scheduled, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_publishing_ms: Option<u64>,
    /// Server: does so with one of so many events, instead of all; those that are due meanwhile wait for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_publishing_every: Option<u64>,
    /// Server: takes so much processor time for each event before it is published, in microseconds, as a slower
    /// implementation would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_work_us: Option<u64>,
    /// Server: holds published events back on their way into the hub, as a slower implementation would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_delay: Option<Delay>,
    /// Server and worker: the feed ticks at equal gaps, although the record says otherwise.
    #[serde(skip_serializing_if = "Not::not")]
    pub periodic_schedule: bool,
    /// Worker: receives the event with this sequence number twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_event: Option<u64>,
    /// Worker: receives the event with this sequence number after the one that follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder_event: Option<u64>,
    /// Worker: loses the first client before it subscribes.
    #[serde(skip_serializing_if = "Not::not")]
    pub lose_client: bool,
    /// Worker: loses the confirmations of orders.
    #[serde(skip_serializing_if = "Not::not")]
    pub lose_confirmations: bool,
    /// Worker: counts an empty response for each response with events.
    #[serde(skip_serializing_if = "Not::not")]
    pub count_empties: bool,
    /// Worker: all clients poll at the same phase.
    #[serde(skip_serializing_if = "Not::not")]
    pub synchronise_polls: bool,
    /// Worker: counts a reconnect for each response with events.
    #[serde(skip_serializing_if = "Not::not")]
    pub count_reconnects: bool,
    /// Worker: counts each request twice.
    #[serde(skip_serializing_if = "Not::not")]
    pub count_requests_twice: bool,
    /// Worker: leaves one delivery out of the histogram.
    #[serde(skip_serializing_if = "Not::not")]
    pub lose_sample: bool,
    /// Worker: records at most this latency, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clamp_latency_us: Option<u64>,
    /// Worker: stamps one arrival with the time of the start, before it can have happened.
    #[serde(skip_serializing_if = "Not::not")]
    pub early_stamp: bool,
    /// Worker: stamps arrivals later and later, by this much more in each second, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_down_ms: Option<u64>,
    /// Worker: so many threads that only take processor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_worker_threads: Option<u32>,
    /// Server: so many threads that only take processor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_server_threads: Option<u32>,
    /// Worker: counts arrivals and keeps no account of them, to see what the account costs.
    #[serde(skip_serializing_if = "Not::not")]
    pub discard: bool,
    /// Coordinator: so many threads that take every processor time that nobody else wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stolen_cores: Option<u32>,
    /// Coordinator: stops the servers at this time after the start, in milliseconds, for [`STOPPED_MS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_servers_at_ms: Option<u64>,
    /// Coordinator: the thread that only sleeps oversleeps by this much, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oversleep_ms: Option<u64>,
    /// Coordinator: pretends that the kernel's clock source has this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocksource: Option<String>,
}

/// How long servers are stopped, in milliseconds.
pub const STOPPED_MS: u64 = 300;

/// How long events are held back, by a rule that says it for each event beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// All alike.
    ConstantUs(u64),
    /// Uniformly between 0 and this.
    UniformUs(u64),
    /// Nine of ten by the first, one of ten by the second.
    BimodalUs([u64; 2]),
    /// Nothing leaves for a while; then all that was held back does.
    Stall {
        /// When it begins, after the start.
        at_ms: u64,
        /// How long it lasts.
        for_ms: u64,
    },
}
