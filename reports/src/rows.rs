//! The rows of a run by load: every variant with its figures, in one order.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use results::{
    schema::{ApproachFacts, Delivery, Encoding, Load, LoadKey, Part, Status, Summary, TrialRecord},
    store::Run,
};
use serde::Serialize;

use crate::{
    bands::Judged,
    cost::Cost,
    difference,
    merge::{self, Merged},
    saturation::Saturated,
    validity,
};

/// All variants under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LoadPoint {
    /// The load. The order rate is that of the first trial, because not every approach has orders.
    pub(crate) load: Load,
    /// The article's approaches first, then the others, each in the order of the registry.
    pub(crate) rows: Vec<Row>,
    /// How late a sleeping thread woke, in the valid trials of all rows. `None` without one.
    pub(crate) wake_up_ns: Option<Summary>,
}

/// One variant under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// Name of the approach.
    pub(crate) approach: String,
    /// Name of the variant.
    pub(crate) variant: String,
    /// Encoding of an event. `None` if the records do not say it.
    pub(crate) encoding: Option<Encoding>,
    /// Position of the approach in the registry, which decides its colour.
    pub(crate) order: usize,
    /// Its place among the variants of its approach, which decides dash and marker together with the order.
    #[serde(skip)]
    pub(crate) place: usize,
    /// Whether it is the floor.
    pub(crate) floor: bool,
    /// The article's name of it.
    pub(crate) label: Option<String>,
    /// The recorded trials by outcome.
    pub(crate) trials: Outcomes,
    /// Whether the server of a valid trial was overloaded.
    pub(crate) overloaded: bool,
    /// Checks that warned about the tail in a valid trial.
    pub(crate) tail_warnings: Vec<&'static str>,
    /// p50 as a multiple of the floor's under the same load, estimated from the ratios within each round.
    pub(crate) times_floor: Option<f64>,
    /// 99 % interval of that ratio. `None` with too few common rounds.
    pub(crate) times_floor_interval: Option<[f64; 2]>,
    /// Whether no difference from the floor is shown, although there are enough rounds.
    pub(crate) like_floor: bool,
    /// Least ratio to the floor that 80 % of such runs would show. `None` for the floor, and with too few common rounds.
    pub(crate) least_detectable_ratio: Option<f64>,
    /// The article's word for its latency and the measured band.
    pub(crate) latency: Judged,
    /// The same for the client's complexity.
    pub(crate) client_complexity: Judged,
    /// The same for the server's complexity.
    pub(crate) server_complexity: Judged,
    /// Lines of code of the client and of the server.
    pub(crate) code_lines: [u32; 2],
    /// Cognitive complexity of the client and of the server.
    pub(crate) cognitive: [u32; 2],
    /// Poll interval of a client, in nanoseconds. `None` if it does not poll.
    pub(crate) poll_interval_ns: Option<u64>,
    /// The merged figures. `None` without a valid trial.
    pub(crate) merged: Option<Merged>,
    /// The cost of a delivery, from several rates. `None` with fewer than three.
    pub(crate) cost: Option<Cost>,
    /// p50 with cores kept awake, in nanoseconds. `None` if that was not measured.
    pub(crate) awake_p50_ns: Option<u64>,
    /// Trials that are invalid for lack of CPU time. `None` if there are none.
    pub(crate) saturated: Option<Saturated>,
}

impl Row {
    /// Returns its sort key: the article's approaches first, then by the registry.
    pub(crate) fn place(&self) -> (bool, usize, &str) {
        (self.label.is_none(), self.order, &self.variant)
    }

    /// Returns whether no trial is valid, and at least one is invalid for lack of CPU time.
    pub(crate) fn is_saturated(&self) -> bool {
        self.merged.is_none() && self.saturated.is_some()
    }

    /// Describes the saturated trials. Returns `None` without any.
    pub(crate) fn saturation(&self) -> Option<String> {
        Some(self.saturated.as_ref()?.sentence(&self.variant, self.trials.recorded()))
    }
}

/// The trials of a row by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outcomes {
    /// Valid trials, which make the figures.
    pub(crate) valid: u32,
    /// Invalid trials, left out.
    pub(crate) invalid: u32,
    /// Failed trials, left out.
    pub(crate) failed: u32,
}

impl LoadPoint {
    /// Returns whether the cost of a delivery is a slope over rates.
    pub(crate) fn has_slopes(&self) -> bool {
        self.rows.iter().any(|row| row.cost.is_some())
    }
}

impl Outcomes {
    /// Returns the number of all trials.
    pub(crate) fn recorded(self) -> u32 {
        self.valid + self.invalid + self.failed
    }
}

/// Builds the rows of a run's table by load, from the lightest.
pub(crate) fn load_points(run: &Run) -> Vec<LoadPoint> {
    let mut loads = points_of(run, Part::Table);
    for awake in points_of(run, Part::Awake) {
        let point = loads.iter_mut().find(|point| point.load.key() == awake.load.key());
        for row in point.into_iter().flat_map(|point| &mut point.rows) {
            let kept = awake.rows.iter().find(|kept| kept.variant == row.variant);
            row.awake_p50_ns = kept.and_then(|kept| kept.merged.as_ref()?.latency_ns.p50);
        }
    }
    loads
}

/// Builds the rows of the further rates of a run, which are not in its table, by load, from the lightest.
pub(crate) fn further_points(run: &Run) -> Vec<LoadPoint> {
    points_of(run, Part::Cost)
}

/// Returns the loads of the table and the further ones, from the lightest.
pub(crate) fn together<'a>(loads: &'a [LoadPoint], further: &'a [LoadPoint]) -> Vec<&'a LoadPoint> {
    let mut all: Vec<&LoadPoint> = loads.iter().chain(further).collect();
    all.sort_by(|a, b| by_size(&a.load, &b.load));
    all
}

fn points_of(run: &Run, part: Part) -> Vec<LoadPoint> {
    let of = |(load, trials): (&Load, Vec<&TrialRecord>)| LoadPoint {
        load: load.clone(),
        rows: rows(run, &trials),
        wake_up_ns: merge::wake_up(&trials),
    };
    by_load(run, part).into_iter().map(of).collect()
}

/// Returns the loads of this part of a run, from the lightest, with their trials.
fn by_load(run: &Run, part: Part) -> Vec<(&Load, Vec<&TrialRecord>)> {
    let mut loads: Vec<(&Load, Vec<&TrialRecord>)> = Vec::new();
    let mut places: HashMap<LoadKey, usize> = HashMap::new();
    for trial in run.trials.iter().filter(|trial| trial.part == part && is_as_said(trial)) {
        let place = *places.entry(trial.load.key()).or_insert(loads.len());
        if place == loads.len() {
            loads.push((&trial.load, Vec::new()));
        }
        loads[place].1.push(trial);
    }
    loads.sort_by(|(a, _), (b, _)| by_size(a, b));
    loads
}

/// Returns whether the cores of a trial were kept awake if its part says so.
fn is_as_said(trial: &TrialRecord) -> bool {
    trial.part != Part::Awake || trial.measured.as_ref().is_none_or(|measured| measured.host.kept_awake)
}

fn by_size(a: &Load, b: &Load) -> Ordering {
    let rates = a.events_per_second.total_cmp(&b.events_per_second);
    a.clients.cmp(&b.clients).then(rates).then(a.payload_bytes.cmp(&b.payload_bytes))
}

/// Builds the rows of the trials under one load.
fn rows(run: &Run, trials: &[&TrialRecord]) -> Vec<Row> {
    let places = run.run.approaches.iter().enumerate().map(|(order, facts)| (facts.name.as_str(), order));
    let places: HashMap<&str, usize> = places.collect();
    let mut variants: BTreeMap<(usize, &str), Vec<&TrialRecord>> = BTreeMap::new();
    for trial in trials {
        // The store refuses trials of unknown approaches.
        let Some(order) = places.get(trial.approach.as_str()) else { continue };
        variants.entry((*order, &trial.variant)).or_default().push(trial);
    }
    let mut rows: Vec<Row> = variants
        .into_iter()
        .map(|((order, variant), trials)| row(order, &run.run.approaches[order], variant, &trials))
        .collect();
    for index in 1..rows.len() {
        let before = &rows[index - 1];
        rows[index].place = if before.order == rows[index].order { before.place + 1 } else { 0 };
    }
    rows.sort_by_key(|row| row.label.is_none());
    let floor = rows.iter().find(|row| row.floor).and_then(|row| row.merged.clone());
    for row in &mut rows {
        let both = row.merged.as_ref().zip(floor.as_ref());
        let difference = both.and_then(|(own, floor)| difference::between(own, floor));
        row.times_floor = difference.map(|difference| difference.ratio);
        row.times_floor_interval = difference.and_then(|difference| difference.interval);
        if !row.floor {
            row.like_floor = row.times_floor_interval.is_some() && difference.is_some_and(|it| it.shown().is_none());
            row.least_detectable_ratio = both.and_then(|(own, floor)| difference::least_detectable_ratio(own, floor));
        }
        let word = row.latency.word.take();
        row.latency = Judged::from_latency(word, row.times_floor, row.times_floor_interval, row.overloaded);
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
        encoding: trials.first().and_then(|trial| trial.encoding),
        order,
        place: 0,
        floor: facts.floor,
        label,
        trials: outcomes(trials),
        overloaded: validity::overloaded(trials),
        tail_warnings: validity::tail_warnings(trials),
        times_floor: None,
        times_floor_interval: None,
        like_floor: false,
        least_detectable_ratio: None,
        latency: Judged::new(latency, None),
        client_complexity: Judged::new(client, Some(complexity::band(&facts.client_complexity))),
        server_complexity: Judged::new(server, Some(complexity::band(&facts.server_complexity))),
        code_lines: lines,
        cognitive: [facts.client_complexity.cognitive.sum, facts.server_complexity.cognitive.sum],
        poll_interval_ns: poll_interval_ns(facts, trials),
        merged: merge::merged(trials),
        cost: None,
        awake_p50_ns: None,
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

/// Returns the poll interval of a client, from the requests of its schedule. A snapshot needs one request per symbol.
fn poll_interval_ns(facts: &ApproachFacts, trials: &[&TrialRecord]) -> Option<u64> {
    trials.iter().find_map(|trial| {
        let measured = trial.measured.as_ref()?;
        let offered = measured.offered_requests.filter(|offered| *offered > 0)?;
        let requests = if facts.delivery == Delivery::Snapshot { trial.load.symbols_per_client } else { 1 };
        let polling = f64::from(trial.load.clients) * f64::from(requests) * measured.window.measure_ms as f64 * 1e6;
        Some((polling / offered as f64).round() as u64)
    })
}
