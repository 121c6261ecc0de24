//! The exact signed-rank test of pairs, its estimate of the shift with bounds, and the adjustment for several tests. Every
//! formula names its source and is tested against published values.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use crate::inference;

/// Returns the exact p-value of Wilcoxon's signed-rank test that the differences are symmetric about 0, against a shift above
/// 0: the share of all sign assignments whose positive ranks add up to at least as much. Returns 1 without differences.
///
/// It is exact with ties, by dynamic programming over doubled ranks, which are integers. A difference of 0 is ranked but has no
/// sign (Pratt): if it were dropped first, a larger difference could make the result less significant.
///
/// Sources: Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics Bulletin 1, 1945; Pratt, Remarks on Zeros and
/// Ties in the Wilcoxon Signed Rank Procedures, JASA 54, 1959.
#[must_use]
pub fn p_value(differences: &[f64]) -> f64 {
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let doubled = inference::mean_ranks(&sizes).into_iter().map(|rank| (2.0 * rank).round() as usize);
    let signed: Vec<(usize, f64)> =
        doubled.zip(differences.iter().copied()).filter(|(_, difference)| *difference != 0.0).collect();
    let observed: usize = signed.iter().filter(|(_, difference)| *difference > 0.0).map(|(rank, _)| *rank).sum();
    let mut ranks: Vec<usize> = signed.iter().map(|(rank, _)| *rank).collect();
    ranks.sort_unstable();
    if ranks.iter().zip(1..).all(|(doubled, rank)| *doubled == 2 * rank) {
        return tails(ranks.len())[observed / 2].min(1.0);
    }
    let probabilities = distribution(signed.into_iter().map(|(rank, _)| rank));
    // Starts at the far end, so that small terms are added first. Up to 53 pairs the sum is exact in any order.
    probabilities[observed..].iter().rev().sum::<f64>().min(1.0)
}

/// Returns the probability that the sum of the ranks from 1 to `pairs` is at least each value, without ties. It is
/// computed once per number of pairs, because that needs cubic time.
fn tails(pairs: usize) -> Arc<[f64]> {
    static MADE: LazyLock<Mutex<HashMap<usize, Arc<[f64]>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let mut tails = distribution(1..=pairs);
        for sum in (1..tails.len()).rev() {
            tails[sum - 1] += tails[sum];
        }
        tails.into()
    };
    Arc::clone(made.entry(pairs).or_insert_with(make))
}

/// Returns the probability of each sum of ranks, if each rank counts with probability ½.
fn distribution(ranks: impl Iterator<Item = usize>) -> Vec<f64> {
    ranks.fold(vec![1.0], |probabilities, rank| {
        let mut next = vec![0.0; probabilities.len() + rank];
        for (sum, probability) in probabilities.iter().enumerate() {
            next[sum] += probability / 2.0;
            next[sum + rank] += probability / 2.0;
        }
        next
    })
}

/// Returns the rank, from 1 at either end, of the Walsh average that bounds the shift with an error of at most `tail`: the
/// largest *k* with P(W ≤ k − 1) ≤ tail, where W is the sum of positive ranks without ties. Returns `None` with too few pairs.
///
/// The number of Walsh averages above a shift is the rank sum in the test of that shift. So the test of 0 is significant at
/// `tail` exactly if the *k*-th smallest average is above 0.
#[must_use]
pub fn bounding_place(pairs: usize, tail: f64) -> Option<usize> {
    // The distribution is symmetric.
    let place = tails(pairs).iter().rev().take_while(|cumulated| **cumulated <= tail).count();
    (place > 0).then_some(place)
}

/// Returns the mean of every pair of differences, including each with itself, unsorted.
#[must_use]
pub fn walsh_averages(differences: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (index, first) in differences.iter().enumerate() {
        averages.extend(differences[index..].iter().map(|second| f64::midpoint(*first, *second)));
    }
    averages
}

/// Returns the Hodges–Lehmann estimate of the shift: the median of the Walsh averages. Returns `None` without
/// differences.
///
/// Source: Hodges and Lehmann, Estimates of Location Based on Rank Tests, Annals of Mathematical Statistics 34, 1963.
#[must_use]
pub fn shift(differences: &[f64]) -> Option<f64> {
    middle(&mut walsh_averages(differences))
}

/// Returns the median. Returns `None` without values. Changes the order of the values.
#[must_use]
pub fn middle(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let half = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| is_even);
    Some(lower.map_or(*upper, |lower| f64::midpoint(lower, *upper)))
}

/// Returns the lower and upper bound of the shift. Each is a one-sided bound with an error of at most `tail`; both are an
/// interval of 1 − 2·tail. They are exact without ties, and conservative with them. Returns `None` with too few pairs.
///
/// Sources: Tukey, The Simplest Signed-Rank Tests, 1949; Hollander and Wolfe, Nonparametric Statistical Methods, section
/// 3.3; for ties Noether, Wilcoxon Confidence Intervals for Location Parameters in the Discrete Case, JASA 62, 1967.
#[must_use]
pub fn bounds(differences: &[f64], tail: f64) -> Option<[f64; 2]> {
    let place = bounding_place(differences.len(), tail)?;
    let mut averages = walsh_averages(differences);
    let last = averages.len() - place;
    let [lower, upper] = [place - 1, last].map(|index| *averages.select_nth_unstable_by(index, f64::total_cmp).1);
    Some([lower, upper])
}

/// Returns Holm's adjusted p-values, in the given order. If tests with an adjusted p-value of at most a level are called
/// significant, the probability of any false one is at most that level, however the tests depend on each other.
///
/// Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 1979.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (step, index) in order.into_iter().enumerate() {
        let left = (p_values.len() - step) as f64;
        largest = largest.max((left * p_values[index]).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

/// Returns the fewest pairs that can be significant at `level` in Holm's first step of this many tests: the least *n*
/// with tests · 2⁻ⁿ ≤ level.
#[must_use]
pub fn fewest_pairs(tests: usize, level: f64) -> usize {
    (tests as f64 / level).log2().ceil().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest W that is significant in a one-sided test, n = 5 to 25.
    ///
    /// Source: McCornack, Extended Tables of the Wilcoxon Matched Pair Signed Rank Statistic, JASA 60, 1965; the second
    /// line is sequence A226330 of the On-Line Encyclopedia of Integer Sequences too.
    const CRITICAL: [(f64, usize, &[usize]); 4] = [
        (0.05, 5, &[0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 30, 35, 41, 47, 53, 60, 67, 75, 83, 91, 100]),
        (0.025, 6, &[0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89]),
        (0.01, 7, &[0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 43, 49, 55, 62, 69, 76]),
        (0.005, 8, &[0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 42, 48, 54, 61, 68]),
    ];

    #[test]
    fn critical_values_match_published_tables() {
        for (tail, first, tabulated) in CRITICAL {
            for (pairs, critical) in (first..).zip(tabulated) {
                assert_eq!(bounding_place(pairs, tail), Some(critical + 1), "n = {pairs}, one-sided {tail}");
            }
            assert_eq!(bounding_place(first - 1, tail), None, "n = {}, one-sided {tail}", first - 1);
        }
        // The same sequence further on.
        let later = [98, 107, 116, 126, 137, 147, 159, 170, 182, 195, 208, 221, 235, 249, 264, 279];
        for (pairs, critical) in (26..).zip(later) {
            assert_eq!(bounding_place(pairs, 0.025), Some(critical + 1), "n = {pairs}");
        }
    }

    #[test]
    fn reproduces_wilcoxons_example() {
        // Heights of maize, cross- less self-fertilised, from the paper of 1945. R's wilcox.test says V = 96 and a
        // two-sided p of 0.04126.
        let maize = [14., 56., 60., 16., 6., 8., -48., 49., 24., 28., 29., 41., -67., 23., 75.];
        assert!((2.0 * p_value(&maize) - 0.04126).abs() < 5e-6);
    }

    /// Depression of nine patients before and after a tranquilliser: Hollander and Wolfe, table 3.1.
    const BEFORE: [f64; 9] = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
    #[expect(clippy::approx_constant, reason = "a measurement, which is no circle's")]
    const AFTER: [f64; 9] = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];

    #[test]
    fn reproduces_the_example_of_hollander_and_wolfe() {
        let became: Vec<f64> = BEFORE.iter().zip(AFTER).map(|(before, after)| after - before).collect();
        let less: Vec<f64> = became.iter().map(|difference| -difference).collect();
        // Example 3.1: a sum of 40 of 45, P = .0195 (.020 in the table, 10/512).
        assert_eq!(p_value(&less), 10.0 / 512.0);
        // Example 3.3: the estimate is −.46.
        assert!((shift(&became).unwrap() + 0.46).abs() < 1e-12);
        // Example 3.4: the interval of 96 % is (−.786, −.010).
        let [lower, upper] = bounds(&became, 0.02).unwrap();
        assert!((lower + 0.786).abs() < 1e-12 && (upper + 0.010).abs() < 1e-12, "{lower} {upper}");
    }

    #[test]
    fn ties_and_zeros_match_permutations_of_signs() {
        // Every choice of signs, by hand.
        let by_hand = |differences: &[f64]| {
            let sizes: Vec<f64> = differences.iter().map(|value| value.abs()).collect();
            let ranks = inference::mean_ranks(&sizes);
            let free: Vec<usize> = (0..differences.len()).filter(|index| differences[*index] != 0.0).collect();
            let observed: f64 = free.iter().filter(|index| differences[**index] > 0.0).map(|index| ranks[*index]).sum();
            let all = 1_u32 << free.len();
            let sum = |choice: u32| -> f64 {
                free.iter().enumerate().filter(|(bit, _)| choice >> bit & 1 == 1).map(|(_, index)| ranks[*index]).sum()
            };
            f64::from((0..all).filter(|choice| sum(*choice) >= observed).count() as u32) / f64::from(all)
        };
        for differences in
            [&[1., 1., -1., 2., 2., 3.][..], &[0., 0., 1., -1., 4.], &[-0., 2., 2., 2., -2.], &[0., 0.], &[]]
        {
            assert!((p_value(differences) - by_hand(differences)).abs() < 1e-12, "{differences:?}");
        }
        // A zero is ranked and has no sign: the others have ranks 2, 3 and 4, of which 5 or more is 4 of 8 choices. Had
        // it been dropped before, it would be 3 or more of 1, 2 and 3, and 5 of 8.
        assert_eq!(p_value(&[0., 1., 2., -3.]), 4.0 / 8.0);
        assert_eq!(p_value(&[1., 2., -3.]), 5.0 / 8.0);
        assert_eq!(p_value(&[0., 0.]), 1.0, "nothing differs");
    }

    #[test]
    fn the_test_is_significant_iff_the_bound_is_above_zero() {
        let differences = [0.3, -0.11, 0.52, 0.9, 0.17, 0.64, -0.05, 0.71, 0.42];
        for tail in [0.01, 0.02, 0.05, 0.1] {
            let bound = bounds(&differences, tail).map(|[lower, _]| lower);
            assert_eq!(p_value(&differences) <= tail, bound.is_some_and(|lower| lower > 0.0), "{tail}");
        }
    }

    #[test]
    fn holm_adjusts_as_in_the_worked_example() {
        // The worked example of the method's article in Wikipedia: at 5 % the first and the fourth are rejected.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (adjusted, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((adjusted - expected).abs() < 1e-12);
        }
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn each_level_needs_a_minimum_of_pairs() {
        assert_eq!(fewest_pairs(2, 0.01), 8);
        assert_eq!(fewest_pairs(12, 0.01), 11);
        assert_eq!(fewest_pairs(36, 0.01), 12);
        assert!(36.0 * 0.5_f64.powi(12) <= 0.01 && 36.0 * 0.5_f64.powi(11) > 0.01);
    }
}
