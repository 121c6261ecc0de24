//! The points of a run that a model is fitted to: one per candidate and load, from the rows of the report.

use std::collections::{BTreeMap, HashMap, HashSet};

use results::{
    schema::{ApproachFacts, Flow, Load, Measured, Part, Status, TrialRecord},
    statistics,
    store::Run,
};

use super::{
    missing::{Absent, Missing},
    model::Way,
};
use crate::{
    merge::{self, Merged},
    rows::{LoadPoint, Row},
    validity,
};

/// Fewest rounds whose median decides, so that one disturbed round does not.
const ROUNDS_OF_A_MEDIAN: usize = 3;

/// Name of the setting with the poll interval, which a need chooses.
const INTERVAL: &str = "interval";
/// Name of the setting with the hold of a request.
const HOLD: &str = "hold";
/// Maximum length of a duration, in bytes, so that it cannot overflow.
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

/// A row with figures.
struct Seen<'a> {
    load: &'a Load,
    row: &'a Row,
    merged: &'a Merged,
    /// Its valid trials, with their positions in the run.
    trials: Vec<(usize, &'a TrialRecord)>,
}

/// Returns the candidates with a valid trial, in the order of the registry.
pub(super) fn candidates(run: &Run, loads: &[&LoadPoint]) -> Vec<Candidate> {
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

/// Returns what the run lacks, given its candidates with a valid trial.
pub(super) fn missing(run: &Run, candidates: &[Candidate]) -> Missing {
    let valid = run.trials.iter().filter(|trial| trial.status == Status::Ok);
    Missing {
        trials: run.trials.len(),
        not_run: (run.run.planned_trials as usize).saturating_sub(run.trials.len()),
        not_valid: run.trials.len() - valid.clone().count(),
        tail_warnings: valid.filter(|trial| !validity::tail_warnings(&[trial]).is_empty()).count(),
        candidates: absent(run, candidates),
    }
}

/// Returns the rows in the order of the registry, and then of their first trial.
fn seen<'a>(run: &'a Run, loads: &[&'a LoadPoint]) -> Vec<Seen<'a>> {
    let mut trials: HashMap<_, Vec<(usize, &TrialRecord)>> = HashMap::new();
    for (place, trial) in
        run.trials.iter().enumerate().filter(|(_, trial)| trial.status == Status::Ok && trial.part != Part::Awake)
    {
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

/// An approach that pulls on a schedule polls; otherwise its requests are held.
fn way(facts: &ApproachFacts, merged: &Merged) -> Way {
    match (facts.flow, merged.offered_requests) {
        (Flow::Push, _) => Way::Push,
        (Flow::Pull, Some(_)) => Way::Poll,
        (Flow::Pull, None) => Way::Hold,
    }
}

/// Returns the candidate's name of a trial. A trial without figures polls if it has an interval.
fn name_of(facts: &ApproachFacts, trial: &TrialRecord) -> String {
    let polls = trial.measured.as_ref().is_none_or(|measured| measured.offered_requests.is_some());
    name(trial, if facts.flow == Flow::Pull && polls { Way::Poll } else { Way::Hold })
}

/// Returns the name of the variant without its poll interval.
fn name(trial: &TrialRecord, way: Way) -> String {
    let interval = trial.parameters.get(INTERVAL).filter(|_| way == Way::Poll);
    let parts = trial.variant.split('/').enumerate();
    let kept = parts.filter(|(index, part)| *index == 0 || interval.is_none_or(|interval| interval != part));
    kept.map(|(_, part)| part).collect::<Vec<_>>().join("/")
}

/// Returns the p99 of trials without a warning about the tail: the median over rounds if three have one, so that an
/// unnoticed disturbance does not decide, or else that of all rounds together.
fn p99_ns(trials: &[(usize, &TrialRecord)]) -> Option<u64> {
    let clean = trials.iter().filter(|(_, trial)| validity::tail_warnings(&[trial]).is_empty());
    let clean: Vec<&Measured> = clean.filter_map(|(_, trial)| trial.measured.as_ref()).collect();
    let mut of_rounds: Vec<u64> = clean.iter().filter_map(|measured| measured.latency_ns.p99).collect();
    if of_rounds.len() >= ROUNDS_OF_A_MEDIAN {
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

/// Parses a duration of a scenario, in seconds. Long texts are refused, because humantime panics on overflow and a
/// result file may come from anyone.
fn seconds(text: &str) -> Option<f64> {
    let duration = humantime::parse_duration(Some(text).filter(|text| text.len() <= LONGEST)?).ok()?;
    Some(duration.as_secs_f64())
}

fn absent(run: &Run, candidates: &[Candidate]) -> Vec<Absent> {
    let known: HashSet<&str> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
    let mut absent: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for trial in run.trials.iter().filter(|trial| trial.status != Status::Ok) {
        let mut approaches = run.run.approaches.iter().enumerate();
        // The store refuses trials of unknown approaches.
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
    fn parses_durations() {
        assert_eq!(["30s", "250ms", "1.5m", "1h"].map(seconds), [Some(30.0), Some(0.25), Some(90.0), Some(3600.0)]);
        assert_eq!(["", "s", "30", "30 parsecs"].map(seconds), [None; 4]);
        assert_eq!(seconds("18446744073709551615s 1000ms"), None);
    }
}
