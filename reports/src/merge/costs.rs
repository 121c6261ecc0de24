//! What is counted or measured once a round: each figure over all rounds beside the same of one round.

use super::{Merged, RoundFigures};

/// One such figure; none where it is of nothing.
pub(crate) struct Cost {
    /// Over all rounds.
    pub(crate) whole: fn(&Merged) -> Option<f64>,
    /// In one of them.
    pub(crate) round: fn(&RoundFigures) -> Option<f64>,
}

/// CPU time of the servers for each event delivered, in microseconds.
pub(crate) const SERVER_CPU: Cost =
    Cost { whole: |merged| merged.cpu.server_us_per_event, round: |round| round.server_us_per_event };

/// CPU time of the workers for each event delivered, in microseconds.
pub(crate) const CLIENT_CPU: Cost =
    Cost { whole: |merged| merged.cpu.client_us_per_event, round: |round| round.client_us_per_event };

/// Growth of the servers for each client, in bytes.
pub(crate) const SERVER_MEMORY: Cost = Cost {
    whole: |merged| merged.memory.server_bytes,
    round: |round| round.server_bytes_per_client.map(|bytes| bytes as f64),
};

/// Growth of the workers for each client, in bytes.
pub(crate) const CLIENT_MEMORY: Cost = Cost {
    whole: |merged| Some(merged.memory.client_bytes),
    round: |round| Some(round.client_bytes_per_client as f64),
};

/// Bytes both ways for each event delivered.
pub(crate) const WIRE_BYTES: Cost =
    Cost { whole: |merged| merged.bytes_per_event, round: |round| round.bytes_per_event };

/// Share of the responses that carried no event.
pub(crate) const EMPTY_SHARE: Cost = Cost { whole: |merged| merged.empty_share, round: |round| round.empty_share };
