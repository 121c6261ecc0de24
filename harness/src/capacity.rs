//! What this machine can hold: descriptors, ports, memory. Asked by `doctor`, and by every run before anything starts.

use crate::{
    environment,
    failure::Failure,
    plan::{RESERVED_DESCRIPTORS, descriptors_per_client},
    process::raise_descriptor_limit,
    registry::APPROACHES,
};

/// Memory that both ends of one client take at most, user space and kernel: twice what the most expensive approach
/// was measured to take.
const CLIENT_BYTES: u64 = 160 * 1024;
/// Part of the available memory that a run may plan with.
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

/// Reads the limits, after raising the soft descriptor limit as far as the system allows.
pub fn read() -> Capacity {
    let ports = environment::file("/proc/sys/net/ipv4/ip_local_port_range");
    let bounds: Vec<u32> = ports.split_whitespace().filter_map(|bound| bound.parse().ok()).collect();
    Capacity {
        descriptors: raise_descriptor_limit(),
        system_descriptors: environment::file("/proc/sys/fs/file-max").parse().unwrap_or(u64::MAX),
        memory_bytes: environment::available_memory_bytes(),
        ports: if let [first, last] = bounds[..] { last - first + 1 } else { 28_232 },
    }
}

/// What bounds the number of clients, the tightest first.
pub fn bounds(capacity: Capacity) -> Vec<Bound> {
    let per_client = APPROACHES.iter().map(descriptors_per_client).max().unwrap_or(1);
    let shards = SHARD_LIMIT.min(capacity.descriptors.saturating_sub(RESERVED_DESCRIPTORS) / SHARD_DESCRIPTORS);
    let mut bounds = vec![
        Bound {
            what: "memory",
            clients: (capacity.memory_bytes as f64 * MEMORY_SHARE) as u64 / CLIENT_BYTES,
            remedy: "free memory, or add some",
        },
        Bound {
            what: "descriptors of a process, over all shards",
            clients: shards * capacity.descriptors.saturating_sub(RESERVED_DESCRIPTORS) / per_client,
            remedy: "raise the hard limit: ulimit -Hn",
        },
        Bound {
            what: "descriptors of the system",
            clients: capacity.system_descriptors / (1 + per_client),
            remedy: "raise fs.file-max",
        },
        Bound {
            what: "ports of the 250 loopback addresses that clients connect from",
            clients: 250 * u64::from(capacity.ports),
            remedy: "widen net.ipv4.ip_local_port_range",
        },
    ];
    bounds.sort_by_key(|bound| bound.clients);
    bounds
}

/// Refuses more clients than the machine can hold.
///
/// # Errors
/// What limits it the most, and what to change.
pub fn admit(clients: u32, bounds: &[Bound]) -> Result<(), Failure> {
    match bounds.iter().find(|bound| bound.clients < u64::from(clients)) {
        Some(bound) => Err(Failure::Machine(format!(
            "{clients} clients do not fit this machine: {} allows {}; {}",
            bound.what, bound.clients, bound.remedy
        ))),
        None => Ok(()),
    }
}
