//! The cost model: what each candidate takes under a load, from the constants of a run.
//!
//! With N clients, λ events a second for each, poll interval T and hold H:
//!
//! - deliveries a second: N·λ; of a snapshot N·(1 − e^(−λT))/T, since of several changes one arrives;
//! - exchanges a second: what polls N/T; what holds N·λ/(1 − e^(−λH)), since a request ends with an event or with the
//!   hold, whichever is first, and (1 − e^(−λH))/λ is its mean length; what pushes none of its own;
//! - empty responses: e^(−λT) and e^(−λH), none of what pushes;
//! - CPU time and bytes: a fixed part, so much for each exchange, and so much for each delivery; the payload adds
//!   its own size to each delivery;
//! - memory: a fixed part, and so much for each client;
//! - latency of what pushes or holds: as measured, between loads by straight lines over the logarithms of deliveries and
//!   latency, and beyond them that of the nearest; of what polls uniform over (0, T) and one exchange after it. A p99 is
//!   not known where no trial gives one, and nothing takes its place.

use serde::Serialize;

use super::missing::Missing;

/// How a candidate gets events to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The server sends.
    Push,
    /// The client asks and the server waits with its answer.
    Hold,
    /// The client asks at an interval.
    Poll,
}

/// The constants of every candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Models {
    /// Run that they come from.
    pub source: String,
    /// Processors of the machine that was measured, which a server may take all of.
    pub cores: f64,
    /// In the registry's order.
    pub models: Vec<Model>,
    /// What is taken for granted where the run does not say.
    pub assumptions: Vec<String>,
    /// What the run lacks.
    pub missing: Missing,
}

/// A cost a second: fixed, for each exchange, for each delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LinearCost {
    /// A second, whatever happens.
    pub fixed: f64,
    /// For each exchange.
    pub exchange: f64,
    /// For each delivery.
    pub delivery: f64,
}

impl LinearCost {
    fn at(self, exchanges: f64, deliveries: f64) -> f64 {
        self.fixed + self.exchange * exchanges + self.delivery * deliveries
    }
}

/// Latency under one load, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Deliveries a second.
    pub deliveries: f64,
    /// p50.
    pub p50_ns: f64,
    /// p99; `None` if no trial gives one.
    pub p99_ns: Option<f64>,
}

/// What was measured, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Clients.
    pub clients: [f64; 2],
    /// Events a second for each client.
    pub events_per_client: [f64; 2],
    /// Bytes.
    pub payload_bytes: [f64; 2],
    /// Seconds; none where it does not poll.
    pub interval_s: Option<[f64; 2]>,
}

/// What a candidate takes, without what depends on the load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Costs {
    /// CPU time of the server, in microseconds a second.
    pub server_us: LinearCost,
    /// CPU time of all clients, in microseconds a second.
    pub client_us: LinearCost,
    /// Bytes a second, both ways, without payload.
    pub bytes: LinearCost,
    /// User space of the server in bytes: fixed, and for each client.
    pub server_memory: [f64; 2],
    /// User space of all clients in bytes: fixed, and for each client.
    pub client_memory: [f64; 2],
}

/// The constants of one candidate: an approach with its settings, the poll interval apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Name of the approach, and after a slash the settings that were given.
    pub name: String,
    /// Place in the registry.
    pub order: usize,
    /// How it gets events to a client.
    pub way: Way,
    /// Of several changes only the newest arrives.
    pub snapshot: bool,
    /// The server opens the connection that carries events.
    pub server_connects: bool,
    /// A browser can do it without library or proxy.
    pub browser: bool,
    /// The client can send on the same connection.
    pub bidirectional: bool,
    /// What the others are compared with.
    pub floor: bool,
    /// Lines of code of both halves.
    pub lines: f64,
    /// Hold in seconds; none where it does not hold.
    pub hold_s: Option<f64>,
    /// Costs.
    pub costs: Costs,
    /// From the fewest deliveries; of what polls that of one exchange.
    pub latency: Vec<Latency>,
    /// What was measured.
    pub measured: Measured,
}

/// The load that a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct At {
    /// Clients.
    pub clients: f64,
    /// Events a second for each client.
    pub events_per_client: f64,
    /// Symbols that each client follows; what is asked for by snapshot is asked for each.
    pub symbols: f64,
    /// Bytes.
    pub payload_bytes: f64,
    /// Seconds between two polls; none where there is no such interval.
    pub interval_s: Option<f64>,
}

/// What the load asks beyond what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// More or fewer clients.
    Clients,
    /// More or fewer events for each.
    EventsPerClient,
    /// Larger or smaller payload.
    Payload,
    /// Longer or shorter interval.
    Interval,
    /// More processors for the server than the machine had.
    Cores,
}

/// What a candidate would take. Of what polls, all that depends on the interval is `None` without one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// Poll interval; none where it does not poll, or where none is short enough.
    pub interval_s: Option<f64>,
    /// Requests a second.
    pub requests_per_second: Option<f64>,
    /// Share of responses without an event.
    pub empty_share: Option<f64>,
    /// Deliveries a second.
    pub deliveries_per_second: Option<f64>,
    /// Bytes a second, both ways.
    pub bytes_per_second: Option<f64>,
    /// Processors that the server keeps busy, of the kind that was measured.
    pub server_cores: Option<f64>,
    /// Processors that all clients together keep busy.
    pub client_cores: Option<f64>,
    /// User space of the server.
    pub server_memory_bytes: f64,
    /// User space of all clients together.
    pub client_memory_bytes: f64,
    /// None where it was not measured, or where the server needs more processors than the machine had.
    pub p50_ns: Option<f64>,
    /// None where it was not measured, or where the server needs more processors than the machine had.
    pub p99_ns: Option<f64>,
    /// What of this was not measured.
    pub extrapolated: Vec<Beyond>,
}

/// What lies within this factor of what was measured is no extrapolation.
pub(super) const WITHIN: f64 = 1.25;

impl Model {
    /// p50 and p99 at this many deliveries per second, without the interval of a poll; each `None` if it was not
    /// measured.
    pub(super) fn latency_at(&self, deliveries: f64) -> [Option<f64>; 2] {
        let known = |of: fn(&Latency) -> Option<f64>| {
            let points = self.latency.iter().filter_map(|point| Some((point.deliveries, of(point)?)));
            between(&points.collect::<Vec<_>>(), deliveries)
        };
        [known(|point| Some(point.p50_ns)), known(|point| point.p99_ns)]
    }

    /// The longest interval in seconds whose last moment is within the staleness. Returns `None` if an exchange would
    /// not end before the next begins, or if its length is not known.
    pub(super) fn interval_within(&self, staleness_ms: f64, deliveries: f64) -> Option<f64> {
        let [_, p99] = self.latency_at(deliveries);
        let exchange_s = p99? / 1e9;
        let interval = staleness_ms / 1e3 - exchange_s;
        (interval >= exchange_s && interval > 0.0).then_some(interval)
    }
}

/// The value at this many deliveries per second, by straight lines over the logarithms of both; beyond the points that
/// of the nearest. Returns `None` if there are no points.
fn between(points: &[(f64, f64)], deliveries: f64) -> Option<f64> {
    let after = points.iter().position(|(at, _)| *at >= deliveries).unwrap_or(points.len());
    let (Some((low_at, low)), Some((high_at, high))) = (points[..after].last(), points.get(after)) else {
        return points.get(after).or(points.last()).map(|(_, value)| *value);
    };
    let share = (deliveries / low_at).ln() / (high_at / low_at).ln();
    Some((low.ln() + share * (high / low).ln()).exp())
}

/// Predicts what the candidate needs under this load. If its server needs more than `cores`, its latency is that of a
/// queue, which the model does not know. Clients run elsewhere, and their cores do not count here.
#[must_use]
pub fn predict(model: &Model, at: &At, cores: f64) -> Prediction {
    let all = at.clients * at.events_per_client;
    let interval_s = at.interval_s.filter(|_| model.way == Way::Poll);
    let is_known = model.way != Way::Poll || interval_s.is_some();
    let polls = interval_s.map_or(0.0, |interval| at.clients / interval);
    let asked = if model.snapshot { at.symbols } else { 1.0 };
    // Events that one response may carry, in the time that it waits or is waited for.
    let rate = at.events_per_client / asked;
    let (exchanges, empty_share) = match (model.way, interval_s, model.hold_s) {
        (Way::Poll, Some(interval), _) => (polls * asked, (-rate * interval).exp()),
        (Way::Hold, _, Some(hold)) => (all / (1.0 - (-rate * hold).exp()), (-rate * hold).exp()),
        (Way::Hold, _, None) => (all, 0.0),
        _ => (0.0, 0.0),
    };
    let deliveries = if model.snapshot && exchanges > 0.0 { exchanges * (1.0 - empty_share) } else { all };
    let waits = interval_s.unwrap_or(0.0) * 1e9;
    let costs = &model.costs;
    let server_cores = costs.server_us.at(exchanges, deliveries) / 1e6;
    let needs_more_cores = is_known && server_cores > cores;
    let [p50, p99] = model.latency_at(all).map(|latency| latency.filter(|_| is_known && !needs_more_cores));
    let known = |value: f64| is_known.then_some(value);
    Prediction {
        interval_s,
        requests_per_second: known(if model.server_connects { deliveries } else { exchanges }),
        empty_share: known(empty_share),
        deliveries_per_second: known(deliveries),
        bytes_per_second: known(costs.bytes.at(exchanges, deliveries) + at.payload_bytes * deliveries),
        server_cores: known(server_cores),
        client_cores: known(costs.client_us.at(exchanges, deliveries) / 1e6),
        server_memory_bytes: costs.server_memory[0] + costs.server_memory[1] * at.clients,
        client_memory_bytes: costs.client_memory[0] + costs.client_memory[1] * at.clients,
        p50_ns: p50.map(|p50| p50 + waits * 0.5),
        p99_ns: p99.map(|p99| p99 + waits * 0.99),
        extrapolated: beyond(model, at, interval_s, needs_more_cores),
    }
}

fn beyond(model: &Model, at: &At, interval_s: Option<f64>, needs_more_cores: bool) -> Vec<Beyond> {
    let outside = |[least, most]: [f64; 2], value: f64| value * WITHIN < least || value > most * WITHIN;
    let measured = &model.measured;
    let interval = measured.interval_s.zip(interval_s);
    let of = [
        (Beyond::Clients, outside(measured.clients, at.clients)),
        (Beyond::EventsPerClient, outside(measured.events_per_client, at.events_per_client)),
        (Beyond::Payload, outside(measured.payload_bytes, at.payload_bytes)),
        (Beyond::Interval, interval.is_some_and(|(range, interval)| outside(range, interval))),
        (Beyond::Cores, needs_more_cores),
    ];
    of.into_iter().filter(|(_, is_beyond)| *is_beyond).map(|(beyond, _)| beyond).collect()
}
