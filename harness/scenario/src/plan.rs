//! Plans the trials of a scenario: variants, loads, order and shards. Synchronous and pure: the same scenario gives the same
//! plan.

mod rounds;

use std::time::Duration;

use approaches::registry::{Approach, Delivery, Exchange, Side};
use proto::Params;
use results::schema::{Load, Part};

pub use rounds::{round, trials};

use super::HubLimits;
use crate::{
    faults::Faults,
    feed::{FeedSpec, Phases},
};

/// Descriptors that a process needs in addition to those of its clients.
pub const RESERVED_DESCRIPTORS: u64 = 256;

/// One variant under one load, once.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The approach.
    pub approach: &'static Approach,
    /// Name of the variant.
    pub variant: String,
    /// Every setting.
    pub params: Params,
    /// The load, as recorded.
    pub load: Load,
    /// The load, as the feed's specification.
    pub feed: FeedSpec,
    /// The phases.
    pub phases: Phases,
    /// Limits of the servers.
    pub limits: HubLimits,
    /// Whether the cores are kept awake.
    pub keep_awake: bool,
    /// Faults to inject.
    pub faults: Faults,
    /// Whether the load may exceed what the machine can carry.
    pub overload: bool,
    /// Which part of the report it is for.
    pub part: Part,
    /// Round, from 1.
    pub round: u32,
    /// Its number among the trials of its variant in this round and part, from 1.
    pub repeat: u32,
    /// The clients of each server and worker pair.
    pub shards: Shards,
}

/// When each client polls, and what a poll consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polls {
    /// Time between two polls.
    pub interval: Duration,
    /// Requests per poll: one for the log, or one per symbol of a snapshot.
    pub requests: u32,
}

impl Trial {
    /// Returns the polls of each client, or `None` if it does not poll at an interval.
    pub fn polls(&self) -> Option<Polls> {
        let requests = match self.approach.facts.delivery {
            Delivery::Log => 1,
            Delivery::Snapshot => self.load.symbols_per_client,
        };
        Some(Polls { interval: interval(self.approach, &self.params)?, requests })
    }
}

/// Returns the poll interval, or `None` if the approach does not poll at one.
fn interval(approach: &Approach, params: &Params) -> Option<Duration> {
    let Exchange::Poll(name) = approach.facts.exchange else { return None };
    params.duration(name).ok()
}

/// The clients of one server and worker pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Index of the first client.
    pub first_client: u32,
    /// Number of clients.
    pub clients: u32,
}

/// Divides the clients of a trial evenly over as few pairs of processes as their descriptors allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    clients: u32,
    count: u32,
}

impl Shards {
    /// Divides the clients of an approach where a process may open this many descriptors.
    pub fn new(clients: u32, approach: &Approach, descriptors: u64) -> Self {
        let capacity = clients_of_a_process(approach, descriptors).max(1);
        let count = u32::try_from(u64::from(clients).div_ceil(capacity)).expect("at most one for each client");
        Self { clients, count }
    }

    /// Puts all clients into one pair of processes.
    pub fn one(clients: u32) -> Self {
        Self { clients, count: 1 }
    }

    /// Returns the number of pairs of processes.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Returns the number of clients of the largest pair.
    pub fn largest(self) -> u32 {
        self.clients.div_ceil(self.count.max(1))
    }

    /// Returns the clients of each pair, in order.
    pub fn iter(self) -> impl Iterator<Item = Shard> {
        let (clients, count) = (u64::from(self.clients), u64::from(self.count));
        let bound = move |index: u64| u32::try_from(clients * index / count).expect("at most all clients");
        (0..count).map(move |index| Shard { first_client: bound(index), clients: bound(index + 1) - bound(index) })
    }
}

/// Returns how long the trials take at most, without the time to connect.
pub fn duration(trials: &[Trial]) -> Duration {
    let phases = |trial: &Trial| trial.phases.measured_ns() + trial.phases.drain_ns;
    Duration::from_nanos(trials.iter().map(phases).sum())
}

/// Returns the descriptors of one client in its worker. A client that the server calls also listens.
pub fn descriptors_per_client(approach: &Approach) -> u64 {
    match approach.facts.connects {
        Side::Client => 1,
        Side::Server => 2,
    }
}

/// Returns how many clients a process with this many descriptors can hold.
pub fn clients_of_a_process(approach: &Approach, descriptors: u64) -> u64 {
    descriptors.saturating_sub(RESERVED_DESCRIPTORS) / descriptors_per_client(approach)
}
