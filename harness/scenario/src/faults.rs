//! Faults that prove that each check fires: switches of servers, workers and coordinator.
//!
//! A scenario's table `[faults]` sets them, so the record of a run contains them. This module only lists them. Each is
//! injected where it would happen, and noted there, because a fault that did not happen proves nothing.

use std::{collections::BTreeSet, ops::Not};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The faults of a run. A measurement has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Server: loses the event with this sequence number on its way to the hub, but counts it as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_event: Option<u64>,
    /// Server: skips the event with this sequence number: it is neither published nor counted as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_event: Option<u64>,
    /// Server: publishes the event with this sequence number with another price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrupt_event: Option<u64>,
    /// Server: aborts the process after this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub die_after_event: Option<u64>,
    /// Server: publishes events this much later than scheduled, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_publishing_ms: Option<u64>,
    /// Server: does so with one of this many events instead of all. Events that are due meanwhile wait for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_publishing_every: Option<u64>,
    /// Server: uses this much CPU time per event before it is published, in microseconds, as a slower implementation would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_work_us: Option<u64>,
    /// Server: holds published events back on their way into the hub, as a slower implementation would:
    /// `{ constant_us = 5000 }`, `{ uniform_us = 5000 }`, `{ bimodal_us = [1000, 9000] }` (nine of ten, one of ten), or
    /// `{ stall = { at_ms = 1500, for_ms = 200 } }`.
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
    /// Worker: counts an empty response per response with events.
    #[serde(skip_serializing_if = "Not::not")]
    pub count_empties: bool,
    /// Worker: all clients poll at the same phase.
    #[serde(skip_serializing_if = "Not::not")]
    pub synchronise_polls: bool,
    /// Worker: counts a reconnect per response with events.
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
    /// Worker: this many threads that only use CPU time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_worker_threads: Option<u32>,
    /// Server: this many threads that only use CPU time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_server_threads: Option<u32>,
    /// Worker: counts arrivals without accounting for them, to measure the cost of the account.
    #[serde(skip_serializing_if = "Not::not")]
    pub discard: bool,
    /// Coordinator: this many threads that use all CPU time that is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stolen_cores: Option<u32>,
    /// A thread or task panics in the window: the first client's, one of the server's, or the publisher's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<Panicking>,
    /// Coordinator: stops the servers at this time after the start, in milliseconds, for 300 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_servers_at_ms: Option<u64>,
    /// Coordinator: stops the workers in the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_workers_at_ms: Option<u64>,
    /// Coordinator: is stopped itself in the same way, by a shell that it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_coordinator_at_ms: Option<u64>,
    /// Coordinator: the thread that only sleeps oversleeps by this much, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oversleep_ms: Option<u64>,
    /// Coordinator: pretends that the kernel's clock source has this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocksource: Option<String>,
}

/// How long processes are stopped, in milliseconds.
pub const STOPPED_MS: u64 = 300;

/// What panics, as a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Panicking {
    /// The task of the worker's first client.
    Client,
    /// A task of the server.
    Connection,
    /// The thread that publishes.
    Publisher,
}

/// Faults that were injected, by their keys under `[faults]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injected(BTreeSet<String>);

impl Injected {
    /// Notes that the fault with this key was injected.
    pub fn note(&mut self, key: &str) {
        self.note_if(true, key);
    }

    /// Notes the fault with this key if it happened.
    pub fn note_if(&mut self, happened: bool, key: &str) {
        if happened && !self.0.contains(key) {
            self.0.insert(key.to_owned());
        }
    }

    /// Adds the faults that another process, or another part of this one, has injected.
    pub fn add(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }
}

/// Processes that are stopped for a while, as a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Its key under `[faults]`.
    pub key: &'static str,
    /// Which processes.
    pub who: Stopping,
    /// When, in milliseconds after the start.
    pub at_ms: u64,
}

/// Which processes are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// All servers.
    Servers,
    /// All workers.
    Workers,
    /// The coordinator.
    Coordinator,
}

impl Faults {
    /// Returns the requested stop. A trial has at most one.
    pub fn stop(&self) -> Option<Stop> {
        let stops = [
            ("stop_servers_at_ms", Stopping::Servers, self.stop_servers_at_ms),
            ("stop_workers_at_ms", Stopping::Workers, self.stop_workers_at_ms),
            ("stop_coordinator_at_ms", Stopping::Coordinator, self.stop_coordinator_at_ms),
        ];
        stops.into_iter().find_map(|(key, who, at_ms)| Some(Stop { key, who, at_ms: at_ms? }))
    }

    /// Returns the number of requested faults.
    pub fn count(&self) -> usize {
        self.asked().len()
    }

    /// Returns the keys of the faults that were requested but not injected.
    pub fn not_injected(&self, injected: &Injected) -> Vec<String> {
        self.asked().into_iter().filter(|key| !injected.0.contains(key)).collect()
    }

    fn asked(&self) -> Vec<String> {
        match serde_json::to_value(self).expect("faults have only string keys and finite numbers") {
            serde_json::Value::Object(asked) => asked.into_iter().map(|(key, _)| key).collect(),
            _ => Vec::new(),
        }
    }
}

/// How long each event is held back. The rule decides beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// The same for all events.
    ConstantUs(u64),
    /// Uniform between 0 and this.
    UniformUs(u64),
    /// Nine of ten events by the first, one of ten by the second.
    BimodalUs([u64; 2]),
    /// No event leaves for a while; then all of them do.
    Stall {
        /// When it begins, after the start.
        at_ms: u64,
        /// How long it lasts.
        for_ms: u64,
    },
}
