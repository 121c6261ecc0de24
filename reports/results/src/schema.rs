//! The records of `results.jsonl`, one JSON object per line: first a run, then its trials.
//!
//! Unknown fields are errors, so that a misspelt one is noticed. Names of durations and sizes end with their unit. The
//! documentation of the fields is also the table in `docs/format.md`.

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
pub use words::{Arrival, Delivery, Encoding, Flow, Part, Side};

/// Version of the records. It rises when a field is added, removed or changes its meaning.
pub const SCHEMA_VERSION: u32 = 5;
/// Oldest version that can be read. A field that it lacks has its default.
pub const OLDEST_VERSION: u32 = 4;

/// Maximum number of events of a trial, warm-up included.
pub const MOST_EVENTS: f64 = 10_000_000.0;
/// Maximum payload of an event, in bytes.
pub const MOST_PAYLOAD_BYTES: u32 = 1024 * 1024;
/// Longest phase of a trial, in seconds.
pub const LONGEST_PHASE_SECONDS: u64 = 3_600;

/// One line of `results.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// The first line.
    Run(Box<RunRecord>),
    /// Every further line, except the last one of an interrupted run.
    Trial(Box<TrialRecord>),
    /// The last line of a run that ended early.
    Interrupted(Interrupted),
}

/// A run: its scenario, tool and machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// Version of this format, currently 5.
    pub schema_version: u32,
    /// The tool that wrote the file.
    pub tool: Tool,
    /// Start of the run in UTC, as in RFC 3339.
    pub started: String,
    /// The command line that reproduces the run.
    pub command: String,
    /// Name of the scenario: its file name without the extension.
    pub scenario_name: String,
    /// The complete scenario, with overrides applied and defaults filled in.
    pub scenario: serde_json::Value,
    /// Number of planned trials.
    pub planned_trials: u32,
    /// The machine.
    pub environment: Environment,
    /// The approaches of the run, in the order of the registry.
    pub approaches: Vec<ApproachFacts>,
}

/// The end of a run that was interrupted or could not write a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interrupted {
    /// Number of recorded trials.
    pub recorded_trials: u32,
    /// Number of planned trials.
    pub planned_trials: u32,
}

/// The tool that wrote a result file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Version of the package.
    pub version: String,
    /// Commit of the build; `unknown` outside a checkout.
    pub git_revision: String,
    /// Whether the checkout had uncommitted changes.
    pub dirty: bool,
}

impl Tool {
    /// Returns the first characters of the commit.
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
    /// CPU model.
    pub cpu: String,
    /// Cores that the process may use.
    pub cores: u32,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Current limit of file descriptors.
    pub nofile_soft: u64,
    /// Highest limit of file descriptors that the process may set.
    pub nofile_hard: u64,
    /// Clock source of the kernel.
    pub clocksource: String,
    /// Identifier of the boot.
    pub boot_id: String,
}

/// Facts about one approach, from the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproachFacts {
    /// Name of the approach.
    pub name: String,
    /// A description, in one sentence.
    pub summary: String,
    /// Which end decides when an event is sent.
    pub flow: Flow,
    /// Which events a client receives.
    pub delivery: Delivery,
    /// Which end opens the connection that carries the events.
    pub connects: Side,
    /// Whether a browser can use it without a proxy or library.
    pub browser: bool,
    /// Whether the client can send on the same connection.
    pub bidirectional: bool,
    /// Whether a client can resume without loss after a lost connection.
    pub resumable: bool,
    /// Whether every other approach is compared with it.
    pub floor: bool,
    /// Its row in the article's table; null if there is none.
    pub article: Option<ArticleWords>,
    /// Complexity of the client's source.
    pub client_complexity: Complexity,
    /// Complexity of the server's source.
    pub server_complexity: Complexity,
}

impl ApproachFacts {
    /// Returns whether it carries calls to browsers that cannot speak the original protocol, which others can.
    #[must_use]
    pub fn is_rpc_for_browsers(&self) -> bool {
        self.flow == Flow::Push
            && self.connects == Side::Client
            && self.article.is_none()
            && !(self.browser || self.bidirectional || self.floor)
    }
}

/// A row of the article's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleWords {
    /// The article's name of the approach.
    pub label: String,
    /// The word for its latency.
    pub latency: String,
    /// The words for its client complexity.
    pub client_complexity: String,
    /// The word for its server complexity.
    pub server_complexity: String,
}

/// One trial: one variant under one load, once. From `clients` on, the fields are absent if `status` is `failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the approach.
    pub approach: String,
    /// Name of the variant: the approach, and the settings of the scenario after slashes.
    pub variant: String,
    /// All settings of the approach, including defaults.
    pub parameters: BTreeMap<String, String>,
    /// Encoding of an event. Absent if the tool did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The load.
    pub load: Load,
    /// Whether the scenario may offer this variant more than the machine can carry. An invalid trial is then a result and does
    /// not affect the exit code.
    pub overload: bool,
    /// Which part of the report it is for. Absent if that is the table.
    #[serde(default, skip_serializing_if = "Part::is_table")]
    pub part: Part,
    /// Round, from 1.
    pub round: u32,
    /// Its number among the trials of its variant in this round, from 1. Absent if it is the first.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub repeat: u32,
    /// Number of pairs of server and worker processes.
    pub shards: u32,
    /// Outcome.
    pub status: Status,
    /// Why the trial failed or is invalid; null if it is ok. A trial of a variant that does not conform names the case.
    pub error: Option<String>,
    /// The measurements. Absent if the trial failed.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_first(repeat: &u32) -> bool {
    *repeat == 1
}

/// Outcome of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Measured; every check passed or warned.
    Ok,
    /// Measured, but a check found that the numbers cannot be trusted.
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
    /// Symbols of the feed.
    pub symbols: u32,
    /// Symbols per client.
    pub symbols_per_client: u32,
    /// Events per second, over all symbols.
    pub events_per_second: f64,
    /// Orders per second, over all clients of a bidirectional approach.
    pub orders_per_second: f64,
    /// Payload of each event, in addition to its own fields.
    pub payload_bytes: u32,
    /// Arrival process.
    pub arrival: Arrival,
}

/// Identifies a load: clients, symbols, symbols per client and payload bytes; the bits of the rate; and the arrival process.
pub type LoadKey = ([u32; 4], u64, Arrival);

impl Load {
    /// Returns the events per second and client, of the symbols that it follows.
    #[must_use]
    pub fn events_per_client(&self) -> f64 {
        self.events_per_second * f64::from(self.symbols_per_client) / f64::from(self.symbols.max(1))
    }

    /// Returns the load without orders, which only some approaches have.
    #[must_use]
    pub fn without_orders(&self) -> Self {
        Self { orders_per_second: 0.0, ..self.clone() }
    }

    /// Returns the key of the load. Orders do not count.
    #[must_use]
    pub fn key(&self) -> LoadKey {
        let counts = [self.clients, self.symbols, self.symbols_per_client, self.payload_bytes];
        // Adding 0 turns −0 into 0.
        (counts, (self.events_per_second + 0.0).to_bits(), self.arrival)
    }
}
