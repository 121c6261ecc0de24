//! The counts of lock step, and their names in a baseline.

use std::collections::BTreeMap;

use clients::Cost;
use gate::counts::ALLOCATIONS;
use net::Traffic;

/// The counts so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Counts of the clients.
    pub(super) cost: Cost,
    /// Counts at the server's sockets.
    pub(super) traffic: Traffic,
    /// Allocations of this thread: clients, server and script.
    pub(super) allocations: u64,
}

impl Tally {
    /// Returns the counts since then, by name.
    pub(super) fn since(&self, before: &Self) -> BTreeMap<String, u64> {
        let answered = |cost: &Cost| cost.with_events + cost.empty + cost.errors;
        let (cost, was) = (&self.cost, &before.cost);
        let (traffic, had) = (&self.traffic, &before.traffic);
        [
            ("requests", cost.requests - was.requests),
            ("responses", answered(cost) - answered(was)),
            ("with-events", cost.with_events - was.with_events),
            ("empty", cost.empty - was.empty),
            ("not-modified", cost.not_modified - was.not_modified),
            ("errors", cost.errors - was.errors),
            ("heartbeats", cost.heartbeats - was.heartbeats),
            ("reconnects", cost.reconnects - was.reconnects),
            ("resets", cost.resets - was.resets),
            (ALLOCATIONS, self.allocations - before.allocations),
            ("connections", traffic.connections_opened - had.connections_opened),
            ("client-to-server-bytes", traffic.client_to_server_bytes - had.client_to_server_bytes),
            ("server-to-client-bytes", traffic.server_to_client_bytes - had.server_to_client_bytes),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .into()
    }
}
