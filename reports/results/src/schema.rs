//! The records of `results.jsonl`, one JSON object a line: first a run, then its trials.
//!
//! These are wire structures: plain data, every field public, unknown fields refused so that a misspelt one is an
//! error. Durations and sizes carry their unit in the name.

mod complexity;
mod measured;
mod words;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use complexity::{Cognitive, Complexity, Crates, Obligations};
pub use measured::{
    Check, Clients, Connect, Cpu, EmptyTheory, Events, Host, Measured, Memory, Responses, Summary, Verdict, Window,
    Wire,
};
pub use words::{Arrival, Delivery, Flow, Side};

/// Version of the records below; raised when a field comes, goes or changes its meaning.
pub const SCHEMA_VERSION: u32 = 4;

/// Most events that a trial may have, warm-up and window together: what a scenario may ask for, and a record may say.
pub const MOST_EVENTS: f64 = 10_000_000.0;
/// Most filler of an event, in bytes.
pub const MOST_PAYLOAD_BYTES: u32 = 1024 * 1024;
/// Longest phase of a trial, in seconds.
pub const LONGEST_PHASE_SECONDS: u64 = 3_600;

/// One line of `results.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// The first line.
    Run(Box<RunRecord>),
    /// Each other line, except the last where a run was interrupted.
    Trial(Box<TrialRecord>),
    /// The run ended before its plan was done: what is above is kept, what is missing was not run.
    Interrupted(Interrupted),
}

/// What was run, by what, on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// `SCHEMA_VERSION` of the tool that wrote it.
    pub schema_version: u32,
    /// The tool.
    pub tool: Tool,
    /// Start, RFC 3339, UTC.
    pub started: String,
    /// Command line that reproduces the run.
    pub command: String,
    /// Name of the scenario, the file's name without ending.
    pub scenario_name: String,
    /// The effective scenario, whole, with every default filled in.
    pub scenario: serde_json::Value,
    /// Trials that were planned.
    pub planned_trials: u32,
    /// The machine.
    pub environment: Environment,
    /// What is known about each approach in this run, in the registry's order.
    pub approaches: Vec<ApproachFacts>,
}

/// Marks a run that ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interrupted {
    /// Trials that were recorded.
    pub recorded_trials: u32,
    /// Trials that were planned.
    pub planned_trials: u32,
}

/// The tool that wrote a result file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Version of the package.
    pub version: String,
    /// Commit it was built from; `unknown` outside a checkout.
    pub git_revision: String,
    /// The checkout had uncommitted changes.
    pub dirty: bool,
}

impl Tool {
    /// As much of the commit as names it to people.
    #[must_use]
    pub fn short_revision(&self) -> String {
        self.git_revision.chars().take(12).collect()
    }
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Operating system.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor model.
    pub cpu: String,
    /// Processors that this process may use.
    pub cores: u32,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Descriptor limit in force.
    pub nofile_soft: u64,
    /// Highest descriptor limit this process may set.
    pub nofile_hard: u64,
    /// Kernel clock source.
    pub clocksource: String,
    /// Identity of this boot.
    pub boot_id: String,
}

/// Facts about one approach, as the registry states them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproachFacts {
    /// Name of the approach.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Which end decides when an event is sent.
    pub flow: Flow,
    /// Which events a client receives.
    pub delivery: Delivery,
    /// Which end opens the connection that carries the events.
    pub connects: Side,
    /// A browser can do it without a proxy or library.
    pub browser: bool,
    /// The client can send on the same connection.
    pub bidirectional: bool,
    /// A client that was cut off can go on without loss.
    pub resumable: bool,
    /// What every other approach is compared with.
    pub floor: bool,
    /// The article's words; none where the article has no row for it.
    pub article: Option<ArticleWords>,
    /// Measured on the client's source that ran.
    pub client_complexity: Complexity,
    /// Measured on the server's source that ran.
    pub server_complexity: Complexity,
}

/// A row of the article's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleWords {
    /// The article's name for the approach.
    pub label: String,
    /// Its word for the latency.
    pub latency: String,
    /// Its word for the client's complexity.
    pub client_complexity: String,
    /// Its word for the server's complexity.
    pub server_complexity: String,
}

/// One trial: one variant under one load, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the approach.
    pub approach: String,
    /// Name of the variant: the approach, and after a slash the settings that the scenario gave.
    pub variant: String,
    /// Every setting of the approach, given or default.
    pub parameters: BTreeMap<String, String>,
    /// The load.
    pub load: Load,
    /// The scenario offers this variant more than the machine may carry, to see what becomes of it: that its trial is
    /// invalid is a result and no failure of the run.
    pub overload: bool,
    /// Round, from 1.
    pub round: u32,
    /// Server and worker pairs that the clients were divided over.
    pub shards: u32,
    /// Outcome.
    pub status: Status,
    /// Why the trial failed or is invalid.
    pub error: Option<String>,
    /// The clients; absent, like all that follows, where the trial failed before it was measured.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

/// Outcome of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Measured, and every check passed or warned.
    Ok,
    /// Measured, but a check says that the numbers cannot be trusted.
    Invalid,
    /// Not measured to the end.
    Failed,
}

/// The load of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Simulated clients.
    pub clients: u32,
    /// Symbols in the feed.
    pub symbols: u32,
    /// Symbols that each client follows.
    pub symbols_per_client: u32,
    /// Events a second, over all symbols.
    pub events_per_second: f64,
    /// Orders a second, over all clients of a bidirectional approach.
    pub orders_per_second: f64,
    /// Filler in each event.
    pub payload_bytes: u32,
    /// Arrival process.
    pub arrival: Arrival,
}

/// What loads are told apart by: clients, symbols, symbols of a client and bytes of payload; the bits of the rate, in
/// events a second; and the arrival process.
pub type LoadKey = ([u32; 4], u64, Arrival);

impl Load {
    /// Events a second for each client, of the symbols that it follows.
    #[must_use]
    pub fn events_per_client(&self) -> f64 {
        self.events_per_second * f64::from(self.symbols_per_client) / f64::from(self.symbols.max(1))
    }

    /// The same without orders, which only some approaches take: what loads are told apart by.
    #[must_use]
    pub fn without_orders(&self) -> Self {
        Self { orders_per_second: 0.0, ..self.clone() }
    }

    /// What loads are told apart by, as a key: orders left out, the rate as its bits.
    #[must_use]
    pub fn key(&self) -> LoadKey {
        let counts = [self.clients, self.symbols, self.symbols_per_client, self.payload_bytes];
        // Adding 0 makes one number of 0 and −0.
        (counts, (self.events_per_second + 0.0).to_bits(), self.arrival)
    }
}
