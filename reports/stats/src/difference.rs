//! The rule that decides whether one variant is faster than another. Table, page, headline and comparisons use it.
//!
//! A difference is shown if both sides have at least three rounds with a 95 % interval of the median, and the hulls of these
//! intervals do not overlap. The hull contains all intervals of a side and is not a 95 % interval itself; it is as wide as the
//! rounds are far apart. The rule assumes nothing about the distribution of rounds, and has no error rate of its own. If rounds
//! differ much more than their intervals are wide, only their order counts: for two equal sides with n rounds each, all rounds
//! of one are below all rounds of the other in 2 of (2n over n) cases: 33 % for two rounds, 10 % for three, 0.2 % for six. Wide
//! intervals reduce that. The example `study` in the crate `reports` measures how often it happens.

use std::cmp::Ordering;

/// Fewest rounds with an interval that can show a difference.
pub const FEWEST_ROUNDS: usize = 3;

/// The rule, as printed.
pub const RULE: &str = "≈: no difference from the floor is shown. A difference in latency is shown if both sides have 95 % \
     intervals of the median in at least three rounds, and the ranges from the lowest to the highest bound of these intervals \
     do not overlap.";

/// Applies the rule to two hulls.
#[must_use]
pub fn between(a: Option<[u64; 2]>, b: Option<[u64; 2]>) -> Option<Ordering> {
    let ([a_least, a_most], [b_least, b_most]) = a.zip(b)?;
    if a_most < b_least {
        Some(Ordering::Less)
    } else if b_most < a_least {
        Some(Ordering::Greater)
    } else {
        None
    }
}

/// Returns the hull of the rounds' 95 % intervals, from the smallest lower to the largest upper bound. Returns `None`
/// with fewer than [`FEWEST_ROUNDS`] intervals.
#[must_use]
pub fn over_rounds(intervals: impl IntoIterator<Item = Option<[u64; 2]>>) -> Option<[u64; 2]> {
    let intervals: Vec<[u64; 2]> = intervals.into_iter().flatten().collect();
    if intervals.len() < FEWEST_ROUNDS {
        return None;
    }
    intervals.into_iter().reduce(|[least, most], [lower, upper]| [least.min(lower), most.max(upper)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_disjoint_intervals_show_a_difference() {
        let shown = |a: [u64; 2], b: [u64; 2]| between(Some(a), Some(b));
        assert_eq!(shown([1, 2], [3, 4]), Some(Ordering::Less));
        assert_eq!(shown([3, 4], [1, 2]), Some(Ordering::Greater));
        assert_eq!(shown([1, 3], [3, 4]), None, "a common bound is no difference");
        assert_eq!(shown([1, 9], [3, 4]), None);
        assert_eq!([between(None, Some([3, 4])), between(Some([1, 2]), None), between(None, None)], [None; 3]);
    }

    #[test]
    fn the_hull_needs_three_rounds_with_an_interval() {
        assert_eq!(over_rounds([Some([5, 7]), None, Some([3, 6]), Some([4, 6])]), Some([3, 7]));
        assert_eq!(over_rounds([Some([5, 7]), None, Some([3, 6])]), None);
        assert_eq!(over_rounds([]), None);
    }
}
