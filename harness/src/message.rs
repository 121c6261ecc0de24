//! What coordinator and children say to each other: JSON objects, one a line, over the child's standard input and
//! output. A worker takes its plan as data and its target as an address, so it need not be on the server's machine.

use std::net::SocketAddr;

use clients::Cost;
use proto::Params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    faults::{Faults, Injected},
    feed::FeedSpec,
    load::moments::{Moments, PollPhase},
    panics::Panics,
};

/// First line to a server: all it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServePlan {
    /// Name of the approach.
    pub approach: String,
    /// Settings of the variant.
    pub params: Params,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What to publish.
    pub feed: FeedSpec,
    /// The phases.
    pub phases: Phases,
    /// Bounds of the hub.
    pub limits: HubLimits,
    /// Threads of its runtime.
    pub threads: usize,
    /// Faults to inject; none in a measurement.
    pub faults: Faults,
}

/// First line to a worker: all it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkPlan {
    /// Name of the approach.
    pub approach: String,
    /// Settings of the variant.
    pub params: Params,
    /// The server.
    pub target: SocketAddr,
    /// What to expect.
    pub feed: FeedSpec,
    /// The phases.
    pub phases: Phases,
    /// Index of this worker's first client among all of the trial.
    pub first_client: u32,
    /// Clients of this worker.
    pub clients: u32,
    /// Symbols that each client follows.
    pub symbols_per_client: u32,
    /// Orders a second over this worker's clients.
    pub orders_per_second: f64,
    /// Threads of its runtime.
    pub threads: usize,
    /// Faults to inject; none in a measurement.
    pub faults: Faults,
}

/// Durations of a trial's phases; times count from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Before the window.
    pub warmup_ns: u64,
    /// The window.
    pub measure_ns: u64,
    /// After the window, at most.
    pub drain_ns: u64,
}

impl Phases {
    /// End of the window, which is the end of the feed.
    pub fn measured_ns(&self) -> u64 {
        self.warmup_ns + self.measure_ns
    }

    /// Whether this time after the start lies in the window.
    pub fn in_window(&self, time_ns: u64) -> bool {
        (self.warmup_ns..self.measured_ns()).contains(&time_ns)
    }
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

/// From the coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Begin: the start is at this time on the monotonic clock.
    Start {
        /// Nanoseconds.
        start_ns: u64,
        /// The same instant, in milliseconds since the Unix epoch, for the events' timestamps.
        epoch_ms: i64,
    },
    /// Report and end. A worker ends by itself.
    Stop,
}

/// From a child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A server listens.
    Listening {
        /// Where.
        address: SocketAddr,
    },
    /// How far a worker is, at most four times a second.
    Progress {
        /// Clients that are subscribed.
        connected: u32,
        /// Events received so far.
        events: u64,
    },
    /// A worker's clients are subscribed, or lost.
    Connected {
        /// Subscribed.
        connected: u32,
        /// Not subscribed.
        lost: u32,
        /// How long it took.
        seconds: f64,
        /// Why the first one was lost.
        first_error: Option<String>,
    },
    /// What a server measured.
    Served(Box<Served>),
    /// What a worker measured.
    Worked(Box<Worked>),
    /// The child cannot go on.
    Failed {
        /// Why.
        message: String,
    },
}

/// What a server measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// Events of the window that were published.
    pub published: u64,
    /// Published minus scheduled time of each of them; encoded histogram.
    pub lateness: String,
    /// For those of them that have an entry: sequence number, and published minus scheduled time in nanoseconds.
    pub lateness_ns: Vec<(u64, u64)>,
    /// The same of a line that held events back, as a fault: how much later than it should an event left it.
    pub release_lateness_ns: Vec<(u64, u64)>,
    /// Bytes from clients inside the window.
    pub client_to_server_bytes: u64,
    /// Bytes to clients inside the window.
    pub server_to_client_bytes: u64,
    /// Connections opened inside the window.
    pub connections_opened: u64,
    /// Subscriptions ended because their reader fell behind.
    pub overflows: u64,
    /// Threads and tasks that panicked.
    pub panics: Panics,
    /// Faults that were injected.
    pub injected: Injected,
    /// Processor time and memory.
    pub usage: Usage,
}

/// What a worker measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worked {
    /// Deliveries, accounted for; `scheduled` and `published` are not a worker's to know.
    pub events: results::schema::Events,
    /// What the window's batches took.
    pub cost: Cost,
    /// Arrival minus scheduled time; encoded histogram.
    pub latency: String,
    /// Confirmation minus scheduled time of orders; encoded histogram.
    pub confirmation: String,
    /// Start of a poll minus its scheduled time; encoded histogram.
    pub poll_lateness: String,
    /// For each event of the window that has an entry and arrived: when.
    pub receptions: Vec<Reception>,
    /// Deliveries in flight, integrated over time, in delivery-nanoseconds: counted by what was due and what had come,
    /// without any latency.
    pub in_flight_ns: f64,
    /// A client's place in the order of subscription against its place in the order of arrival, over the deliveries.
    pub position: Moments,
    /// Where in their interval the clients' polls are due.
    pub poll_phase: PollPhase,
    /// Arrivals before their scheduled time.
    pub negative: u64,
    /// Latencies beyond what a histogram holds.
    pub out_of_range: u64,
    /// Orders of the window.
    pub orders: Orders,
    /// Clients lost after they had subscribed.
    pub lost: u32,
    /// Why the first one was lost.
    pub first_error: Option<String>,
    /// Empty responses of the cycles that theory speaks of.
    pub empties: Empties,
    /// Threads and tasks that panicked.
    pub panics: Panics,
    /// Faults that were injected.
    pub injected: Injected,
    /// Processor time and memory.
    pub usage: Usage,
}

/// When one event reached the clients of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// Its sequence number.
    pub sequence: u64,
    /// Median arrival minus scheduled time, in nanoseconds.
    pub median_ns: u64,
    /// Last arrival minus scheduled time, in nanoseconds.
    pub last_ns: u64,
}

/// Orders due inside the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Scheduled.
    pub due: u64,
    /// Confirmed.
    pub confirmed: u64,
    /// Confirmed before they were due, as only a wrong clock can have it.
    pub early: u64,
}

/// Counts for the theory of empty responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empties {
    /// Responses that the theory speaks of.
    pub responses: u64,
    /// Those of them that were empty.
    pub empty: u64,
}

/// Processor time and memory of one process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// User and system time inside the window.
    pub cpu_us: u64,
    /// Time inside the window that threads could have run but waited for a processor.
    pub wait_us: u64,
    /// The longest time inside the window for which the process did not run although it wanted to, in nanoseconds.
    pub longest_pause_ns: u64,
    /// Anonymous resident memory before the first client.
    pub idle_bytes: u64,
    /// Anonymous resident memory when all clients had subscribed, before the start.
    pub connected_bytes: u64,
    /// Anonymous resident memory when the window opened.
    pub opened_bytes: u64,
    /// Anonymous resident memory at the end of the window.
    pub settled_bytes: u64,
    /// Largest resident memory ever.
    pub peak_bytes: u64,
}
