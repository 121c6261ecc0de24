//! The rule that decides whether two sides differ, and by how much. Headline, table, page, claims and comparisons use it; the
//! gate uses the same estimate and test with a tolerance.
//!
//! Both sides have one value per round. The rule looks at the logarithm of their ratio within each round: what slows the machine
//! for a round slows both sides, and cancels. The estimate is that of Hodges and Lehmann, its interval is that of the exact
//! signed-rank test. A difference is shown if the interval does not contain 1. For equal sides that happens in at most
//! 2 · [`TAIL`] of all cases, whatever the noise looks like, because the order within a round is random and either sign is
//! equally likely. The example `study` in the crate `reports` measures how often it happens.

use std::cmp::Ordering;

use serde::Serialize;

use crate::{detectable, random::Random, signed_rank};

/// One-sided error of each bound: both are a 99 % interval.
pub const TAIL: f64 = 0.005;
/// Fewest rounds that can show a difference: the least *n* with 2⁻ⁿ ≤ [`TAIL`].
pub const FEWEST_ROUNDS: usize = 8;
/// Most rounds that are compared one by one. More are averaged in groups of consecutive ones, because the work grows with their
/// square.
pub const MOST_PAIRS: usize = 128;
/// Resamples behind a least detectable ratio.
const RESAMPLES: usize = 1_000;
/// Counts as this value, because the logarithm of 0 does not exist.
const ZERO: f64 = 1e-9;

/// The rule, as printed.
pub const RULE: &str = "A difference is shown if the 99 % interval of the ratio does not contain 1. The ratio is estimated from \
     the ratios within each round (Hodges and Lehmann), and its interval is that of the exact signed-rank test, which needs at \
     least eight rounds.";

/// The least detectable ratio, as printed.
pub const RESOLUTION: &str = "Least shown: the least ratio to the floor that 80 % of such runs would show, resampled from the \
     noise of this run. A smaller difference may exist without being shown.";

/// The ratio of two sides, estimated from their common rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Rounds in which both sides have a value.
    pub rounds: usize,
    /// Estimated ratio of the first side to the second.
    pub ratio: f64,
    /// 99 % interval of the ratio. `None` with fewer than [`FEWEST_ROUNDS`] rounds.
    pub interval: Option<[f64; 2]>,
}

impl Difference {
    /// Compares two sides: pairs of a round and its value, in the order of the rounds. Returns `None` without a common round.
    #[must_use]
    pub fn between(a: &[(u32, f64)], b: &[(u32, f64)]) -> Option<Self> {
        let all = log_ratios(a, b);
        let pairs = grouped(&all);
        let shift = signed_rank::shift(&pairs)?;
        let interval = signed_rank::bounds(&pairs, TAIL).map(|bounds| bounds.map(f64::exp));
        Some(Self { rounds: all.len(), ratio: shift.exp(), interval })
    }

    /// Returns whether the first side is less or greater than the second. Returns `None` if no difference is shown.
    #[must_use]
    pub fn shown(&self) -> Option<Ordering> {
        match self.interval? {
            [_, upper] if upper < 1.0 => Some(Ordering::Less),
            [lower, _] if lower > 1.0 => Some(Ordering::Greater),
            _ => None,
        }
    }
}

/// Returns the least ratio above 1 that [`detectable::POWER`] of all runs with these rounds and this noise would show. Returns
/// `None` with fewer than [`FEWEST_ROUNDS`] common rounds.
#[must_use]
pub fn least_detectable_ratio(a: &[(u32, f64)], b: &[(u32, f64)]) -> Option<f64> {
    of_rounds(a, b, None)
}

/// As [`least_detectable_ratio`], if there were this many rounds with the same noise.
#[must_use]
pub fn least_detectable_ratio_with(a: &[(u32, f64)], b: &[(u32, f64)], rounds: usize) -> Option<f64> {
    of_rounds(a, b, Some(rounds))
}

fn of_rounds(a: &[(u32, f64)], b: &[(u32, f64)], rounds: Option<usize>) -> Option<f64> {
    let pairs = grouped(&log_ratios(a, b));
    if pairs.len() < FEWEST_ROUNDS {
        return None;
    }
    // A sample varies about its own center less than about the true one. With n − 1.5 the mean estimate of a standard deviation
    // is right (Brugger, A Note on Unbiased Estimation of the Standard Deviation, The American Statistician 23, 1969).
    let size = pairs.len() as f64;
    let widening = (size / (size - 1.5)).sqrt();
    let rounds = rounds.unwrap_or(pairs.len()).min(MOST_PAIRS);
    let least = |direction: f64| {
        let control: Vec<f64> = pairs.iter().map(|pair| direction * widening * pair).collect();
        let shifts = detectable::from_control(&control, rounds, TAIL, 0.0, RESAMPLES, &mut Random::new(0, 0));
        shifts.map(|shifts| shifts.significant)
    };
    // Skewed noise hides a shift in one direction more than in the other.
    Some(least(1.0)?.max(least(-1.0)?).exp())
}

/// Returns the 99 % interval of a value over rounds, by the same test. Returns `None` with fewer than [`FEWEST_ROUNDS`] values.
#[must_use]
pub fn interval_over_rounds(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let logarithms: Vec<f64> = values.map(|value| value.max(ZERO).ln()).collect();
    signed_rank::bounds(&grouped(&logarithms), TAIL).map(|bounds| bounds.map(f64::exp))
}

/// Returns the logarithms of the ratios in the common rounds.
fn log_ratios(a: &[(u32, f64)], b: &[(u32, f64)]) -> Vec<f64> {
    let mut others = b.iter().peekable();
    let ratio = |(round, value): &(u32, f64)| {
        while others.next_if(|(other, _)| other < round).is_some() {}
        let (_, other) = others.next_if(|(other, _)| other == round)?;
        Some((value.max(ZERO) / other.max(ZERO)).ln())
    };
    a.iter().filter_map(ratio).collect()
}

/// Averages consecutive values if there are more than [`MOST_PAIRS`].
fn grouped(values: &[f64]) -> Vec<f64> {
    let size = values.len().div_ceil(MOST_PAIRS).max(1);
    values.chunks(size).map(|group| group.iter().sum::<f64>() / group.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns rounds from 1 with these values.
    fn rounds(values: impl IntoIterator<Item = f64>) -> Vec<(u32, f64)> {
        (1..).zip(values).collect()
    }

    /// Returns two sides with common noise per round, own noise, and this ratio.
    fn sides(random: &mut Random, size: usize, noise: f64, ratio: f64) -> [Vec<(u32, f64)>; 2] {
        let common: Vec<f64> = (0..size).map(|_| random.normal()).collect();
        [ratio, 1.0].map(|factor| {
            rounds(common.iter().map(|shared| (shared + noise * random.normal()).exp() * factor).collect::<Vec<_>>())
        })
    }

    #[test]
    fn noise_of_a_round_cancels() {
        let shared = [1.0, 5.0, 2.0, 9.0, 0.5, 3.0, 4.0, 7.0];
        let difference = Difference::between(&rounds(shared.map(|value| value * 1.1)), &rounds(shared)).unwrap();
        assert!((difference.ratio - 1.1).abs() < 1e-9, "{difference:?}");
        assert_eq!((difference.rounds, difference.shown()), (8, Some(Ordering::Greater)));
        let reversed = Difference::between(&rounds(shared), &rounds(shared.map(|value| value * 1.1))).unwrap();
        assert_eq!(reversed.shown(), Some(Ordering::Less));
    }

    #[test]
    fn only_common_rounds_count() {
        let a = [(1, 2.0), (3, 2.0), (4, 2.0)];
        let b = [(2, 9.0), (3, 1.0), (5, 9.0)];
        let difference = Difference::between(&a, &b).unwrap();
        assert_eq!((difference.rounds, difference.ratio, difference.interval), (1, 2.0, None));
        assert_eq!(Difference::between(&[(1, 1.0)], &[(2, 1.0)]), None);
        assert_eq!(Difference::between(&[], &[]), None);
    }

    #[test]
    fn seven_rounds_show_nothing_and_eight_can() {
        let shown = |size| {
            let (a, b) = (rounds(vec![2.0; size]), rounds(vec![1.0; size]));
            (Difference::between(&a, &b).unwrap().shown(), least_detectable_ratio(&a, &b))
        };
        assert_eq!(shown(FEWEST_ROUNDS - 1), (None, None));
        assert_eq!(shown(FEWEST_ROUNDS), (Some(Ordering::Greater), Some(1.0)));
    }

    #[test]
    fn values_of_zero_are_compared() {
        let (none, some) = (rounds(vec![0.0; 10]), rounds(vec![0.5; 10]));
        assert_eq!(Difference::between(&none, &some).unwrap().shown(), Some(Ordering::Less));
        assert_eq!(Difference::between(&none, &none).unwrap().shown(), None);
    }

    #[test]
    fn equal_sides_are_called_different_at_most_once_in_a_hundred() {
        let mut random = Random::new(1, 0);
        for (size, noise) in [(8, 0.3), (10, 0.1), (15, 1.0)] {
            let called = (0..4_000)
                .filter(|_| {
                    let [a, b] = sides(&mut random, size, noise, 1.0);
                    Difference::between(&a, &b).unwrap().shown().is_some()
                })
                .count();
            // Expected: at most 40, with a standard deviation of 6.
            assert!(called <= 60, "{called} of 4,000 with {size} rounds");
        }
    }

    #[test]
    fn a_ratio_at_the_limit_is_shown_in_at_least_four_of_five_runs() {
        let mut random = Random::new(2, 0);
        for size in [10, 12, 20] {
            let shown = (0..1_000)
                .filter(|_| {
                    let [a, b] = sides(&mut random, size, 0.1, 1.0);
                    let limit = least_detectable_ratio(&a, &b).unwrap();
                    // Another run with the same noise.
                    let [a, b] = sides(&mut random, size, 0.1, limit);
                    Difference::between(&a, &b).unwrap().shown() == Some(Ordering::Greater)
                })
                .count();
            assert!(shown >= 780, "{shown} of 1,000 with {size} rounds");
        }
    }

    #[test]
    fn many_rounds_are_averaged_in_groups() {
        let (a, b) = (rounds(vec![2.0; 100_000]), rounds(vec![1.0; 100_000]));
        let difference = Difference::between(&a, &b).unwrap();
        assert_eq!((difference.rounds, difference.shown()), (100_000, Some(Ordering::Greater)));
        assert!(least_detectable_ratio(&a, &b).is_some());
        assert!(interval_over_rounds(std::iter::repeat_n(3.0, 100_000)).is_some());
    }

    #[test]
    fn the_fewest_rounds_follow_from_the_error() {
        assert_eq!(signed_rank::fewest_pairs(1, TAIL), FEWEST_ROUNDS);
    }
}
