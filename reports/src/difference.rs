//! The rule of [`stats::difference`], asked of the merged figures of two variants.

use std::cmp::Ordering;

use stats::difference::between;

use crate::merge::Merged;

/// Whether `a` has the smaller or the larger median latency; none where no difference is shown.
#[must_use]
pub fn shown(a: &Merged, b: &Merged) -> Option<Ordering> {
    between(a.interval_over_rounds_ns, b.interval_over_rounds_ns)
}

/// Whether the two have the rounds to show a difference, and show none.
pub(crate) fn is_absent(a: &Merged, b: &Merged) -> bool {
    a.interval_over_rounds_ns.is_some() && b.interval_over_rounds_ns.is_some() && shown(a, b).is_none()
}

/// Least and largest ratio of `a`'s median to `b`'s that the rounds of both allow; none where either has no hull.
pub(crate) fn ratios(a: &Merged, b: &Merged) -> Option<[f64; 2]> {
    let ([a_least, a_most], [b_least, b_most]) = a.interval_over_rounds_ns.zip(b.interval_over_rounds_ns)?;
    (b_least > 0).then(|| [a_least as f64 / b_most as f64, a_most as f64 / b_least as f64])
}
