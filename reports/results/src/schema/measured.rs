//! What a trial measured: counts, distributions, costs, and the verdicts on them.
//!
//! Wire structures like those of the parent, which flattens them into the trial's record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Requests that the clients' schedules offer in a window of this length; null where the approach does not poll.
    pub offered_requests: Option<u64>,
    /// Connections opened inside the window. Null, like everything that only a server of ours reports, for another server.
    pub connections_opened: Option<u64>,
    /// Connections opened again by clients that were cut off, inside the window.
    pub reconnects: u64,
    /// Times a client's cursor was too old and events were skipped, inside the window.
    pub resets: u64,
    /// Subscriptions that the server ended because their reader fell behind, from the start on.
    pub overflows: Option<u64>,
    /// Bytes on the server's sockets inside the window.
    pub wire: Option<Wire>,
    /// Arrival at the client, decoded, minus scheduled time.
    pub latency_ns: Summary,
    /// Of each event that reached anybody: the median of its latencies over its receivers. Clients that hear one event
    /// observe one moment of the machine, so that these, and not the deliveries, are the observations.
    pub event_median_ns: Summary,
    /// One event of so many has an entry of its own, from which `event_median_ns` and `time_to_last_ns` come; 1 where
    /// all have.
    pub event_entries_one_of: u64,
    /// Independent observations behind the latencies: the events that reached anybody, fewer where neighbours in time
    /// resemble each other.
    pub effective_events: u64,
    /// 95 % confidence interval of the p50 of `latency_ns`, for `effective_events` independent observations; null where
    /// there are too few.
    pub median_interval_ns: Option<[u64; 2]>,
    /// Published minus scheduled time.
    pub lateness_ns: Option<Summary>,
    /// Last arrival of an event at any client minus its scheduled time.
    pub time_to_last_ns: Summary,
    /// Confirmation received minus order scheduled; null where the approach is not bidirectional or no order was sent.
    pub confirmation_ns: Option<Summary>,
    /// Start of a poll minus its scheduled time; null where the approach does not poll.
    pub poll_lateness_ns: Option<Summary>,
    /// CPU time inside the window.
    pub cpu: Cpu,
    /// Resident memory.
    pub memory: Memory,
    /// How late a thread that only sleeps, a millisecond at a time, was woken during the window.
    pub hiccup_ns: Summary,
    /// What the machine did to everybody on it during the window.
    pub host: Host,
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
    pub published: Option<u64>,
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
    /// Deliveries that arrived inside the window, whenever they were scheduled: what CPU time and bytes, which
    /// are counted by the clock, are divided by.
    pub arrived: u64,
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

impl Wire {
    /// Bytes in both directions.
    #[must_use]
    pub fn both_ways(&self) -> u64 {
        self.client_to_server_bytes + self.server_to_client_bytes
    }
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

/// CPU time inside the window, user and system, of all shards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Servers.
    pub server_us: Option<u64>,
    /// Workers.
    pub client_us: u64,
    /// Servers, for each delivery that arrived inside the window; null where none did.
    pub server_us_per_event: Option<f64>,
    /// Workers, for each delivery that arrived inside the window; null where none did.
    pub client_us_per_event: Option<f64>,
    /// Time that the servers' threads could have run but waited for a processor.
    pub server_wait_us: Option<u64>,
    /// Time that the workers' threads could have run but waited for a processor.
    pub client_wait_us: u64,
}

/// What the machine did to everybody on it during the window. A null is what the system does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The processors were kept awake between events.
    pub kept_awake: bool,
    /// Share of all processors' time that the hypervisor gave to others.
    pub steal_share: Option<f64>,
    /// Share of all processors' time that processes took that are neither servers nor workers of this trial.
    pub foreign_share: Option<f64>,
    /// Time for which a limit on CPU time held this trial's control group back.
    pub throttled_us: Option<u64>,
    /// Share of the time in which somebody waited for a processor: pressure stall information, `some`.
    pub pressure_share: Option<f64>,
}

/// Resident anonymous memory of all shards at the end of the window, and its growth over the idle process, before any
/// event and at the end of the window; the kernel's memory apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Servers.
    pub server_rss_bytes: Option<u64>,
    /// Workers.
    pub client_rss_bytes: u64,
    /// Largest ever of the servers, code and files included.
    pub server_peak_bytes: Option<u64>,
    /// Largest ever of the workers, code and files included.
    pub client_peak_bytes: u64,
    /// Growth of the servers until all clients had subscribed and no event was published yet, for each client.
    pub server_idle_bytes_per_client: Option<u64>,
    /// Growth of the workers until then, for each client.
    pub client_idle_bytes_per_client: u64,
    /// Growth of the servers until the window opened, for each client: what grows after it grows with time.
    pub server_opened_bytes_per_client: Option<u64>,
    /// Growth of the workers until then, for each client.
    pub client_opened_bytes_per_client: u64,
    /// Growth of the servers until the end of the window, for each client.
    pub server_bytes_per_client: Option<u64>,
    /// Growth of the workers until the end of the window, for each client.
    pub client_bytes_per_client: u64,
    /// Growth of the kernel's memory until all clients had subscribed, both ends together, for each client; null where
    /// the system does not say, or where there are too few clients to tell it from what else the kernel does.
    pub kernel_idle_bytes_per_client: Option<u64>,
    /// The same until the end of the window.
    pub kernel_bytes_per_client: Option<u64>,
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
