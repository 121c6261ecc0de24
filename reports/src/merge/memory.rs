//! Memory per client, over the rounds: user space of each end, and the kernel's memory for both, at three moments.

use results::schema::{Measured, Memory};
use serde::Serialize;

/// Growth over the idle processes in bytes per client, as the mean of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClientMemory {
    /// Servers, when all clients had subscribed, before the first event.
    pub server_idle_bytes: Option<f64>,
    /// Servers, when the window opened. Growth after this is growth over time.
    pub server_opened_bytes: Option<f64>,
    /// Servers, at the end of the window.
    pub server_bytes: Option<f64>,
    /// Workers, when all clients had subscribed, before the first event.
    pub client_idle_bytes: f64,
    /// Workers, when the window opened.
    pub client_opened_bytes: f64,
    /// Workers, at the end of the window.
    pub client_bytes: f64,
    /// The kernel, for both ends together, when all clients had subscribed. `None` if no round has it.
    pub kernel_idle_bytes: Option<f64>,
    /// The kernel, at the end of the window.
    pub kernel_bytes: Option<f64>,
}

impl ClientMemory {
    /// Returns the means of these rounds. There must be at least one.
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
