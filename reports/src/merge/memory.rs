//! What one client takes in memory, over the rounds: user space of each end, and the kernel's for both, before any
//! event when the window opens and at its end.

use results::schema::{Measured, Memory};
use serde::Serialize;

/// Bytes for each client: growth over the idle processes, mean of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClientMemory {
    /// Of the servers when all had subscribed and nothing was published yet.
    pub server_idle_bytes: Option<f64>,
    /// Of the servers when the window opened: what is more at its end grew with time.
    pub server_opened_bytes: Option<f64>,
    /// Of the servers at the end of the window.
    pub server_bytes: Option<f64>,
    /// Of the workers when all had subscribed and nothing was published yet.
    pub client_idle_bytes: f64,
    /// Of the workers when the window opened.
    pub client_opened_bytes: f64,
    /// Of the workers at the end of the window.
    pub client_bytes: f64,
    /// Of the kernel, both ends of a connection together, when all had subscribed; none where no round could tell.
    pub kernel_idle_bytes: Option<f64>,
    /// The same at the end of the window.
    pub kernel_bytes: Option<f64>,
}

impl ClientMemory {
    /// Of these rounds, of which there is one at least.
    pub(super) fn mean(rounds: &[&Measured]) -> Self {
        let each = |of: fn(&Memory) -> u64| mean(rounds.iter().map(|one| of(&one.memory))).unwrap_or_default();
        let told = |of: fn(&Memory) -> Option<u64>| mean(rounds.iter().filter_map(|one| of(&one.memory)));
        Self {
            server_idle_bytes: told(|memory| memory.server_idle_bytes_per_client),
            server_opened_bytes: told(|memory| memory.server_opened_bytes_per_client),
            server_bytes: told(|memory| memory.server_bytes_per_client),
            client_idle_bytes: each(|memory| memory.client_idle_bytes_per_client),
            client_opened_bytes: each(|memory| memory.client_opened_bytes_per_client),
            client_bytes: each(|memory| memory.client_bytes_per_client),
            kernel_idle_bytes: told(|memory| memory.kernel_idle_bytes_per_client),
            kernel_bytes: told(|memory| memory.kernel_bytes_per_client),
        }
    }
}

fn mean(values: impl Iterator<Item = u64>) -> Option<f64> {
    let (sum, count) = values.fold((0_u64, 0_u32), |(sum, count), value| (sum.saturating_add(value), count + 1));
    (count > 0).then(|| sum as f64 / f64::from(count))
}
