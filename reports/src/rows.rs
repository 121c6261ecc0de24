//! The rows of a run, by load, in one order, with every figure of a variant made once.
//!
//! Knows approaches by the facts in the run record only.

use std::collections::{BTreeMap, HashMap};

use results::{
    schema::{ApproachFacts, Delivery, Load, LoadKey, Status, TrialRecord},
    store::Run,
};
use serde::Serialize;

use crate::{
    bands::Judged,
    difference,
    merge::{self, Merged},
    saturation::Saturated,
    validity,
};

/// Every variant under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LoadPoint {
    /// The load; orders a second are those of the first trial, since not every approach takes orders.
    pub(crate) load: Load,
    /// The article's approaches first, then the others, each in the registry's order.
    pub(crate) rows: Vec<Row>,
}

/// One variant under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// Name of the approach.
    pub(crate) approach: String,
    /// Name of the variant.
    pub(crate) variant: String,
    /// Place of the approach in the registry, which its colour, dash and marker follow.
    pub(crate) order: usize,
    /// What the others are compared with.
    pub(crate) floor: bool,
    /// The article's name for it.
    pub(crate) label: Option<String>,
    /// Trials recorded, and how they ended.
    pub(crate) trials: Outcomes,
    /// A valid trial's server waited for processors so long that the figures are those of an overload.
    pub(crate) overloaded: bool,
    /// Checks that warned of the tail in a valid trial: the p99 is not the approach's alone.
    pub(crate) tail_warnings: Vec<&'static str>,
    /// p50 over the floor's p50 under the same load.
    pub(crate) times_floor: Option<f64>,
    /// Least and largest such ratio that the rounds of both allow; none where either has too few with an interval.
    pub(crate) times_floor_allowed: Option<[f64; 2]>,
    /// Both this and the floor have the rounds to show a difference, and none is shown.
    pub(crate) like_floor: bool,
    /// The article's word and the measured one.
    pub(crate) latency: Judged,
    /// Likewise, of the client's half.
    pub(crate) client_complexity: Judged,
    /// Likewise, of the server's half.
    pub(crate) server_complexity: Judged,
    /// Lines of code of the client and of the server.
    pub(crate) code_lines: [u32; 2],
    /// Cognitive complexity of the client and of the server.
    pub(crate) cognitive: [u32; 2],
    /// From poll to poll of a client, in nanoseconds; none where it does not poll at an interval.
    pub(crate) poll_interval_ns: Option<u64>,
    /// The figures; none without a valid trial.
    pub(crate) merged: Option<Merged>,
    /// What became of trials that are invalid for want of CPU time; none where none is.
    pub(crate) saturated: Option<Saturated>,
}

impl Row {
    /// Where it stands among others: the article's first, then by the registry.
    pub(crate) fn place(&self) -> (bool, usize, &str) {
        (self.label.is_none(), self.order, &self.variant)
    }

    /// Whether no trial is valid, and one is not for want of CPU time.
    pub(crate) fn is_saturated(&self) -> bool {
        self.merged.is_none() && self.saturated.is_some()
    }

    /// What is said of the saturated trials; none without such.
    pub(crate) fn saturation(&self) -> Option<String> {
        Some(self.saturated.as_ref()?.sentence(&self.variant, self.trials.recorded()))
    }
}

/// How the trials of a row ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outcomes {
    /// These make the figures.
    pub(crate) valid: u32,
    /// Left out.
    pub(crate) invalid: u32,
    /// Left out.
    pub(crate) failed: u32,
}

impl Outcomes {
    /// All of them.
    pub(crate) fn recorded(self) -> u32 {
        self.valid + self.invalid + self.failed
    }
}

/// Every row of a run, by load, from the lightest.
pub(crate) fn load_points(run: &Run) -> Vec<LoadPoint> {
    by_load(run).into_iter().map(|(load, trials)| LoadPoint { load: load.clone(), rows: rows(run, &trials) }).collect()
}

/// The loads of a run, from the lightest, each with its trials.
fn by_load(run: &Run) -> Vec<(&Load, Vec<&TrialRecord>)> {
    let mut loads: Vec<(&Load, Vec<&TrialRecord>)> = Vec::new();
    let mut places: HashMap<LoadKey, usize> = HashMap::new();
    for trial in &run.trials {
        let place = *places.entry(trial.load.key()).or_insert(loads.len());
        if place == loads.len() {
            loads.push((&trial.load, Vec::new()));
        }
        loads[place].1.push(trial);
    }
    loads.sort_by(|(a, _), (b, _)| {
        let rates = a.events_per_second.total_cmp(&b.events_per_second);
        a.clients.cmp(&b.clients).then(rates).then(a.payload_bytes.cmp(&b.payload_bytes))
    });
    loads
}

/// The rows of trials under one load.
fn rows(run: &Run, trials: &[&TrialRecord]) -> Vec<Row> {
    let places = run.run.approaches.iter().enumerate().map(|(order, facts)| (facts.name.as_str(), order));
    let places: HashMap<&str, usize> = places.collect();
    let mut variants: BTreeMap<(usize, &str), Vec<&TrialRecord>> = BTreeMap::new();
    for trial in trials {
        // The store refuses a trial of any other approach.
        let Some(order) = places.get(trial.approach.as_str()) else { continue };
        variants.entry((*order, &trial.variant)).or_default().push(trial);
    }
    let mut rows: Vec<Row> = variants
        .into_iter()
        .map(|((order, variant), trials)| row(order, &run.run.approaches[order], variant, &trials))
        .collect();
    rows.sort_by_key(|row| row.label.is_none());
    let floor_figures = rows.iter().find(|row| row.floor).and_then(|row| row.merged.clone());
    let floor = floor_figures.as_ref().and_then(|merged| merged.latency_ns.p50);
    for row in &mut rows {
        let both = row.merged.as_ref().zip(floor_figures.as_ref());
        let is_like_floor = both.is_some_and(|(own, floor)| difference::is_absent(own, floor));
        let allowed = both.and_then(|(own, floor)| difference::ratios(own, floor));
        (row.like_floor, row.times_floor_allowed) = (is_like_floor && !row.floor, allowed);
        row.times_floor =
            p50(row).zip(floor).filter(|(_, floor)| *floor > 0).map(|(own, floor)| own as f64 / floor as f64);
        let word = row.latency.word.take();
        row.latency = Judged::from_latency(word, row.times_floor, row.times_floor_allowed, row.overloaded);
    }
    rows
}

fn row(order: usize, facts: &ApproachFacts, variant: &str, trials: &[&TrialRecord]) -> Row {
    let article = facts.article.clone();
    let words = article.map(|words| [words.label, words.latency, words.client_complexity, words.server_complexity]);
    let [label, latency, client, server] = words.map_or([const { None }; 4], |words| words.map(Some));
    let lines = [facts.client_complexity.code_lines, facts.server_complexity.code_lines];
    Row {
        approach: facts.name.clone(),
        variant: variant.to_owned(),
        order,
        floor: facts.floor,
        label,
        trials: outcomes(trials),
        overloaded: validity::overloaded(trials),
        tail_warnings: validity::tail_warnings(trials),
        times_floor: None,
        times_floor_allowed: None,
        like_floor: false,
        latency: Judged::new(latency, None),
        client_complexity: Judged::new(client, Some(complexity::band(&facts.client_complexity))),
        server_complexity: Judged::new(server, Some(complexity::band(&facts.server_complexity))),
        code_lines: lines,
        cognitive: [facts.client_complexity.cognitive.sum, facts.server_complexity.cognitive.sum],
        poll_interval_ns: poll_interval_ns(facts, trials),
        merged: merge::merged(trials),
        saturated: Saturated::from_trials(trials),
    }
}

fn outcomes(trials: &[&TrialRecord]) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for trial in trials {
        match trial.status {
            Status::Ok => outcomes.valid += 1,
            Status::Invalid => outcomes.invalid += 1,
            Status::Failed => outcomes.failed += 1,
        }
    }
    outcomes
}

/// Median latency in nanoseconds, where the row has one.
fn p50(row: &Row) -> Option<u64> {
    row.merged.as_ref()?.latency_ns.p50
}

/// From poll to poll of a client, by the requests that its schedule holds; a snapshot is asked for each symbol by
/// itself.
fn poll_interval_ns(facts: &ApproachFacts, trials: &[&TrialRecord]) -> Option<u64> {
    trials.iter().find_map(|trial| {
        let measured = trial.measured.as_ref()?;
        let offered = measured.offered_requests.filter(|offered| *offered > 0)?;
        let requests = if facts.delivery == Delivery::Snapshot { trial.load.symbols_per_client } else { 1 };
        let polling = f64::from(trial.load.clients) * f64::from(requests) * measured.window.measure_ms as f64 * 1e6;
        Some((polling / offered as f64).round() as u64)
    })
}
