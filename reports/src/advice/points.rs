//! What a run measured, as points that a model can be fitted to: one for each candidate and load.
//!
//! Takes the rows of the report that have figures. A candidate is a variant without its poll interval, which a need
//! chooses.

use std::collections::{BTreeMap, HashMap, HashSet};

use results::{
    schema::{ApproachFacts, Flow, Load, Measured, Status, TrialRecord},
    statistics,
    store::Run,
};
use stats::difference::FEWEST_ROUNDS;

use super::{
    missing::{Absent, Missing},
    model::Way,
};
use crate::{
    merge::{self, Merged},
    rows::{LoadPoint, Row},
    validity,
};

/// Name of the setting that a need chooses.
const INTERVAL: &str = "interval";
/// Name of the setting that says how long a request is held.
const HOLD: &str = "hold";
/// Longest text of a duration, in bytes: too short for more seconds than a number holds.
const LONGEST: usize = 16;

/// A candidate: a variant without its poll interval, which a need chooses.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The approach, and the settings that were given.
    pub name: String,
    /// Position of the approach in the registry.
    pub order: usize,
    /// The facts of the approach.
    pub facts: ApproachFacts,
    /// How events reach its clients.
    pub way: Way,
    /// Longest hold of a request, in seconds.
    pub hold_s: Option<f64>,
    /// Its points, sorted by clients and then by events.
    pub points: Vec<Point>,
}

/// A candidate under one load. Rates are means over the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Clients.
    pub clients: f64,
    /// Events per second and client.
    pub events_per_client: f64,
    /// Symbols per client.
    pub symbols: f64,
    /// Payload of an event, in bytes.
    pub payload_bytes: f64,
    /// Poll interval, in seconds.
    pub interval_s: Option<f64>,
    /// Requests per second. 0 if the server pushes.
    pub exchanges: f64,
    /// Deliveries per second.
    pub deliveries: f64,
    /// CPU time of the servers, in microseconds per second.
    pub server_us: f64,
    /// CPU time of the workers, in microseconds per second.
    pub client_us: f64,
    /// Bytes per second, both ways, payload included.
    pub bytes: f64,
    /// Memory of the servers for all clients, in bytes.
    pub server_memory: f64,
    /// Memory of the workers for all clients, in bytes.
    pub client_memory: f64,
    /// Share of responses without an event.
    pub empty_share: f64,
    /// Median latency, in nanoseconds.
    pub p50_ns: Option<f64>,
    /// 99th percentile of the latency, in nanoseconds.
    pub p99_ns: Option<f64>,
}

/// A row that has figures.
struct Seen<'a> {
    load: &'a Load,
    row: &'a Row,
    merged: &'a Merged,
    /// Its valid trials, each with its place in the run.
    trials: Vec<(usize, &'a TrialRecord)>,
}

/// The candidates of a run that have a valid trial, in the registry's order.
pub(super) fn candidates(run: &Run, loads: &[LoadPoint]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for seen in seen(run, loads) {
        let (facts, order, trial) = (&run.run.approaches[seen.row.order], seen.row.order, seen.trials[0].1);
        let way = way(facts, seen.merged);
        let name = name(trial, way);
        let index = *places.entry(name.clone()).or_insert_with(|| {
            let hold_s = trial.parameters.get(HOLD).filter(|_| way == Way::Hold).and_then(|text| seconds(text));
            let facts = facts.clone();
            candidates.push(Candidate { name, order, facts, way, hold_s, points: Vec::new() });
            candidates.len() - 1
        });
        candidates[index].points.extend(point(&seen, way));
    }
    for candidate in &mut candidates {
        candidate
            .points
            .sort_by(|a, b| a.clients.total_cmp(&b.clients).then(a.events_per_client.total_cmp(&b.events_per_client)));
    }
    candidates
}

/// What a run lacks whose candidates with a valid trial are these.
pub(super) fn missing(run: &Run, candidates: &[Candidate]) -> Missing {
    let valid = run.trials.iter().filter(|trial| trial.status == Status::Ok);
    Missing {
        trials: run.trials.len(),
        not_valid: run.trials.len() - valid.clone().count(),
        tail_warnings: valid.filter(|trial| !validity::tail_warnings(&[trial]).is_empty()).count(),
        candidates: absent(run, candidates),
    }
}

/// In the registry's order, and of one approach in the order in which they were first run.
fn seen<'a>(run: &'a Run, loads: &'a [LoadPoint]) -> Vec<Seen<'a>> {
    let mut trials: HashMap<_, Vec<(usize, &TrialRecord)>> = HashMap::new();
    for (place, trial) in run.trials.iter().enumerate().filter(|(_, trial)| trial.status == Status::Ok) {
        let row = (trial.approach.as_str(), trial.variant.as_str(), trial.load.key());
        trials.entry(row).or_default().push((place, trial));
    }
    let rows = loads.iter().flat_map(|point| point.rows.iter().map(move |row| (&point.load, row)));
    let mut seen: Vec<Seen<'a>> = rows
        .filter_map(|(load, row)| {
            let trials = trials.remove(&(row.approach.as_str(), row.variant.as_str(), load.key()))?;
            Some(Seen { load, row, merged: row.merged.as_ref()?, trials })
        })
        .collect();
    seen.sort_by_key(|seen| (seen.row.order, seen.trials[0].0));
    seen
}

/// What pulls and has a schedule polls; without one its requests are held.
fn way(facts: &ApproachFacts, merged: &Merged) -> Way {
    match (facts.flow, merged.offered_requests) {
        (Flow::Push, _) => Way::Push,
        (Flow::Pull, Some(_)) => Way::Poll,
        (Flow::Pull, None) => Way::Hold,
    }
}

/// The name of the candidate that a trial is of, whether it is valid or not. A trial without figures does not say
/// whether it polls, but what has an interval does.
fn name_of(facts: &ApproachFacts, trial: &TrialRecord) -> String {
    let polls = trial.measured.as_ref().is_none_or(|measured| measured.offered_requests.is_some());
    name(trial, if facts.flow == Flow::Pull && polls { Way::Poll } else { Way::Hold })
}

/// The variant's name without the interval of a poll.
fn name(trial: &TrialRecord, way: Way) -> String {
    let interval = trial.parameters.get(INTERVAL).filter(|_| way == Way::Poll);
    let parts = trial.variant.split('/').enumerate();
    let kept = parts.filter(|(index, part)| *index == 0 || interval.is_none_or(|interval| interval != part));
    kept.map(|(_, part)| part).collect::<Vec<_>>().join("/")
}

/// The p99 that trials without a warning of the tail have: the median of the rounds' where three have one, so that a
/// round that was disturbed unnoticed does not make it, and else that of all together.
fn p99_ns(trials: &[(usize, &TrialRecord)]) -> Option<u64> {
    let clean = trials.iter().filter(|(_, trial)| validity::tail_warnings(&[trial]).is_empty());
    let clean: Vec<&Measured> = clean.filter_map(|(_, trial)| trial.measured.as_ref()).collect();
    let mut of_rounds: Vec<u64> = clean.iter().filter_map(|measured| measured.latency_ns.p99).collect();
    if of_rounds.len() >= FEWEST_ROUNDS {
        return statistics::median(&mut of_rounds);
    }
    let events = clean.iter().map(|measured| measured.event_median_ns.count).fold(0, u64::saturating_add);
    merge::merge(&clean, events, |measured| Some(&measured.latency_ns))?.p99
}

/// Returns the point of a row. Returns `None` if the server did not report its costs.
fn point(Seen { load, row, merged, trials }: &Seen<'_>, way: Way) -> Option<Point> {
    let clients = f64::from(load.clients);
    let each_second = |count: u64| count as f64 / merged.window_seconds.max(1e-9);
    Some(Point {
        clients,
        events_per_client: load.events_per_client(),
        symbols: f64::from(load.symbols_per_client),
        payload_bytes: f64::from(load.payload_bytes),
        interval_s: row.poll_interval_ns.map(|interval| interval as f64 / 1e9),
        exchanges: if way == Way::Push { 0.0 } else { each_second(merged.requests) },
        deliveries: each_second(merged.events.arrived),
        server_us: each_second(merged.cpu.server_us?),
        client_us: each_second(merged.cpu.client_us),
        bytes: each_second(merged.wire?.both_ways()),
        server_memory: merged.memory.server_bytes? * clients,
        client_memory: merged.memory.client_bytes * clients,
        empty_share: merged.empty_share.unwrap_or(0.0),
        p50_ns: merged.latency_ns.p50.map(|p50| p50 as f64),
        p99_ns: p99_ns(trials).map(|p99| p99 as f64),
    })
}

/// A duration as scenarios write it, in seconds. What is longer is not read: a result file may come from anybody, and
/// humantime panics where the parts of a duration add up to more than there is.
fn seconds(text: &str) -> Option<f64> {
    let duration = humantime::parse_duration(Some(text).filter(|text| text.len() <= LONGEST)?).ok()?;
    Some(duration.as_secs_f64())
}

fn absent(run: &Run, candidates: &[Candidate]) -> Vec<Absent> {
    let known: HashSet<&str> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
    let mut absent: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for trial in run.trials.iter().filter(|trial| trial.status != Status::Ok) {
        let mut approaches = run.run.approaches.iter().enumerate();
        // The store refuses a trial of any other approach.
        let Some((order, facts)) = approaches.find(|(_, facts)| facts.name == trial.approach) else { continue };
        let name = name_of(facts, trial);
        if !known.contains(name.as_str()) {
            *absent.entry((order, name)).or_default() += 1;
        }
    }
    absent.into_iter().map(|((_, name), trials)| Absent { name, trials }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(["30s", "250ms", "1.5m", "1h"].map(seconds), [Some(30.0), Some(0.25), Some(90.0), Some(3600.0)]);
        assert_eq!(["", "s", "30", "30 parsecs"].map(seconds), [None; 4]);
        assert_eq!(seconds("18446744073709551615s 1000ms"), None);
    }
}
