//! The records of `results.jsonl`, one JSON object a line: first a run, then its trials.
//!
//! These are wire structures: plain data, every field public, unknown fields refused so that a misspelt one is an
//! error. Durations and sizes carry their unit in the name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the records below; raised when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

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
    /// `push` or `pull`.
    pub flow: String,
    /// `log`: every event arrives; `snapshot`: the newest state arrives, older ones coalesce.
    pub delivery: String,
    /// Who opens the connection that carries events: `client` or `server`.
    pub connects: String,
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

/// Size of one half of an approach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complexity {
    /// File that was measured, relative to the repository.
    pub source: String,
    /// Lines of code: neither blank nor comment, tests left out.
    pub code_lines: u32,
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
    /// Arrival process: `poisson`, `constant` or `burst`.
    pub arrival: String,
}

/// Everything that one trial measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// Clients.
    pub clients: Clients,
    /// The connect phase.
    pub connect: Connect,
    /// The phases.
    pub window: Window,
    /// Every event scheduled inside the measuring window, accounted for.
    pub events: Events,
    /// Responses that arrived inside the window.
    pub responses: Responses,
    /// Requests whose response arrived inside the window.
    pub requests: u64,
    /// Connections opened inside the window.
    pub connections_opened: u64,
    /// Connections opened again by clients that were cut off, inside the window.
    pub reconnects: u64,
    /// Bytes on the server's sockets inside the window.
    pub wire: Wire,
    /// Arrival at the client, decoded, minus scheduled time.
    pub latency_ns: Summary,
    /// Published minus scheduled time.
    pub lateness_ns: Summary,
    /// Last arrival of an event at any client minus its scheduled time.
    pub time_to_last_ns: Summary,
    /// Confirmation received minus order scheduled; null where the approach is not bidirectional or no order was sent.
    pub confirmation_ns: Option<Summary>,
    /// Start of a poll minus its scheduled time; null where the approach does not poll.
    pub poll_lateness_ns: Option<Summary>,
    /// Processor time inside the window.
    pub cpu: Cpu,
    /// Resident memory.
    pub memory: Memory,
    /// Verdicts on these numbers.
    pub checks: Vec<Check>,
}

/// Clients of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Asked for.
    pub requested: u32,
    /// Subscribed before the start.
    pub connected: u32,
    /// Could not subscribe, or were refused for good later.
    pub lost: u32,
}

/// The connect phase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// From the first client's attempt until the last was subscribed, in the slowest shard.
    pub seconds: f64,
}

/// The phases of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Before the window.
    pub warmup_ms: u64,
    /// The window.
    pub measure_ms: u64,
    /// After the window, at most, for what is still under way.
    pub drain_ms: u64,
}

/// Events scheduled inside the window. `delivered + missed + coalesced = expected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// In the feed.
    pub scheduled: u64,
    /// Published by the server.
    pub published: u64,
    /// Owed: each event once for every client that follows its symbol.
    pub expected: u64,
    /// Received, each once.
    pub delivered: u64,
    /// Never received.
    pub missed: u64,
    /// Received again.
    pub duplicate: u64,
    /// Received after a later one of the same client.
    pub reordered: u64,
    /// Received with other content than the feed's.
    pub corrupt: u64,
    /// Skipped by a snapshot because a newer state of the same symbol was seen.
    pub coalesced: u64,
}

/// Responses. `total = with_events + empty`; `not_modified` and `timed_out` are parts of `empty`. Where the server
/// pushes, a response is one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Responses {
    /// All, errors and heartbeats apart.
    pub total: u64,
    /// Carried at least one event.
    pub with_events: u64,
    /// Carried none.
    pub empty: u64,
    /// Said "unchanged".
    pub not_modified: u64,
    /// Held until the time was up.
    pub timed_out: u64,
    /// Failed requests.
    pub errors: u64,
    /// Messages that only kept a connection alive.
    pub heartbeats: u64,
    /// Empty responses that theory expects; null where there is no theory for the approach.
    pub empty_theory: Option<EmptyTheory>,
}

/// What theory says about empty responses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmptyTheory {
    /// Responses that the theory speaks of.
    pub responses: u64,
    /// Those of them that were empty.
    pub observed: u64,
    /// Probability that one is empty: exp(−λT).
    pub probability: f64,
    /// Standard deviation of the count, with clients that share a symbol counted as one cluster.
    pub standard_deviation: f64,
}

/// Bytes on the server's sockets, protocol framing included, without TCP and IP headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wire {
    /// Read by the server.
    pub client_to_server_bytes: u64,
    /// Written by the server.
    pub server_to_client_bytes: u64,
}

/// Distribution of a duration in nanoseconds. A percentile that the sample cannot support is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Samples.
    pub count: u64,
    /// Smallest; null without samples, as are all others.
    pub min: Option<u64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<u64>,
    /// 90 of 100 are at most this.
    pub p90: Option<u64>,
    /// 99 of 100 are at most this.
    pub p99: Option<u64>,
    /// 999 of 1,000 are at most this.
    pub p999: Option<u64>,
    /// Largest.
    pub max: Option<u64>,
    /// HdrHistogram V2 + DEFLATE, base64.
    pub histogram: String,
}

/// Processor time inside the window, user and system, of all shards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Servers.
    pub server_us: u64,
    /// Workers.
    pub client_us: u64,
    /// Servers, for each event delivered; null where none was.
    pub server_us_per_event: Option<f64>,
    /// Workers, for each event delivered; null where none was.
    pub client_us_per_event: Option<f64>,
}

/// Resident anonymous memory of all shards at the end of the window, and its growth over the idle process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Servers.
    pub server_rss_bytes: u64,
    /// Workers.
    pub client_rss_bytes: u64,
    /// Largest ever of the servers, code and files included.
    pub server_peak_bytes: u64,
    /// Largest ever of the workers, code and files included.
    pub client_peak_bytes: u64,
    /// Growth of the servers, for each client.
    pub server_bytes_per_client: u64,
    /// Growth of the workers, for each client.
    pub client_bytes_per_client: u64,
}

/// One verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Name of the check.
    pub id: String,
    /// What was measured; null where there was nothing to judge.
    pub value: Option<f64>,
    /// From where on the check does not pass; null where it is no threshold.
    pub threshold: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// Cause and remedy, for a reader.
    pub note: String,
}

/// Verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Read the note before trusting the numbers.
    Warn,
    /// The numbers cannot be trusted.
    Invalid,
}
