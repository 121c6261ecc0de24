//! Fits the constants of the model to a run.
//!
//! Least squares of relative errors, with coefficients of at least 0. The loads decide which parts of a cost can be separated:
//! with one load, everything is proportional; with two or more sizes, there is a fixed part; if polls find different numbers
//! of events, the cost of an exchange is separate from that of its events. [`Models::assumptions`] lists what is assumed
//! otherwise.

use results::{
    schema::{Delivery, Side},
    store::Run,
};
use stats::least_squares::nonnegative;
use thiserror::Error;

use super::{
    error,
    model::{Costs, History, Latency, LinearCost, Measured, Model, Models, Way},
    points::{self, Candidate, Point},
};
use crate::{
    rows::{self, LoadPoint},
    validity,
};

/// Smallest factor between the most and the fewest events per poll with which the two costs are separated.
const VARIED: f64 = 1.5;
/// Largest share of a poll's cost that is assigned to its events, if the two are not separated.
const MOST_OF_EVENTS: f64 = 0.5;

/// Maximum number of candidates, which are compared pairwise.
const MOST_CANDIDATES: usize = 100;

/// Why a run has no constants.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AdviceError {
    /// Faults were injected.
    #[error("the run is no measurement: {0}; take one without faults")]
    Faults(String),
    /// No trial is valid.
    #[error("the run has no valid trial to take constants from; take another with --from, or run bench-all")]
    Nothing,
    /// There are too many candidates to compare.
    #[error("the run has {0} variants, and at most {MOST_CANDIDATES} can be compared; take a run of fewer with --from")]
    Many(usize),
}

/// Fits the constants of a run.
///
/// # Errors
/// Faults were injected, or no trial is valid.
pub fn models(run: &Run) -> Result<Models, AdviceError> {
    with_loads(run, fit_loads)
}

/// Fits the constants of a run from its rows.
pub(super) fn fit_loads(run: &Run, loads: &[&LoadPoint]) -> Result<Models, AdviceError> {
    let candidates = measured(run, loads)?;
    let mut models = fitted(&candidates);
    for (candidate, error) in candidates.iter().zip(error::of_cpu(&candidates)) {
        let model = models.iter_mut().find(|model| model.name == candidate.name);
        model.into_iter().for_each(|model| model.error = error);
    }
    Ok(Models {
        source: source(run),
        cores: f64::from(run.run.environment.cores),
        models,
        history: history(run),
        assumptions: assumptions(&candidates),
        missing: points::missing(run, &candidates),
    })
}

/// Returns the history that the servers of the run kept, from its scenario.
fn history(run: &Run) -> Option<History> {
    let events = run.run.scenario.get("limits")?.get("replay_events")?.as_f64()?;
    let load = &run.trials.first()?.load;
    let followed = f64::from(load.clients) * f64::from(load.symbols_per_client);
    Some(History { events, fan_out: followed / f64::from(load.symbols).max(1.0) })
}

/// Describes the run.
fn source(run: &Run) -> String {
    format!("{} of {}", run.run.scenario_name, run.run.started)
}

/// Returns the candidates of a run, with a point per load.
///
/// # Errors
/// The run measures nothing, or has too many candidates.
pub fn candidates(run: &Run) -> Result<Vec<Candidate>, AdviceError> {
    with_loads(run, measured)
}

/// Calls `job` with the loads of the table and the further ones for costs.
fn with_loads<T>(run: &Run, job: impl Fn(&Run, &[&LoadPoint]) -> T) -> T {
    let (loads, further) = (rows::load_points(run), rows::further_points(run));
    job(run, &rows::together(&loads, &further))
}

/// Returns the candidates of a run, with a point per load.
fn measured(run: &Run, loads: &[&LoadPoint]) -> Result<Vec<Candidate>, AdviceError> {
    if let Some(faults) = validity::faults(&run.run.scenario) {
        return Err(AdviceError::Faults(faults));
    }
    let candidates = points::candidates(run, loads);
    match candidates.len() {
        0 => Err(AdviceError::Nothing),
        1..=MOST_CANDIDATES => Ok(candidates),
        many => Err(AdviceError::Many(many)),
    }
}

/// Fits a model to each candidate that has a point.
#[must_use]
pub fn fitted(candidates: &[Candidate]) -> Vec<Model> {
    let with_points = || candidates.iter().filter(|candidate| !candidate.points.is_empty());
    let floor = with_points().find(|candidate| candidate.facts.floor);
    let bare = floor.map(|floor| costs(floor, &Costs::default())).unwrap_or_default();
    // The answer to a poll takes as long as the answer to a held request.
    let answered = with_points().find(|candidate| candidate.way == Way::Hold).or(floor);
    let exchange = answered.map(latency).unwrap_or_default();
    with_points().map(|candidate| model(candidate, &bare, &exchange)).collect()
}

fn model(candidate: &Candidate, bare: &Costs, exchange: &[Latency]) -> Model {
    let facts = &candidate.facts;
    Model {
        name: candidate.name.clone(),
        order: candidate.order,
        way: candidate.way,
        snapshot: facts.delivery == Delivery::Snapshot,
        server_connects: facts.connects == Side::Server,
        browser: facts.browser,
        for_browsers: facts.is_rpc_for_browsers(),
        bidirectional: facts.bidirectional,
        floor: facts.floor,
        lines: [&facts.client_complexity, &facts.server_complexity].map(|half| f64::from(half.code_lines)),
        hold_s: candidate.hold_s,
        costs: costs(candidate, bare),
        latency: if candidate.way == Way::Poll { exchange.to_vec() } else { latency(candidate) },
        measured: ranges(&candidate.points),
        error: None,
    }
}

/// `bare` has the costs of a delivery at the floor.
fn costs(candidate: &Candidate, bare: &Costs) -> Costs {
    let line = |of: fn(&Point) -> f64, bare: f64, may_be_fixed: bool| line(candidate, of, bare, may_be_fixed);
    Costs {
        server_us: line(|point| point.server_us, bare.server_us.delivery, true),
        client_us: line(|point| point.client_us, bare.client_us.delivery, true),
        bytes: line(|point| point.bytes - point.payload_bytes * point.deliveries, bare.bytes.delivery, false),
        server_memory: memory(&candidate.points, |point| point.server_memory),
        client_memory: memory(&candidate.points, |point| point.client_memory),
    }
}

fn line(candidate: &Candidate, of: fn(&Point) -> f64, bare: f64, may_be_fixed: bool) -> LinearCost {
    let points = &candidate.points;
    let polls = candidate.way == Way::Poll;
    // As many polls under every load cannot be told from a fixed part, and are what changes with the clients.
    let fixed = may_be_fixed && several(points, if polls { |point| point.exchanges } else { size });
    let both = polls && are_varied(points) && (!fixed || points.len() > 2);
    let assumed = if polls && !both { bare.min(most_of_events(points, of)) } else { 0.0 };
    let rows: Vec<([f64; 3], f64)> = points
        .iter()
        .map(|point| ([1.0, point.exchanges, point.deliveries], of(point) - assumed * point.deliveries))
        .collect();
    let allowed = [fixed, candidate.way != Way::Push, candidate.way == Way::Push || both];
    let [fixed, exchange, delivery] = nonnegative(&rows, allowed);
    LinearCost { fixed, exchange, delivery: delivery + assumed }
}

fn most_of_events(points: &[Point], of: fn(&Point) -> f64) -> f64 {
    let each = points.iter().filter(|point| point.deliveries > 0.0).map(|point| of(point) / point.deliveries);
    MOST_OF_EVENTS * each.fold(f64::INFINITY, f64::min).max(0.0)
}

fn size(point: &Point) -> f64 {
    point.clients * point.events_per_client
}

/// Returns whether a value differs between points by more than chance.
fn several(points: &[Point], of: fn(&Point) -> f64) -> bool {
    let values = points.iter().map(of);
    let [least, most] = values.fold([f64::INFINITY, 0.0], |[least, most], one| [one.min(least), one.max(most)]);
    most > least * 1.2
}

/// Returns whether polls find different numbers of events under different loads.
fn are_varied(points: &[Point]) -> bool {
    let found = points.iter().filter(|point| point.exchanges > 0.0).map(|point| point.deliveries / point.exchanges);
    let [least, most] = found.fold([f64::INFINITY, 0.0], |[least, most], one| [one.min(least), one.max(most)]);
    least.is_finite() && most > VARIED * least
}

/// Returns the fixed part, if there is more than one number of clients, and the part per client.
fn memory(points: &[Point], of: fn(&Point) -> f64) -> [f64; 2] {
    let several = several(points, |point| point.clients);
    let rows: Vec<([f64; 3], f64)> = points.iter().map(|point| ([1.0, point.clients, 0.0], of(point))).collect();
    let [fixed, each, _] = nonnegative(&rows, [several, true, false]);
    [fixed, each]
}

/// Returns the latencies sorted by deliveries, the slower of two with the same number.
fn latency(candidate: &Candidate) -> Vec<Latency> {
    let of = |point: &Point| {
        let p50_ns = point.p50_ns.filter(|p50| *p50 > 0.0)?;
        let deliveries = point.clients * point.events_per_client;
        let p99_ns = point.p99_ns.map(|p99| p99.max(p50_ns));
        (deliveries > 0.0).then_some(Latency { deliveries, p50_ns, p99_ns })
    };
    let mut points: Vec<Latency> = candidate.points.iter().filter_map(of).collect();
    let slowness = |point: &Latency| point.p99_ns.unwrap_or(0.0);
    points.sort_by(|a, b| a.deliveries.total_cmp(&b.deliveries).then(slowness(b).total_cmp(&slowness(a))));
    points.dedup_by(|next, before| next.deliveries <= before.deliveries * 1.000_001);
    points
}

fn ranges(points: &[Point]) -> Measured {
    let range = |of: fn(&Point) -> f64| {
        points.iter().map(of).fold([f64::INFINITY, 0.0], |[least, most]: [f64; 2], one| [one.min(least), one.max(most)])
    };
    let polls = points.iter().any(|point| point.interval_s.is_some());
    Measured {
        clients: range(|point| point.clients),
        events_per_client: range(|point| point.events_per_client),
        payload_bytes: range(|point| point.payload_bytes),
        interval_s: polls.then(|| range(|point| point.interval_s.unwrap_or(0.0))),
    }
}

/// Returns the assumptions that this run, or any run of this tool, cannot test.
fn assumptions(candidates: &[Candidate]) -> Vec<String> {
    let mut assumed = Vec::new();
    if candidates.iter().all(|candidate| !several(&candidate.points, size)) {
        assumed.push(
            "One load was measured: every cost is taken as proportional, with no fixed part. So the number of clients \
             changes no ratio of two costs; it changes the answer where a cost becomes large enough to matter (less than a \
             hundredth of a processor, 1 KB a second and 1 MB count as these), where more processors are needed than the \
             machine had, and by latency, which is that of the load.",
        );
    }
    if candidates.iter().any(|candidate| candidate.way == Way::Poll && !are_varied(&candidate.points)) {
        assumed.push(
            "No two loads differ in how many events a poll finds: an event in an answer is taken to cost what the floor \
             takes for a delivery, and at most half of what was measured.",
        );
    }
    if candidates.iter().any(|candidate| several(&candidate.points, |point| point.deliveries)) {
        assumed.push(
            "Latency is that of the measured loads around this one. Busier cores sleep less, so a p50 at a higher rate can be \
             below the one in the table, and below the floor's.",
        );
    }
    assumed.push("An exchange of a polling approach takes as long as an answer of an approach that holds requests, or as the floor without one.");
    assumed.push("A connection that is held costs memory, and no CPU time while nothing happens.");
    assumed.push("A payload adds its size to bytes, and nothing to CPU time and memory.");
    assumed.push("Each client follows one symbol. Processors, memory and loopback are those of the run.");
    assumed.into_iter().map(str::to_owned).collect()
}
