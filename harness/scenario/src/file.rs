//! The keys of scenario files. `plan` turns a scenario into trials. A scenario names loads and properties, never code.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{faults::Faults, feed::Arrival};

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A title of a few words.
    pub title: String,
    /// The question that the scenario answers.
    pub question: String,
    /// A paragraph for the report: what may be concluded, and what may not.
    pub analysis: String,
    /// The approaches that take part: `"all"`; a list of approaches or variants, such as `["sse", "websocket/binary"]`; or
    /// properties that an approach must have: `flow` (`push`, `pull`), `delivery` (`log`, `snapshot`), `browser`,
    /// `bidirectional`.
    pub approaches: Selection,
    /// Number of rounds, at least 1. The order inside a round is shuffled with the seed.
    pub trials: u32,
    /// Trials of the floor in each round. Every ratio is to the floor, so that its noise is in every row.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub floor_trials: u32,
    /// The load.
    pub load: LoadKeys,
    /// The phases.
    pub window: WindowKeys,
    /// Further rates, for the cost of a delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostKeys>,
    /// Limits of the servers.
    #[serde(default)]
    pub limits: HubLimits,
    /// Variants that may be offered more than the machine can carry, such as `["short-poll/1s"]`. If their trials are invalid
    /// for lack of CPU time, the run is not.
    #[serde(default)]
    pub overload: Vec<String>,
    /// Settings of the machine.
    #[serde(default)]
    pub machine: MachineKeys,
    /// Faults that prove that the checks fire. A measurement has none.
    #[serde(default)]
    pub faults: Faults,
    /// Values of settings, by approach and setting: `[params.sse]`, `heartbeat = ["5s", "15s"]`. Each value makes a variant.
    #[serde(default)]
    pub params: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Which approaches take part: `"all"`, names, or properties that they must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected \"all\", a list of names, or a table of properties such as { flow = \"push\" }"
)]
pub enum Selection {
    /// Every approach.
    All(All),
    /// The approaches with these names.
    Names(Vec<String>),
    /// The approaches with all of these properties.
    Properties(Properties),
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum All {
    /// Every approach.
    All,
}

/// Properties that an approach must have to take part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Properties {
    /// `push` or `pull`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// `log` or `snapshot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// Whether a browser can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<bool>,
    /// Whether the client can send orders on the same connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bidirectional: Option<bool>,
}

/// The table `[load]`. A list under `clients` or `events_per_second` makes a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadKeys {
    /// Simulated clients, at least 1. A list makes a sweep.
    pub clients: OneOrMany<u32>,
    /// Symbols of the feed, at least 1. The first two are `BTC` and `ETH`.
    pub symbols: u32,
    /// Symbols per client, from 1 to `symbols`.
    #[serde(default = "one")]
    pub symbols_per_client: u32,
    /// Mean rate of events per second over all symbols, above 0. A list makes a sweep.
    pub events_per_second: OneOrMany<f64>,
    /// Orders per second over all clients of a bidirectional approach. Other approaches have none.
    #[serde(default)]
    pub orders_per_second: f64,
    /// How events are spread over time.
    pub arrival: Arrival,
    /// Payload of each event in addition to its own fields, in bytes, at most 1,048,576.
    #[serde(default)]
    pub payload_bytes: u32,
    /// Seed of all random numbers.
    #[serde(default = "one_long")]
    pub seed: u64,
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number that is not negative, or a list of them")]
pub enum OneOrMany<T> {
    /// One value.
    One(T),
    /// The values of a sweep.
    Many(Vec<T>),
}

impl<T: Copy> OneOrMany<T> {
    /// Returns all values.
    pub fn values(&self) -> Vec<T> {
        match self {
            Self::One(value) => vec![*value],
            Self::Many(values) => values.clone(),
        }
    }
}

/// The table `[window]`; durations such as `250ms`, `1s`, `5m`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowKeys {
    /// Duration of the warm-up, at most 1h.
    pub warmup: String,
    /// Length of the window, from 1ms to 1h.
    pub measure: String,
    /// Maximum time after the window for deliveries under way, at most 1h.
    pub drain: String,
}

/// The table `[cost]`: each variant is also measured at these rates, once each, so that the CPU time of a delivery is a slope
/// over rates. These trials are not in the table, and may be offered more than the machine can carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostKeys {
    /// The rates, as `load.events_per_second`. An empty list leaves these trials out.
    pub events_per_second: OneOrMany<f64>,
    /// Duration of the warm-up of such a trial, at most 1h. Polling approaches get at least one interval.
    #[serde(default = "cost_warmup")]
    pub warmup: String,
    /// Length of its window, from 1ms to 1h. For polling approaches it is rounded up to whole intervals.
    #[serde(default = "cost_measure")]
    pub measure: String,
}

/// The table `[limits]`: limits of the servers' hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HubLimits {
    /// Events that the hub keeps for clients that reconnect.
    pub replay_events: usize,
    /// Events that a subscription may fall behind before the server ends it.
    pub queue_events: u64,
    /// Events in one write.
    pub batch_events: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        let servers::Limits { replay_events, queue_events, batch_events } = servers::Limits::default();
        Self { replay_events, queue_events, batch_events }
    }
}

impl From<HubLimits> for servers::Limits {
    fn from(limits: HubLimits) -> Self {
        let HubLimits { replay_events, queue_events, batch_events } = limits;
        Self { replay_events, queue_events, batch_events }
    }
}

/// The table `[machine]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MachineKeys {
    /// Keeps idle cores awake during a trial. Needs write access to `/dev/cpu_dma_latency`, and has no effect without it.
    pub keep_awake: bool,
    /// Rounds with cores kept awake, in addition to `trials`, of the approaches that do not poll at an interval. They are left
    /// out where cores cannot be kept awake.
    #[serde(skip_serializing_if = "is_none")]
    pub awake_rounds: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(rounds: &u32) -> bool {
    *rounds == 0
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_once(trials: &u32) -> bool {
    *trials == 1
}

fn cost_warmup() -> String {
    "250ms".to_owned()
}

fn cost_measure() -> String {
    "750ms".to_owned()
}

fn one() -> u32 {
    1
}

fn one_long() -> u64 {
    1
}
