//! What coordinator and children say to each other: JSON objects, one a line, over the child's standard input and
//! output. A worker takes its plan as data and its target as an address, so it need not be on the server's machine.

use std::net::SocketAddr;

use clients::Cost;
use proto::Params;
use serde::{Deserialize, Serialize};

use super::{
    moments::{Moments, PollPhase},
    panics::Panics,
};
use crate::{
    faults::{Faults, Injected},
    feed::{FeedSpec, Phases},
    host::usage::Usage,
    scenario::HubLimits,
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
    /// CPU time and memory.
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
    /// CPU time and memory.
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
