//! Plans the trials of a scenario: variants, loads, order and shards. Synchronous and pure: the same scenario gives the same
//! plan.

use std::time::Duration;

use approaches::registry::{Approach, Delivery, Exchange, Side};
use proto::{Params, parse_duration};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use results::{schema::Load, store::TRIALS_LIMIT};

use super::{
    HubLimits, Scenario,
    error::ScenarioError,
    variants::{Variant, variants},
};
use crate::{
    faults::Faults,
    feed::{Arrival, FeedSpec, Phases, uniform},
};

/// Descriptors that a process needs in addition to those of its clients.
pub const RESERVED_DESCRIPTORS: u64 = 256;
/// Makes the random order independent of the feed.
const SEED_SALT: u64 = 0x4f52_4445;

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
    /// Round, from 1.
    pub round: u32,
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
        let Exchange::Poll(name) = self.approach.facts.exchange else { return None };
        let requests = match self.approach.facts.delivery {
            Delivery::Log => 1,
            Delivery::Snapshot => self.load.symbols_per_client,
        };
        Some(Polls { interval: self.params.duration(name).ok()?, requests })
    }
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

/// Plans the trials of a scenario in the order in which they run, if a process may open this many descriptors.
///
/// # Errors
/// The scenario names an approach, a setting or a value that does not exist, makes more trials than a result file holds,
/// or ends before the last polls.
pub fn trials(scenario: &Scenario, descriptors: u64) -> Result<Vec<Trial>, ScenarioError> {
    let variants = variants(scenario)?;
    bound_trials(scenario, variants.len())?;
    let rounds = 1..=scenario.trials;
    let planned: Vec<Trial> = rounds.flat_map(|number| round_of(scenario, &variants, number, descriptors)).collect();
    planned.iter().try_for_each(outlasts_polls)?;
    Ok(planned)
}

/// Plans one round, from 1, which may be beyond those of the scenario.
///
/// # Errors
/// As for [`trials`].
pub fn round(scenario: &Scenario, number: u32, descriptors: u64) -> Result<Vec<Trial>, ScenarioError> {
    Ok(round_of(scenario, &variants(scenario)?, number, descriptors))
}

fn round_of(scenario: &Scenario, variants: &[Variant], number: u32, descriptors: u64) -> Vec<Trial> {
    let phases = phases(scenario);
    let mut planned = Vec::new();
    for variant in variants {
        for clients in scenario.load.clients.values() {
            for events_per_second in scenario.load.events_per_second.values() {
                planned.push(trial(scenario, variant, phases, (clients, events_per_second), number, descriptors));
            }
        }
    }
    shuffle(&mut planned, scenario.load.seed ^ SEED_SALT ^ u64::from(number));
    planned
}

/// Refuses more trials than a result file holds, before one of them is made.
fn bound_trials(scenario: &Scenario, variants: usize) -> Result<(), ScenarioError> {
    let load = &scenario.load;
    let loads = load.clients.values().len() * load.events_per_second.values().len();
    let trials = [variants, loads, scenario.trials as usize].into_iter().fold(1, usize::saturating_mul);
    if trials <= TRIALS_LIMIT {
        return Ok(());
    }
    Err(ScenarioError::Contradiction(format!(
        "{} rounds of {variants} variants under {loads} loads are {trials} trials, expected at most {TRIALS_LIMIT}: lower \
         `trials`, or name fewer approaches, `load.clients` or `load.events_per_second`",
        scenario.trials
    )))
}

/// Refuses a drain that is shorter than the poll interval, because the last events arrive with the polls after the window.
fn outlasts_polls(trial: &Trial) -> Result<(), ScenarioError> {
    let drain = Duration::from_nanos(trial.phases.drain_ns);
    match trial.polls() {
        Some(Polls { interval, .. }) if drain < interval => Err(ScenarioError::Contradiction(format!(
            "window.drain is {}, and {} polls every {}: the last events would be missed; drain for at least that long",
            humantime::format_duration(drain),
            trial.variant,
            humantime::format_duration(interval),
        ))),
        _ => Ok(()),
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

fn trial(
    scenario: &Scenario,
    variant: &Variant,
    phases: Phases,
    (clients, events_per_second): (u32, f64),
    round: u32,
    descriptors: u64,
) -> Trial {
    let load = &scenario.load;
    let orders = if variant.approach.facts.bidirectional { load.orders_per_second } else { 0.0 };
    Trial {
        approach: variant.approach,
        variant: variant.name.clone(),
        params: variant.params.clone(),
        load: Load {
            clients,
            symbols: load.symbols,
            symbols_per_client: load.symbols_per_client,
            events_per_second,
            orders_per_second: orders,
            payload_bytes: load.payload_bytes,
            arrival: load.arrival,
        },
        feed: FeedSpec {
            // Each round has events of its own; within a round all approaches deliver the same.
            seed: load.seed.wrapping_add(u64::from(round) - 1),
            symbols: load.symbols,
            events_per_second,
            arrival: if scenario.faults.periodic_schedule { Arrival::Constant } else { load.arrival },
            payload_bytes: load.payload_bytes,
            duration_ns: phases.measured_ns(),
            epoch_ms: 0,
        },
        phases,
        limits: scenario.limits,
        keep_awake: scenario.machine.keep_awake,
        faults: scenario.faults.clone(),
        overload: scenario.overload.contains(&variant.name),
        round,
        shards: Shards::new(clients, variant.approach, descriptors),
    }
}

fn phases(scenario: &Scenario) -> Phases {
    let nanoseconds = |text: &str| {
        let duration = parse_duration(text).expect("the scenario was validated");
        u64::try_from(duration.as_nanos()).expect("at most an hour")
    };
    let window = &scenario.window;
    Phases {
        warmup_ns: nanoseconds(&window.warmup),
        measure_ns: nanoseconds(&window.measure),
        drain_ns: nanoseconds(&window.drain),
    }
}

fn shuffle(trials: &mut [Trial], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..trials.len()).rev() {
        trials.swap(last, (uniform(&mut random) * (last + 1) as f64) as usize);
    }
}
