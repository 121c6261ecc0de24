//! Scenario files: what is written in them.
//!
//! The structures here are the file, key by key; `plan` turns them into trials. A scenario names loads and
//! properties, never code.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{faults::Faults, feed::Arrival};

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A few words.
    pub title: String,
    /// What the scenario answers.
    pub question: String,
    /// A paragraph that the report prints: what may be concluded, and what may not.
    pub analysis: String,
    /// Which approaches take part.
    pub approaches: Selection,
    /// Rounds; the order inside a round is shuffled with the seed.
    pub trials: u32,
    /// The load.
    pub load: LoadKeys,
    /// The phases.
    pub window: WindowKeys,
    /// Bounds of the servers.
    #[serde(default)]
    pub limits: HubLimits,
    /// Variants that are offered more than the machine may carry, to see what becomes of them.
    #[serde(default)]
    pub overload: Vec<String>,
    /// What is done to the machine.
    #[serde(default)]
    pub machine: MachineKeys,
    /// Deliberate faults, to prove that the checks see them; none in a measurement.
    #[serde(default)]
    pub faults: Faults,
    /// By approach and setting: the values that make its variants.
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
    /// These.
    Names(Vec<String>),
    /// Those with all of these properties.
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
    /// A browser can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<bool>,
    /// The client can send orders on the same connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bidirectional: Option<bool>,
}

/// The table `[load]`. A list under `clients` or `events_per_second` sweeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadKeys {
    /// Simulated clients.
    pub clients: OneOrMany<u32>,
    /// Symbols in the feed.
    pub symbols: u32,
    /// Symbols that each client follows.
    #[serde(default = "one")]
    pub symbols_per_client: u32,
    /// Events a second, over all symbols.
    pub events_per_second: OneOrMany<f64>,
    /// Orders a second, over all clients of a bidirectional approach.
    #[serde(default)]
    pub orders_per_second: f64,
    /// How events are spread over time.
    pub arrival: Arrival,
    /// Filler in each event.
    #[serde(default)]
    pub payload_bytes: u32,
    /// Seed of everything random.
    #[serde(default = "one_long")]
    pub seed: u64,
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number that is not negative, or a list of them")]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// A sweep.
    Many(Vec<T>),
}

impl<T: Copy> OneOrMany<T> {
    /// All values.
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
    /// Before the window.
    pub warmup: String,
    /// The window.
    pub measure: String,
    /// After the window, at most.
    pub drain: String,
}

/// Bounds of the hub, see `servers::Limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HubLimits {
    /// Events kept for those who come back.
    pub replay_events: usize,
    /// Events that a subscription may fall behind.
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
    /// Keeps the cores awake between events, by a request to the kernel that needs write access to
    /// `/dev/cpu_dma_latency`.
    pub keep_awake: bool,
}

fn one() -> u32 {
    1
}

fn one_long() -> u64 {
    1
}
