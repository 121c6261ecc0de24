//! Applies the rule of [`stats::difference`] to the rounds of two variants.

use std::cmp::Ordering;

pub use stats::difference::Difference;
use stats::difference::{self, FEWEST_ROUNDS};

use crate::merge::{Merged, RoundFigures};

/// Returns the values of the rounds that have one. A variant that was measured several times in a round has the geometric mean.
pub(crate) fn rounds(merged: &Merged, value: impl Fn(&RoundFigures) -> Option<f64>) -> Vec<(u32, f64)> {
    let values: Vec<(u32, f64)> = merged.rounds.iter().filter_map(|round| Some((round.round, value(round)?))).collect();
    let mean = |of_one: &[(u32, f64)]| match of_one {
        [(round, value)] => (*round, *value),
        several => {
            let logarithms: f64 = several.iter().map(|(_, value)| value.ln()).sum();
            (several[0].0, (logarithms / several.len() as f64).exp())
        }
    };
    values.chunk_by(|(a, _), (b, _)| a == b).map(mean).collect()
}

/// Returns the median latency of each round that has one, in nanoseconds.
pub(crate) fn p50s(merged: &Merged) -> Vec<(u32, f64)> {
    rounds(merged, |round| round.latency_ns.p50.map(|p50| p50 as f64))
}

/// Returns the ratio of the median latencies of `a` and `b`. Returns `None` without a common round.
#[must_use]
pub fn between(a: &Merged, b: &Merged) -> Option<Difference> {
    Difference::between(&p50s(a), &p50s(b))
}

/// Returns whether `a` has the smaller or the larger median latency. Returns `None` if no difference is shown.
#[must_use]
pub fn shown(a: &Merged, b: &Merged) -> Option<Ordering> {
    between(a, b)?.shown()
}

/// Returns whether both have enough common rounds to show a difference, but show none.
pub(crate) fn is_absent(a: &Merged, b: &Merged) -> bool {
    between(a, b).is_some_and(|difference| difference.interval.is_some() && difference.shown().is_none())
}

/// Returns the least ratio of the median latencies of `a` and `b` that such a run detects. Returns `None` with too few
/// common rounds.
pub(crate) fn least_detectable_ratio(a: &Merged, b: &Merged) -> Option<f64> {
    difference::least_detectable_ratio(&p50s(a), &p50s(b))
}

/// Returns whether a variant has enough rounds to show a difference.
pub(crate) fn is_comparable(merged: &Merged) -> bool {
    p50s(merged).len() >= FEWEST_ROUNDS
}
