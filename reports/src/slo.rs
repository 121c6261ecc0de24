//! The capacity of each variant of a sweep: the largest load that meets a service level objective, by one published rule.
//!
//! It is not a "knee", which depends on the scale of a chart, but the largest tried load before the first that failed the
//! objective.

use std::collections::HashMap;

use results::{
    format::{self, duration},
    statistics,
};
use serde::Serialize;

use crate::{
    rows::{LoadPoint, Row},
    saturation::Saturated,
    sweep::{self, Sweep},
};

/// Largest p99 in addition to the poll interval. The article uses gRPC if "latency must be sub-100ms".
const LATENCY_NS: u64 = 100_000_000;

/// The rule, as printed.
pub(crate) const RULE: &str = "Objective: every trial is valid, nothing is missed, and p99 is at most 100 ms (the article's \
     “latency must be sub-100ms”), or, for polling approaches, the interval plus 100 ms. It is met up to the load \
     before the first that fails it.";

/// The rule in one sentence.
pub(crate) const IN_SHORT: &str = "The objective: every trial valid, nothing missed, p99 at most 100 ms or, for polling \
     approaches, the interval plus 100 ms.";

/// The capacity of each variant along one sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SweepCapacity {
    /// The varied quantity.
    pub(crate) axis: &'static str,
    /// The constant quantity.
    pub(crate) held: String,
    /// The variants in the order of the table.
    pub(crate) variants: Vec<VariantCapacity>,
}

/// The capacity of one variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct VariantCapacity {
    pub(crate) variant: String,
    pub(crate) order: usize,
    /// Largest p99 that meets the objective under the heaviest tried load, in nanoseconds.
    pub(crate) objective_ns: u64,
    /// Largest load that meets it before any fails, and the p99 there in nanoseconds.
    pub(crate) met: Option<(f64, u64)>,
    /// Number of loads before the first failure with too few events to judge.
    pub(crate) unjudged: usize,
    /// The lightest load that fails, or else the next one that could not be judged. `None` if no heavier load was
    /// tried.
    pub(crate) beyond: Option<Beyond>,
}

/// A load that does not meet the objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Beyond {
    pub(crate) load: f64,
    /// Why it fails.
    pub(crate) why: String,
    /// Whether the load generator was short of CPU time, so that the server might carry more.
    pub(crate) harness_was_the_limit: bool,
}

/// Judges each sweep among these loads.
pub(crate) fn reaches(loads: &[LoadPoint]) -> Vec<SweepCapacity> {
    sweep::sweeps(loads).iter().map(reach).collect()
}

fn reach(sweep: &Sweep<'_>) -> SweepCapacity {
    let mut variants: HashMap<&str, Vec<(f64, &Row, Judgement)>> = HashMap::new();
    for point in &sweep.points {
        for row in &point.rows {
            let tried = variants.entry(&row.variant).or_default();
            // Two approaches may have a variant of the same name.
            let load = (sweep.axis.value)(&point.load);
            if tried.last().is_none_or(|(last, ..)| *last < load) {
                tried.push((load, row, judge(row)));
            }
        }
    }
    let mut variants: Vec<_> = variants.into_values().collect();
    variants.sort_by(|a, b| a[0].1.place().cmp(&b[0].1.place()));
    SweepCapacity {
        axis: sweep.axis.name,
        held: sweep.held(),
        variants: variants.iter().map(|tried| variant_capacity(tried)).collect(),
    }
}

/// Judges a variant under all of its loads, from the lightest.
fn variant_capacity(tried: &[(f64, &Row, Judgement)]) -> VariantCapacity {
    let any = tried[0].1;
    // A heavier load that meets the objective does not undo a failure under a lighter one.
    let first_failure = tried.iter().position(|(.., judgement)| matches!(judgement, Judgement::Fails(_)));
    let until_failure = tried.iter().take(first_failure.unwrap_or(tried.len()));
    let unjudged = until_failure.clone().filter(|(.., judgement)| matches!(judgement, Judgement::Open(_))).count();
    let met = until_failure.rev().find_map(|(load, _, judgement)| match judgement {
        Judgement::Met(p99) => Some((*load, *p99)),
        Judgement::Fails(_) | Judgement::Open(_) => None,
    });
    let heavier = tried.iter().position(|(load, ..)| met.is_none_or(|(met, _)| *load > met));
    let beyond = first_failure.or(heavier).and_then(|index| match &tried[index] {
        (load, row, Judgement::Fails(why) | Judgement::Open(why)) => Some(Beyond {
            load: *load,
            why: why.clone(),
            harness_was_the_limit: row.saturated.as_ref().is_some_and(Saturated::harness_was_the_limit),
        }),
        (.., Judgement::Met(_)) => None,
    });
    VariantCapacity {
        variant: any.variant.clone(),
        order: any.order,
        objective_ns: tried.last().map_or(LATENCY_NS, |(_, heaviest, _)| objective_ns(heaviest)),
        met,
        unjudged,
        beyond,
    }
}

fn objective_ns(row: &Row) -> u64 {
    LATENCY_NS + row.poll_interval_ns.unwrap_or(0)
}

/// The judgement of a row.
enum Judgement {
    /// It meets the objective, with this p99 in nanoseconds.
    Met(u64),
    /// It fails, for this reason.
    Fails(String),
    /// There are too few events to judge.
    Open(String),
}

fn judge(row: &Row) -> Judgement {
    if let Some(saturated) = &row.saturated {
        return Judgement::Fails(format!("saturated: {}", saturated.side));
    }
    let left_out = row.trials.recorded() - row.trials.valid;
    let Some(merged) = row.merged.as_ref().filter(|_| left_out == 0) else {
        return Judgement::Fails(format!("{left_out} of {} trials not valid", row.trials.recorded()));
    };
    if merged.events.missed > 0 {
        return Judgement::Fails(format!("{} deliveries missed", format::count(merged.events.missed)));
    }
    match merged.latency_ns.p99 {
        None => Judgement::Open(format!("no p99: it needs {} events", statistics::needed(0.99))),
        Some(p99) if p99 > objective_ns(row) => Judgement::Fails(format!("p99 {}", duration(p99))),
        Some(p99) => Judgement::Met(p99),
    }
}
