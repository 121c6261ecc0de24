//! The one rule by which anything here says that one variant is faster than another. Table, page and verdict ask it,
//! and so does whatever compares runs.
//!
//! A difference is shown where both sides have at least three rounds with a 95 % interval of the median, and the hulls
//! of the rounds' 95 % intervals do not overlap. A hull holds each of its intervals and is no 95 % interval itself; a
//! side is as uncertain as its rounds are far apart, and no difference follows from one round or two. The rule assumes
//! nothing of how rounds are distributed and has no error rate of its own. Where rounds lie much further apart than
//! their intervals are wide, only their order counts: of two equal sides with n rounds each, every round of one lies
//! below every round of the other in 2 of (2n over n) cases, that is 33 % for two rounds, 10 % for three, 0.2 % for
//! six. Intervals that are wide beside the spread bring that down. How often it happens is measured: see
//! the example `study` in the crate `reports`.

use std::cmp::Ordering;

/// Fewest rounds with an interval that a difference may rest on.
pub const FEWEST_ROUNDS: usize = 3;

/// The rule, as it is printed.
pub const RULE: &str = "≈: no difference from the floor is shown. A difference in latency is shown where both sides \
     have 95 % intervals of the median in at least three rounds, and what the rounds' 95 % intervals span, from the lowest \
     to the highest bound of any round, does not overlap.";

/// The rule itself, of two hulls of the rounds' 95 % intervals.
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

/// The hull of the rounds' 95 % intervals: from the least lower bound to the greatest upper bound of those that have
/// one; none with fewer than [`FEWEST_ROUNDS`] of them.
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
    fn only_intervals_apart_show_a_difference() {
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
