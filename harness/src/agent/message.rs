//! The messages between coordinator and children: JSON objects, one per line, over the child's standard input and output. A
//! worker's plan is data and its target is an address, so it need not be on the server's machine.

use std::net::SocketAddr;

use clients::Cost;
use proto::Params;
use scenario::{
    HubLimits,
    faults::{Faults, Injected},
    feed::{FeedSpec, Phases},
};
use serde::{Deserialize, Serialize};

use super::{
    moments::{Moments, PollPhase},
    panics::Panics,
};
use crate::host::usage::Usage;

/// The plan of a server: the first line that it receives.
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
    /// Limits of the hub.
    pub limits: HubLimits,
    /// Threads of its runtime.
    pub threads: usize,
    /// Faults to inject; none in a measurement.
    pub faults: Faults,
}

/// The plan of a worker: the first line that it receives.
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
    /// Orders per second over this worker's clients.
    pub orders_per_second: f64,
    /// Threads of its runtime.
    pub threads: usize,
    /// Faults to inject; none in a measurement.
    pub faults: Faults,
}

/// A command of the coordinator.
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

/// An event that a child reports to the coordinator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentEvent {
    /// A server is listening.
    Listening {
        /// Its address.
        address: SocketAddr,
    },
    /// The progress of a worker, at most four times a second.
    Progress {
        /// Number of clients that have subscribed.
        connected: u32,
        /// Events received so far.
        events: u64,
    },
    /// All clients of a worker have subscribed or are lost.
    Connected {
        /// Clients that have subscribed.
        connected: u32,
        /// Clients that could not subscribe.
        lost: u32,
        /// Time that subscribing took, in seconds.
        seconds: f64,
        /// Why the first client was lost.
        first_error: Option<String>,
    },
    /// The measurements of a server.
    Served(Box<Served>),
    /// The measurements of a worker.
    Worked(Box<Worked>),
    /// The child cannot go on.
    Failed {
        /// The reason.
        message: String,
    },
}

/// The measurements of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// Events of the window that were published.
    pub published: u64,
    /// Published minus scheduled time of each of them; encoded histogram.
    pub lateness: String,
    /// Sequence number, and published minus scheduled time in nanoseconds, of each event with an entry.
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

/// The measurements of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worked {
    /// Counts of deliveries. A worker does not know `scheduled` and `published`.
    pub events: results::schema::Events,
    /// The cost of the window's batches.
    pub cost: Cost,
    /// Arrival minus scheduled time; encoded histogram.
    pub latency: String,
    /// Confirmation minus scheduled time of orders; encoded histogram.
    pub confirmation: String,
    /// Start of a poll minus its scheduled time; encoded histogram.
    pub poll_lateness: String,
    /// When each event of the window arrived, if it has an entry.
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
    /// Latencies outside the range of a histogram.
    pub out_of_range: u64,
    /// Orders of the window.
    pub orders: Orders,
    /// Clients lost after they had subscribed.
    pub lost: u32,
    /// Why the first one was lost.
    pub first_error: Option<String>,
    /// Responses to compare with theory.
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
    /// Responses that the theory covers.
    pub responses: u64,
    /// Those of them that were empty.
    pub empty: u64,
}
