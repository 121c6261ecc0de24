//! The capacity of this machine: descriptors, ports and memory. Used by `doctor`, and by every run before it starts.

use approaches::registry::{Approach, Side};
use proto::Params;
use scenario::{
    HubLimits,
    plan::{RESERVED_DESCRIPTORS, Shards, Trial, clients_of_a_process, descriptors_per_client},
};

use super::{
    environment,
    limits::raise_descriptor_limit,
    ports::{self, SOURCE_ADDRESSES},
};
use crate::failure::Failure;

/// Kernel memory of one connection, both ends with their buffers. Measured with 100,000 clients
/// (`memory.kernel_bytes_per_client`): 9.3 to 10.3 KB, and 14.6 KB under an overload.
const KERNEL_BYTES: u64 = 12 * 1024;
/// Kernel memory of a listening socket.
const LISTENER_BYTES: u64 = 5 * 1024;
/// Memory of a pair of processes without clients.
const SHARD_BYTES: u64 = 64 * 1024 * 1024;
/// Memory of a server per symbol: its name twice, its latest quote, its followers. With a million symbols that nobody
/// followed, 370 bytes were measured.
const SERVER_SYMBOL_BYTES: f64 = 640.0;
/// Memory of a worker per symbol.
const CLIENT_SYMBOL_BYTES: f64 = 160.0;
/// Memory of either side per symbol that a client follows.
const FOLLOWED_BYTES: f64 = 64.0;
/// Memory of an event in the log, besides its filler, which is stored twice: as it is and as it is framed.
const LOGGED_BYTES: f64 = 400.0;
/// Memory of an event's slot in the log, which is allocated at the start.
const PLACE_BYTES: f64 = 8.0;
/// Allowance above the measured memory, as a share: allocator, symbols and events in flight vary.
const MARGIN: f64 = 1.25;
/// Share of the available memory that a run may use.
const MEMORY_SHARE: f64 = 0.9;
/// Pairs of processes that are worth starting for one trial.
const SHARD_LIMIT: u64 = 64;
/// Descriptors that the coordinator needs for the pipes to one pair of processes, and while it starts it.
const SHARD_DESCRIPTORS: u64 = 16;

/// The limits of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Descriptors that one process may open.
    pub descriptors: u64,
    /// Descriptors that the whole system may open.
    pub system_descriptors: u64,
    /// Memory that new processes could take, in bytes.
    pub memory_bytes: u64,
    /// Ports for outgoing connections from one address.
    pub ports: u32,
}

/// A limit and the clients it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// What limits.
    pub what: &'static str,
    /// Clients that it allows.
    pub clients: u64,
    /// What to change to allow more.
    pub remedy: &'static str,
}

/// What a number of clients of an approach needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Pairs of processes.
    pub shards: u64,
    /// User space of the servers, in bytes.
    pub server_bytes: u64,
    /// User space of the workers, in bytes.
    pub client_bytes: u64,
    /// The kernel, both ends, in bytes.
    pub kernel_bytes: u64,
}

impl Need {
    /// All memory, in bytes.
    pub fn bytes(self) -> u64 {
        self.server_bytes.saturating_add(self.client_bytes).saturating_add(self.kernel_bytes)
    }
}

/// Reads the limits, after raising the soft descriptor limit as far as the system allows.
pub fn read() -> Capacity {
    Capacity {
        descriptors: raise_descriptor_limit(),
        system_descriptors: environment::file("/proc/sys/fs/file-max").parse().unwrap_or(u64::MAX),
        memory_bytes: environment::available_memory_bytes(),
        ports: ports::of_an_address(),
    }
}

/// Returns what this many clients of this approach need with these settings.
pub fn need(approach: &Approach, params: &Params, clients: u32, capacity: Capacity) -> Need {
    let shards = u64::from(Shards::new(clients, approach, capacity.descriptors).count());
    let all = |bytes: u64| (u64::from(clients) as f64 * bytes as f64 * MARGIN) as u64;
    let [server, client, kernel] = bytes_per_client(approach, params);
    Need {
        shards,
        server_bytes: all(server) + shards * SHARD_BYTES / 2,
        client_bytes: all(client) + shards * SHARD_BYTES / 2,
        kernel_bytes: all(kernel),
    }
}

/// Returns what a trial needs for its clients, its symbols, and the events that its servers keep.
pub(crate) fn need_of(trial: &Trial, capacity: Capacity) -> Need {
    let load = &trial.load;
    let need = need(trial.approach, &trial.params, load.clients, capacity);
    let events = load.events_per_second * trial.phases.measured_ns() as f64 / 1e9;
    let log = log_bytes(load.symbols, trial.limits, events, load.payload_bytes);
    let followed = f64::from(load.clients) * f64::from(load.symbols_per_client) * FOLLOWED_BYTES;
    let all = |of_shard: f64| (need.shards as f64 * of_shard + followed) as u64;
    Need {
        server_bytes: need.server_bytes.saturating_add(all(log)),
        client_bytes: need.client_bytes.saturating_add(all(f64::from(load.symbols) * CLIENT_SYMBOL_BYTES)),
        ..need
    }
}

/// Returns the memory of one server, in bytes, for its symbols and for as many of these events as it keeps.
pub(crate) fn log_bytes(symbols: u32, limits: HubLimits, events: f64, payload_bytes: u32) -> f64 {
    let places = limits.replay_events as f64;
    let event = LOGGED_BYTES + 2.0 * f64::from(payload_bytes);
    f64::from(symbols) * SERVER_SYMBOL_BYTES + places * PLACE_BYTES + events.min(places) * event
}

/// Refuses a trial that needs more memory than is available, or has more clients than the machine can hold.
///
/// # Errors
/// What limits it, and what to change.
pub(crate) fn admit_trial(trial: &Trial, capacity: Capacity) -> Result<(), Failure> {
    admit(&trial.variant, trial.approach, &trial.params, trial.load.clients, capacity)?;
    admit_bytes(&trial.variant, need_of(trial, capacity).bytes() as f64, capacity)
}

/// Refuses what needs more memory than is available; `what` names it in the message.
///
/// # Errors
/// How much it needs, and what to change.
pub(crate) fn admit_bytes(what: &str, bytes: f64, capacity: Capacity) -> Result<(), Failure> {
    if bytes <= capacity.memory_bytes as f64 * MEMORY_SHARE {
        return Ok(());
    }
    let mib = |bytes: f64| (bytes / f64::from(1 << 20)).ceil();
    Err(Failure::Machine(format!(
        "{what} needs {} MiB of memory, and this machine has {} MiB available, a tenth of which stays free: lower the \
         clients, load.symbols, load.payload_bytes or limits.replay_events, or free memory",
        mib(bytes),
        mib(capacity.memory_bytes as f64)
    )))
}

/// Returns the limits of this approach's clients with these settings, tightest first.
pub fn bounds(approach: &Approach, params: &Params, capacity: Capacity) -> Vec<Bound> {
    let shards = SHARD_LIMIT.min(capacity.descriptors.saturating_sub(RESERVED_DESCRIPTORS) / SHARD_DESCRIPTORS);
    let mut bounds = vec![
        Bound {
            what: "memory",
            clients: by_memory(approach, params, capacity),
            remedy: "free memory, add some, or raise the limit of the control group",
        },
        Bound {
            what: "descriptors of a process, over all shards",
            clients: shards * clients_of_a_process(approach, capacity.descriptors),
            remedy: "raise the hard limit: ulimit -Hn",
        },
        Bound {
            what: "descriptors of the system",
            clients: capacity.system_descriptors / (1 + descriptors_per_client(approach)),
            remedy: "raise fs.file-max",
        },
        Bound {
            what: "ports of the loopback addresses that clients connect from",
            clients: u64::from(SOURCE_ADDRESSES) * u64::from(capacity.ports),
            remedy: "widen net.ipv4.ip_local_port_range",
        },
    ];
    bounds.sort_by_key(|bound| bound.clients);
    bounds
}

/// Refuses more clients of a variant, which is called by its name, than the machine can hold.
///
/// # Errors
/// What limits them the most, and what to change.
pub fn admit(
    variant: &str,
    approach: &Approach,
    params: &Params,
    clients: u32,
    capacity: Capacity,
) -> Result<(), Failure> {
    match bounds(approach, params, capacity).into_iter().find(|bound| bound.clients < u64::from(clients)) {
        Some(bound) => Err(Failure::Machine(format!(
            "{clients} clients do not fit this machine with {variant}: it holds {}, limited by {}; {}",
            bound.clients, bound.what, bound.remedy
        ))),
        None => Ok(()),
    }
}

/// Measured memory of one client: server, client and kernel.
fn bytes_per_client(approach: &Approach, params: &Params) -> [u64; 3] {
    let [server_kib, client_kib] = approach.memory_kib(params).map(u64::from);
    let listener = if approach.facts.connects == Side::Server { LISTENER_BYTES } else { 0 };
    [server_kib * 1024, client_kib * 1024, KERNEL_BYTES + listener]
}

/// Returns the clients that memory allows, including the processes that hold them.
fn by_memory(approach: &Approach, params: &Params, capacity: Capacity) -> u64 {
    let in_a_shard = clients_of_a_process(approach, capacity.descriptors);
    let of_client = bytes_per_client(approach, params).iter().sum::<u64>() as f64 * MARGIN;
    let of_shard = SHARD_BYTES as f64 / in_a_shard.max(1) as f64;
    let planned = (capacity.memory_bytes as f64 * MEMORY_SHARE - SHARD_BYTES as f64).max(0.0);
    (planned / (of_client + of_shard)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use approaches::registry::APPROACHES;
    use scenario::variants::variant;

    /// A machine with 24 GiB where a process may open 20,000 descriptors.
    const MACHINE: Capacity =
        Capacity { descriptors: 20_000, system_descriptors: 1 << 40, memory_bytes: 24 << 30, ports: 28_232 };

    #[test]
    fn a_hundred_thousand_clients_of_each_approach_fit_24_gib() {
        for approach in APPROACHES {
            let (_, params) = variant(approach.name).unwrap();
            assert!(admit(approach.name, approach, &params, 100_000, MACHINE).is_ok(), "{}", approach.name);
            let need = need(approach, &params, 100_000, MACHINE);
            assert!(need.shards >= 6 && need.bytes() < MACHINE.memory_bytes, "{}: {need:?}", approach.name);
        }
    }

    #[test]
    fn the_allowed_clients_need_no_more_than_the_memory() {
        let variants = APPROACHES.iter().map(|approach| approach.name).chain(["websocket/128KiB", "sse/bare"]);
        for name in variants {
            let (approach, params) = variant(name).unwrap();
            let clients = u32::try_from(by_memory(approach, &params, MACHINE)).unwrap();
            let planned = MACHINE.memory_bytes as f64 * MEMORY_SHARE;
            let share = need(approach, &params, clients, MACHINE).bytes() as f64 / planned;
            assert!((0.98..=1.0).contains(&share), "{name}: {share}");
        }
    }

    #[test]
    fn memory_needs_are_known_before_anything_is_allocated() {
        let admitted = |overrides: &[&str]| admit_trial(&crate::fixture::trial("raw-tcp", overrides), MACHINE);
        assert!(admitted(&[]).is_ok());
        assert!(admitted(&["load.symbols=1M", "limits.replay_events=1M"]).is_ok());
        for beyond in [
            &["load.symbols=10M", "load.clients=100_000"][..],
            &[
                "load.payload_bytes=512Ki",
                "load.events_per_second=1e6",
                "limits.batch_events=1",
                "limits.replay_events=1M",
            ],
            &["load.clients=4294967295"],
            &["load.clients=100000", "load.symbols=4096", "load.symbols_per_client=4096"],
        ] {
            assert!(matches!(admitted(beyond), Err(Failure::Machine(_))), "{beyond:?}");
        }
        let refusal = admitted(&["load.symbols=10M", "load.clients=100_000"]).unwrap_err().to_string();
        assert!(refusal.contains("load.symbols") && refusal.contains("24576 MiB available"), "{refusal}");
        // The result is arithmetic, independent of the processes.
        let small = Capacity { descriptors: 257, ..MACHINE };
        let (approach, params) = variant("raw-tcp").unwrap();
        assert_eq!(need(approach, &params, u32::MAX, small).shards, u64::from(u32::MAX));
        assert!(admit("raw-tcp", approach, &params, u32::MAX, small).is_err());
    }

    #[test]
    fn an_error_names_what_is_missing_and_a_remedy() {
        let refused = |name, capacity| {
            let (approach, params) = variant(name).unwrap();
            admit(name, approach, &params, 100_000, capacity).unwrap_err().to_string()
        };
        let few = |capacity| refused("short-poll", capacity);
        assert!(few(Capacity { memory_bytes: 1 << 30, ..MACHINE }).contains("free memory"));
        assert!(few(Capacity { descriptors: 1_024, ..MACHINE }).contains("ulimit -Hn"));
        assert!(few(Capacity { system_descriptors: 100_000, ..MACHINE }).contains("fs.file-max"));
        assert!(few(Capacity { ports: 100, ..MACHINE }).contains("ip_local_port_range"));
        let buffers = refused("websocket/128KiB", MACHINE);
        assert!(buffers.contains("with websocket/128KiB") && buffers.contains("free memory"), "they alone are 27 GB");
    }
}
