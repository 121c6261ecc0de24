//! Up to which load each variant of a sweep does what one may ask of real-time delivery, by one published rule.
//!
//! Not a "knee", which depends on how a chart is scaled: the largest load that was tried and met the objective, and what
//! the next one fell short in.

use serde::Serialize;

use crate::{
    format::{self, duration},
    report::{LoadPoint, Row},
    saturation::Saturated,
    schema::{ApproachFacts, TrialRecord},
    statistics,
    sweep::{self, Sweep},
};

/// Most that a p99 may be beyond the poll interval: the article asks for gRPC where "latency must be sub-100ms".
const LATENCY_NS: u64 = 100_000_000;

/// The rule, as it is printed.
pub(crate) const RULE: &str = "Objective: every trial is valid, nothing is missed, and p99 is at most 100 ms (the article's \
     “latency must be sub-100ms”), for what polls at an interval at most the interval and 100 ms.";

/// How far each variant goes along one sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Reach {
    /// What is varied.
    pub(crate) axis: &'static str,
    /// What is held.
    pub(crate) held: String,
    /// In the order of the table.
    pub(crate) variants: Vec<VariantReach>,
}

/// How far one variant goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct VariantReach {
    pub(crate) variant: String,
    pub(crate) order: usize,
    /// Largest p99 that meets the objective, in nanoseconds, under the heaviest load that was tried.
    pub(crate) objective_ns: u64,
    /// Largest load that meets it, and the p99 there in nanoseconds; none where none does.
    pub(crate) met: Option<(f64, u64)>,
    /// The next load that was tried, which does not; none where nothing heavier was tried.
    pub(crate) beyond: Option<Beyond>,
}

/// A load that does not meet the objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Beyond {
    pub(crate) load: f64,
    /// What it falls short in.
    pub(crate) why: String,
    /// The load generator was short of processors: the server may be able to serve more.
    pub(crate) harness_was_the_limit: bool,
}

/// Judges each sweep among these loads.
pub(crate) fn reaches(loads: &[LoadPoint]) -> Vec<Reach> {
    sweep::sweeps(loads).iter().map(reach).collect()
}

fn reach(sweep: &Sweep<'_>) -> Reach {
    let mut rows: Vec<&Row> = Vec::new();
    for row in sweep.points.iter().flat_map(|point| &point.rows) {
        if !rows.iter().any(|other| other.variant == row.variant) {
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| a.place().cmp(&b.place()));
    Reach {
        axis: sweep.axis.name,
        held: sweep.held(),
        variants: rows.into_iter().map(|row| of_variant(sweep, row)).collect(),
    }
}

fn of_variant(sweep: &Sweep<'_>, any: &Row) -> VariantReach {
    let tried: Vec<(f64, &Row)> = sweep
        .points
        .iter()
        .filter_map(|point| {
            let row = point.rows.iter().find(|row| row.variant == any.variant)?;
            Some(((sweep.axis.value)(&point.load), row))
        })
        .collect();
    let last_met = tried.iter().rposition(|(_, row)| shortfall(row).is_none());
    let beyond = tried.get(last_met.map_or(0, |index| index + 1));
    VariantReach {
        variant: any.variant.clone(),
        order: any.order,
        objective_ns: tried.last().map_or(LATENCY_NS, |(_, heaviest)| objective_ns(heaviest)),
        met: last_met.and_then(|index| Some((tried[index].0, tried[index].1.merged.as_ref()?.latency_ns.p99?))),
        beyond: beyond.map(|(load, row)| Beyond {
            load: *load,
            why: shortfall(row).unwrap_or_default(),
            harness_was_the_limit: row.saturated.as_ref().is_some_and(Saturated::harness_was_the_limit),
        }),
    }
}

fn objective_ns(row: &Row) -> u64 {
    LATENCY_NS + row.poll_interval_ns.unwrap_or(0)
}

/// What a row falls short in; none where it meets the objective.
fn shortfall(row: &Row) -> Option<String> {
    if let Some(saturated) = &row.saturated {
        return Some(format!("saturated: {}", saturated.side));
    }
    let left_out = row.trials.recorded() - row.trials.valid;
    let Some(merged) = row.merged.as_ref().filter(|_| left_out == 0) else {
        return Some(format!("{left_out} of {} trials not valid", row.trials.recorded()));
    };
    if merged.events.missed > 0 {
        return Some(format!("{} deliveries missed", format::count(merged.events.missed)));
    }
    match merged.latency_ns.p99 {
        None => Some(format!("no p99: it needs {} events", statistics::needed(0.99))),
        Some(p99) if p99 > objective_ns(row) => Some(format!("p99 {}", duration(p99))),
        Some(_) => None,
    }
}

/// From poll to poll of a client, by the requests that its schedule holds; a snapshot is asked for each symbol by itself.
pub(crate) fn poll_interval_ns(facts: &ApproachFacts, trials: &[&TrialRecord]) -> Option<u64> {
    trials.iter().find_map(|trial| {
        let measured = trial.measured.as_ref()?;
        let offered = measured.offered_requests.filter(|offered| *offered > 0)?;
        let requests = if facts.delivery == "snapshot" { trial.load.symbols_per_client } else { 1 };
        let polling = f64::from(trial.load.clients) * f64::from(requests) * measured.window.measure_ms as f64 * 1e6;
        Some((polling / offered as f64).round() as u64)
    })
}
