//! Applies the rule of [`stats::difference`] to the merged figures of two variants.

use std::cmp::Ordering;

use stats::difference::between;

use crate::merge::Merged;

/// Returns whether `a` has the smaller or the larger median latency. Returns `None` if no difference is shown.
#[must_use]
pub fn shown(a: &Merged, b: &Merged) -> Option<Ordering> {
    between(a.interval_over_rounds_ns, b.interval_over_rounds_ns)
}

/// Returns whether both have enough rounds to show a difference, but show none.
pub(crate) fn is_absent(a: &Merged, b: &Merged) -> bool {
    a.interval_over_rounds_ns.is_some() && b.interval_over_rounds_ns.is_some() && shown(a, b).is_none()
}

/// Returns the smallest and largest ratio of the medians of `a` and `b` that the rounds allow. Returns `None` if one
/// has no hull.
pub(crate) fn ratios(a: &Merged, b: &Merged) -> Option<[f64; 2]> {
    let ([a_least, a_most], [b_least, b_most]) = a.interval_over_rounds_ns.zip(b.interval_over_rounds_ns)?;
    (b_least > 0).then(|| [a_least as f64 / b_most as f64, a_most as f64 / b_least as f64])
}
