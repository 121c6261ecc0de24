//! The reasons that rule out a candidate regardless of its costs: its facts and its latency.

use serde::Serialize;

use super::{
    model::{Beyond, Model, Prediction, Way},
    need::Need,
};

/// Why a candidate is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is the floor.
    Floor,
    /// Clients are browsers, which cannot use it.
    Browser,
    /// Clients send, which it does not support.
    Sends,
    /// The server cannot call clients.
    Inbound,
    /// No connection may stay open.
    Persistent,
    /// Every event matters, but it delivers only the newest state.
    EveryEvent,
    /// No poll interval is short enough.
    Interval,
    /// Its latency exceeds the staleness.
    Late,
    /// Its server needs more cores than the machine had.
    Cores,
    /// Its p99 is unknown.
    Unknown,
}

impl Reason {
    /// All reasons, in the order of printing.
    pub(crate) const ALL: [Self; 10] = [
        Self::Floor,
        Self::Browser,
        Self::Sends,
        Self::Inbound,
        Self::Persistent,
        Self::EveryEvent,
        Self::Interval,
        Self::Late,
        Self::Cores,
        Self::Unknown,
    ];

    /// Returns whether it follows from the facts of a candidate, whatever the load.
    pub(super) fn is_of_facts(self) -> bool {
        !matches!(self, Self::Interval | Self::Late | Self::Cores | Self::Unknown)
    }

    /// Describes the reason.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Floor => "it is the floor, which others are compared with, and no recommendation",
            Self::Browser => "a browser needs a library or a proxy for it",
            Self::Sends => "a client cannot send on the same connection",
            Self::Inbound => "the server must be able to call each client",
            Self::Persistent => "a request or a connection stays open while nothing happens",
            Self::EveryEvent => "of several changes only the newest arrives",
            Self::Interval => "one exchange takes too long for any poll interval within the staleness",
            Self::Late => "its p99 is beyond the staleness",
            Self::Cores => "its server needs more cores than the machine had, so that its latency is not known",
            Self::Unknown => {
                "its p99 is not known: no valid trial without a warning of the tail had the events for one"
            }
        }
    }
}

/// Returns the reasons that rule out a candidate.
pub(super) fn reasons(model: &Model, need: &Need, prediction: &Prediction) -> Vec<Reason> {
    let is_overloaded = prediction.extrapolated.contains(&Beyond::Cores);
    let [_, p99] = model.latency_at(need.clients * need.events_per_client);
    let is_unknown = p99.is_none() && !is_overloaded;
    let out = |reason: Reason| match reason {
        Reason::Floor => model.floor,
        Reason::Browser => need.browser && !model.browser,
        Reason::Sends => need.sends && !model.bidirectional,
        Reason::Inbound => !need.inbound && model.server_connects,
        // A server that calls its clients opens connections when there is an event.
        Reason::Persistent => !need.persistent && !model.server_connects && model.way != Way::Poll,
        Reason::EveryEvent => need.every_event && model.snapshot,
        Reason::Interval => model.way == Way::Poll && prediction.interval_s.is_none() && !is_unknown,
        Reason::Late => model.way != Way::Poll && prediction.p99_ns.is_some_and(|p99| p99 > need.staleness_ms * 1e6),
        // An overloaded server queues, so its latency is unknown.
        Reason::Cores => is_overloaded,
        Reason::Unknown => is_unknown,
    };
    Reason::ALL.into_iter().filter(|reason| out(*reason)).collect()
}
