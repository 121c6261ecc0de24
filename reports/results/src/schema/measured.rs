//! The measurements of a trial: counts, distributions, costs, and the checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The measurements of one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// The clients.
    pub clients: Clients,
    /// The connect phase.
    pub connect: Connect,
    /// The phases.
    pub window: Window,
    /// The events that were scheduled in the window.
    pub events: Events,
    /// The responses that arrived in the window.
    pub responses: Responses,
    /// Requests whose response arrived in the window.
    pub requests: u64,
    /// Requests that the clients' schedules have in a window of this length; null if the approach does not poll.
    pub offered_requests: Option<u64>,
    /// Connections opened in the window. Null, like everything that only our servers report, for another server.
    pub connections_opened: Option<u64>,
    /// Reconnects of clients that were cut off, in the window.
    pub reconnects: u64,
    /// Times that a client's cursor was too old and events were skipped, in the window.
    pub resets: u64,
    /// Subscriptions that the server ended because their reader fell behind, since the start.
    pub overflows: Option<u64>,
    /// Bytes on the server's sockets in the window.
    pub wire: Option<Wire>,
    /// Latency of each delivery: arrival at the client, decoded, minus scheduled time.
    pub latency_ns: Summary,
    /// Median latency of each event over its receivers, of the events that have an entry. Clients that receive one event observe
    /// one moment of the machine, so events are the observations, not deliveries. Over shards: the median of their medians.
    pub event_median_ns: Summary,
    /// One of this many events has an entry, from which `event_median_ns` and `time_to_last_ns` are computed.
    pub event_entries_one_of: u64,
    /// Independent observations behind the latencies: the events that reached a client, or fewer if events that follow each
    /// other resemble each other.
    pub effective_events: u64,
    /// 95 % confidence interval of the p50 of `latency_ns`, from `effective_events` observations; null if there are too few.
    pub median_interval_ns: Option<[u64; 2]>,
    /// Published minus scheduled time of each event.
    pub lateness_ns: Option<Summary>,
    /// Last arrival of each event at any client minus its scheduled time.
    pub time_to_last_ns: Summary,
    /// Confirmation received minus order scheduled; null if no order was sent.
    pub confirmation_ns: Option<Summary>,
    /// Start of each poll minus its scheduled time; null if the approach does not poll.
    pub poll_lateness_ns: Option<Summary>,
    /// CPU time in the window.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// How late a thread woke that slept a millisecond at a time through the window.
    pub hiccup_ns: Summary,
    /// Disturbances by the machine during the window.
    pub host: Host,
    /// The checks of these measurements.
    pub checks: Vec<Check>,
}

/// The clients of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Requested clients.
    pub requested: u32,
    /// Clients that subscribed before the start.
    pub connected: u32,
    /// Clients that could not subscribe, or were refused later.
    pub lost: u32,
}

/// The connect phase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// Time until the last client of the slowest shard had subscribed.
    pub seconds: f64,
}

/// The phases of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Warm-up before the window.
    pub warmup_ms: u64,
    /// The window.
    pub measure_ms: u64,
    /// Maximum time after the window for deliveries that are still under way.
    pub drain_ms: u64,
}

/// Events that were scheduled in the window. `delivered + missed + coalesced = expected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Events of the feed.
    pub scheduled: u64,
    /// Events that the server published; over shards, the fewest.
    pub published: Option<u64>,
    /// Deliveries to expect: each event once per client that follows its symbol.
    pub expected: u64,
    /// Deliveries, each counted once.
    pub delivered: u64,
    /// Deliveries that never arrived.
    pub missed: u64,
    /// Deliveries that arrived again.
    pub duplicate: u64,
    /// Deliveries that arrived after a later event at the same client.
    pub reordered: u64,
    /// Deliveries with wrong content.
    pub corrupt: u64,
    /// States that a snapshot skipped because a newer one replaced them.
    pub coalesced: u64,
    /// Deliveries that arrived in the window, whenever they were scheduled. CPU time and bytes are divided by this number.
    pub arrived: u64,
}

/// Responses. `total = with_events + empty`; `not_modified` and `timed_out` are parts of `empty`. If the server pushes, a
/// response is one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Responses {
    /// Responses without errors and heartbeats.
    pub total: u64,
    /// Responses with at least one event.
    pub with_events: u64,
    /// Responses without an event.
    pub empty: u64,
    /// Responses that say that nothing has changed.
    pub not_modified: u64,
    /// Responses that were held until their time was up.
    pub timed_out: u64,
    /// Failed requests.
    pub errors: u64,
    /// Messages that only keep a connection alive.
    pub heartbeats: u64,
    /// The expected number of empty responses; null if theory does not cover the approach.
    pub empty_theory: Option<EmptyTheory>,
}

/// The expected number of empty responses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmptyTheory {
    /// Responses that the theory covers.
    pub responses: u64,
    /// Empty responses among them.
    pub observed: u64,
    /// Probability that a response is empty: exp(−λT).
    pub probability: f64,
    /// Standard deviation of their number, with clients that follow the same symbol as one cluster.
    pub standard_deviation: f64,
}

/// Bytes on the server's sockets, protocol framing included, without TCP and IP headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wire {
    /// Bytes that the server read.
    pub client_to_server_bytes: u64,
    /// Bytes that the server wrote.
    pub server_to_client_bytes: u64,
}

impl Wire {
    /// Returns the bytes in both directions.
    #[must_use]
    pub fn both_ways(&self) -> u64 {
        self.client_to_server_bytes + self.server_to_client_bytes
    }
}

/// A distribution of durations, in nanoseconds. A percentile is null if there are too few events for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Number of samples.
    pub count: u64,
    /// Minimum; null without samples, like all that follow.
    pub min: Option<u64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// 99.9th percentile.
    pub p999: Option<u64>,
    /// Maximum.
    pub max: Option<u64>,
    /// HdrHistogram V2 + DEFLATE in base64, from 1 ns to an hour with 3 significant digits.
    pub histogram: String,
}

/// CPU time in the window, user and system, of all shards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// CPU time of the servers.
    pub server_us: Option<u64>,
    /// CPU time of the workers.
    pub client_us: u64,
    /// CPU time of the servers per delivery in the window; null without deliveries.
    pub server_us_per_event: Option<f64>,
    /// CPU time of the workers per delivery in the window; null without deliveries.
    pub client_us_per_event: Option<f64>,
    /// Time that threads of the servers waited for a core.
    pub server_wait_us: Option<u64>,
    /// Time that threads of the workers waited for a core.
    pub client_wait_us: u64,
}

/// Disturbances by the machine during the window. A value is null if the system does not report it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Whether the cores were kept awake between events.
    pub kept_awake: bool,
    /// Share of the time of all cores that the hypervisor gave to other machines.
    pub steal_share: Option<f64>,
    /// Share of the time of all cores that other processes used, without interrupts; null under a CPU limit.
    pub foreign_share: Option<f64>,
    /// Time for which a CPU limit held the control group back.
    pub throttled_us: Option<u64>,
    /// Share of the window in which a thread on the machine waited for a core (pressure stall information, `some`).
    pub pressure_share: Option<f64>,
}

/// Anonymous resident memory of all shards at the end of the window, and its growth per client over the idle process. The
/// kernel's memory is separate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Memory of the servers.
    pub server_rss_bytes: Option<u64>,
    /// Memory of the workers.
    pub client_rss_bytes: u64,
    /// Peak resident memory of the servers, code and files included.
    pub server_peak_bytes: Option<u64>,
    /// Peak resident memory of the workers, code and files included.
    pub client_peak_bytes: u64,
    /// Growth of the servers until all clients had subscribed, before the first event.
    pub server_idle_bytes_per_client: Option<u64>,
    /// Growth of the workers until then.
    pub client_idle_bytes_per_client: u64,
    /// Growth of the servers until the window opened. Growth after this is growth over time.
    pub server_opened_bytes_per_client: Option<u64>,
    /// Growth of the workers until then.
    pub client_opened_bytes_per_client: u64,
    /// Growth of the servers until the end of the window.
    pub server_bytes_per_client: Option<u64>,
    /// Growth of the workers until the end of the window.
    pub client_bytes_per_client: u64,
    /// Growth of the kernel's slab, stacks, page tables and socket buffers until all clients had subscribed, for both ends
    /// together; null below 30,000 clients, or if the system does not report it.
    pub kernel_idle_bytes_per_client: Option<u64>,
    /// Growth of the kernel's memory until the end of the window.
    pub kernel_bytes_per_client: Option<u64>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Name of the check.
    pub id: String,
    /// The measured value; null if there was nothing to judge.
    pub value: Option<f64>,
    /// The limit above which it does not pass; null if it has none.
    pub threshold: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// Cause and remedy, for the reader.
    pub note: String,
}

/// Verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is wrong.
    Pass,
    /// The note must be read before the numbers are trusted.
    Warn,
    /// The numbers cannot be trusted.
    Invalid,
}
