//! Figures with one value per round: the value over all rounds, and of one round.

use super::{Merged, RoundFigures};

/// One such figure. Both functions return `None` if it does not apply.
pub(crate) struct Cost {
    /// Returns the value over all rounds.
    pub(crate) whole: fn(&Merged) -> Option<f64>,
    /// Returns the value of one round.
    pub(crate) round: fn(&RoundFigures) -> Option<f64>,
}

/// CPU time of the servers per delivery, in microseconds.
pub(crate) const SERVER_CPU: Cost =
    Cost { whole: |merged| merged.cpu.server_us_per_event, round: |round| round.server_us_per_event };

/// CPU time of the workers per delivery, in microseconds.
pub(crate) const CLIENT_CPU: Cost =
    Cost { whole: |merged| merged.cpu.client_us_per_event, round: |round| round.client_us_per_event };

/// Memory growth of the servers per client, in bytes.
pub(crate) const SERVER_MEMORY: Cost = Cost {
    whole: |merged| merged.memory.server_bytes,
    round: |round| round.server_bytes_per_client.map(|bytes| bytes as f64),
};

/// Memory growth of the workers per client, in bytes.
pub(crate) const CLIENT_MEMORY: Cost = Cost {
    whole: |merged| Some(merged.memory.client_bytes),
    round: |round| Some(round.client_bytes_per_client as f64),
};

/// Bytes both ways per delivery.
pub(crate) const WIRE_BYTES: Cost =
    Cost { whole: |merged| merged.bytes_per_event, round: |round| round.bytes_per_event };

/// Share of responses without an event.
pub(crate) const EMPTY_SHARE: Cost = Cost { whole: |merged| merged.empty_share, round: |round| round.empty_share };
