//! The cost model: predicts the needs of each candidate under a load, from the constants of a run.
//!
//! With N clients, λ events a second for each, poll interval T and hold H:
//!
//! - deliveries per second: N·λ; for a snapshot N·(1 − e^(−λT))/T, because only the newest of several changes arrives;
//! - exchanges per second: N/T for polling; N·λ/(1 − e^(−λH)) for holding, because a request ends with an event or with the
//!   hold, and (1 − e^(−λH))/λ is its mean length; none for push;
//! - empty responses: e^(−λT) and e^(−λH); none for push;
//! - CPU time and bytes: a fixed part, a part per exchange, and a part per delivery; the payload is added to each delivery;
//! - memory: a fixed part, and a part per client;
//! - latency of push and holding: as measured, interpolated linearly over the logarithms of deliveries and latency, and beyond
//!   the measured loads that of the nearest; for polling uniform over (0, T), then one exchange. A p99 that no trial has is
//!   unknown.

use serde::Serialize;

use super::missing::Missing;

/// How events reach a client.
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
    /// The run that they come from.
    pub source: String,
    /// Cores of the measured machine. A server may use all of them.
    pub cores: f64,
    /// The models, in the order of the registry.
    pub models: Vec<Model>,
    /// How far back the servers of the run could look. `None` if the record does not say.
    pub history: Option<History>,
    /// Assumptions that the run does not test.
    pub assumptions: Vec<String>,
    /// What the run lacks.
    pub missing: Missing,
}

/// The events that a server keeps for clients that come back for them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct History {
    /// Number of events.
    pub events: f64,
    /// Deliveries of one event.
    pub fan_out: f64,
}

/// A cost per second: fixed, per exchange, and per delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LinearCost {
    /// Fixed cost per second.
    pub fixed: f64,
    /// Cost per exchange.
    pub exchange: f64,
    /// Cost per delivery.
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
    /// Deliveries per second.
    pub deliveries: f64,
    /// p50.
    pub p50_ns: f64,
    /// p99. `None` if no trial has one.
    pub p99_ns: Option<f64>,
}

/// The measured range of each input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Clients.
    pub clients: [f64; 2],
    /// Events per second and client.
    pub events_per_client: [f64; 2],
    /// Payload in bytes.
    pub payload_bytes: [f64; 2],
    /// Poll interval in seconds. `None` if it does not poll.
    pub interval_s: Option<[f64; 2]>,
}

/// The costs of a candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Costs {
    /// CPU time of the server, in microseconds per second.
    pub server_us: LinearCost,
    /// CPU time of all clients, in microseconds per second.
    pub client_us: LinearCost,
    /// Bytes per second, both ways, without payload.
    pub bytes: LinearCost,
    /// Memory of the server in bytes: fixed, and per client.
    pub server_memory: [f64; 2],
    /// Memory of all clients in bytes: fixed, and per client.
    pub client_memory: [f64; 2],
}

/// The constants of one candidate: an approach with its settings, except the poll interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Name of the approach, with given settings after a slash.
    pub name: String,
    /// Position in the registry.
    pub order: usize,
    /// How events reach a client.
    pub way: Way,
    /// Whether only the newest of several changes arrives.
    pub snapshot: bool,
    /// Whether the server opens the connection.
    pub server_connects: bool,
    /// Whether a browser can use it without library or proxy.
    pub browser: bool,
    /// Whether it exists for browsers only, which have a better choice outside of them.
    pub for_browsers: bool,
    /// Whether the client can send on the same connection.
    pub bidirectional: bool,
    /// Whether it is the floor.
    pub floor: bool,
    /// Lines of code of both halves.
    pub lines: [f64; 2],
    /// Hold in seconds. `None` if it does not hold requests.
    pub hold_s: Option<f64>,
    /// Costs.
    pub costs: Costs,
    /// Latencies sorted by deliveries; for polling, of one exchange.
    pub latency: Vec<Latency>,
    /// The measured range.
    pub measured: Measured,
    /// Typical factor by which it is off in CPU time of the server, found by leaving out each load in turn. `None` with fewer
    /// than three loads.
    pub error: Option<f64>,
}

/// A load to predict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct At {
    /// Clients.
    pub clients: f64,
    /// Events per second and client.
    pub events_per_client: f64,
    /// Symbols per client. A snapshot needs one request per symbol.
    pub symbols: f64,
    /// Payload in bytes.
    pub payload_bytes: f64,
    /// Poll interval in seconds, if there is one.
    pub interval_s: Option<f64>,
}

/// An input outside the measured range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// More or fewer clients.
    Clients,
    /// More or fewer events per client.
    EventsPerClient,
    /// Larger or smaller payload.
    Payload,
    /// Longer or shorter interval.
    Interval,
    /// More cores for the server than the machine had.
    Cores,
}

/// The prediction for a candidate. Values that depend on a poll interval are `None` without one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// Poll interval. `None` if it does not poll, or if no interval is short enough.
    pub interval_s: Option<f64>,
    /// Requests per second.
    pub requests_per_second: Option<f64>,
    /// Share of responses without an event.
    pub empty_share: Option<f64>,
    /// Deliveries per second.
    pub deliveries_per_second: Option<f64>,
    /// Bytes per second, both ways.
    pub bytes_per_second: Option<f64>,
    /// Cores that the server keeps busy.
    pub server_cores: Option<f64>,
    /// Cores that all clients keep busy.
    pub client_cores: Option<f64>,
    /// Memory of the server.
    pub server_memory_bytes: f64,
    /// Memory of all clients.
    pub client_memory_bytes: f64,
    /// p50. `None` if it was not measured, or if the server needs more cores than the machine had.
    pub p50_ns: Option<f64>,
    /// p99. `None` in the same cases.
    pub p99_ns: Option<f64>,
    /// Inputs outside the measured range.
    pub extrapolated: Vec<Beyond>,
}

/// Factor around the measured range that does not count as extrapolation.
pub(super) const WITHIN: f64 = 1.25;

impl Model {
    /// Returns p50 and p99 at this many deliveries per second, without a poll interval. Each is `None` if it was not
    /// measured.
    pub(super) fn latency_at(&self, deliveries: f64) -> [Option<f64>; 2] {
        let known = |of: fn(&Latency) -> Option<f64>| {
            let points = self.latency.iter().filter_map(|point| Some((point.deliveries, of(point)?)));
            between(&points.collect::<Vec<_>>(), deliveries)
        };
        [known(|point| Some(point.p50_ns)), known(|point| point.p99_ns)]
    }

    /// Returns the longest poll interval that meets the staleness, in seconds. Returns `None` if an exchange would
    /// not end before the next begins, or if its duration is unknown.
    pub(super) fn interval_within(&self, staleness_ms: f64, deliveries: f64) -> Option<f64> {
        let [_, p99] = self.latency_at(deliveries);
        let exchange_s = p99? / 1e9;
        let interval = staleness_ms / 1e3 - exchange_s;
        (interval >= exchange_s && interval > 0.0).then_some(interval)
    }
}

/// Interpolates linearly over the logarithms of both. Beyond the points it takes the nearest value. Returns `None`
/// without points.
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
    // Events that one response may carry.
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
