//! What a sample says of what it was drawn from: intervals, effective sizes, and tests against chance.
//!
//! Pure functions of numbers. Knows nothing of approaches, records or trials, and sets no threshold: what a value means
//! for a run is for those who ask. Each formula has its source beside it and is tested against published values.

use std::f64::consts::SQRT_2;

use results::statistics::Histogram;
use statrs::{
    distribution::{Beta, ContinuousCDF as _},
    function::erf::erfc,
};

/// Probability that is left out on each side of a 95 % interval.
const TAIL: f64 = 0.025;
/// Terms of a binomial distribution that are smaller than its largest by this factor no longer change a sum.
const NEGLIGIBLE: f64 = 1e-19;
/// Longest distance at which a series is compared with itself, which bounds the work.
const LONGEST_LAG: usize = 1_000;
/// Fewest gaps that say anything of their distribution.
const FEWEST_GAPS: usize = 8;

/// Exact 95 % interval of a quantile, whatever the distribution: the order statistics whose ranks the binomial
/// distribution of (`effective`, `quantile`) leaves at most 2.5 % on each side of. None where no two ranks do, for a
/// median below 6 observations.
///
/// Where `effective` is less than the histogram holds, the ranks are those of so many observations, and rank `l` of `n`
/// stands for rank `l·(N + 1)/(n + 1)` of the histogram's `N`, rounded outwards: the expected place of that order
/// statistic. With `effective` equal to `N`, or above it, they are the histogram's own order statistics, exactly. A
/// bound is the end of its histogram bucket that makes the interval wider.
///
/// Source: Conover, Practical Nonparametric Statistics, 3rd edition, 3.2.
#[must_use]
pub fn quantile_interval(histogram: &Histogram, effective: u64, quantile: f64) -> Option<[u64; 2]> {
    let samples = histogram.len();
    let effective = effective.min(samples);
    let [lower, upper] = interval_ranks(effective, quantile)?;
    let place = |rank: u64| u128::from(rank) * (u128::from(samples) + 1);
    let size = u128::from(effective) + 1;
    let least = u64::try_from(place(lower) / size).unwrap_or(u64::MAX).max(1);
    let most = u64::try_from(place(upper).div_ceil(size)).unwrap_or(u64::MAX).min(samples);
    let [lower, upper] = values_at_ranks(histogram, [least, most]);
    Some([histogram.lowest_equivalent(lower), histogram.highest_equivalent(upper)])
}

/// Ranks, from 1, of the order statistics of so many observations between which the quantile lies with at least 95 %.
fn interval_ranks(observations: u64, quantile: f64) -> Option<[u64; 2]> {
    if observations == 0 || !(quantile > 0.0 && quantile < 1.0) {
        return None;
    }
    let (first, terms) = binomial(observations, quantile);
    let tail = TAIL * terms.iter().sum::<f64>();
    // As many terms as fit into each tail. What lies below the first term is too little to count.
    let fitting = |terms: &mut dyn Iterator<Item = &f64>| {
        let sums = terms.scan(0.0, |sum, term| {
            *sum += term;
            Some(*sum)
        });
        sums.take_while(|sum| *sum <= tail).count() as u64
    };
    let below = first + fitting(&mut terms.iter());
    let last = first + terms.len() as u64 - 1;
    let above = last + 1 - fitting(&mut terms.iter().rev());
    (below >= 1 && above <= observations).then_some([below, above])
}

/// The values of these ranks, from 1 and in their order, in the histogram.
fn values_at_ranks(histogram: &Histogram, [lower, upper]: [u64; 2]) -> [u64; 2] {
    let (mut seen, mut first) = (0_u64, None);
    for bucket in histogram.iter_recorded() {
        seen += bucket.count_since_last_iteration();
        if seen >= lower {
            first.get_or_insert(bucket.value_iterated_to());
        }
        if seen >= upper {
            return [first.unwrap_or(bucket.value_iterated_to()), bucket.value_iterated_to()];
        }
    }
    [first.unwrap_or(histogram.max()), histogram.max()]
}

/// Probabilities of a binomial distribution that are worth counting, all over the largest, and the count of the first.
/// Built outwards from the mode, so that it takes a multiple of √n steps and no logarithm of a factorial.
fn binomial(trials: u64, probability: f64) -> (u64, Vec<f64>) {
    let odds = probability / (1.0 - probability);
    let mode = (((trials + 1) as f64 * probability) as u64).min(trials);
    let (mut below, mut term, mut count) = (Vec::new(), 1.0, mode);
    while count > 0 && term > NEGLIGIBLE {
        term *= count as f64 / ((trials - count + 1) as f64 * odds);
        count -= 1;
        below.push(term);
    }
    below.reverse();
    let mut terms = below;
    terms.push(1.0);
    let (mut term, mut count) = (1.0, mode);
    while count < trials && term > NEGLIGIBLE {
        term *= (trials - count) as f64 * odds / (count + 1) as f64;
        count += 1;
        terms.push(term);
    }
    (count + 1 - terms.len() as u64, terms)
}

/// Returns the exact one-sided 95 % upper bound of a probability, after this many successes. Returns 1 without trials.
///
/// Source: Clopper and Pearson, Biometrika 26, 1934.
#[must_use]
pub fn proportion_upper_bound(successes: u64, trials: u64) -> f64 {
    upper_bound(successes, trials, 0.05)
}

/// Returns the exact 95 % interval of a probability, after this many successes. Returns 0 to 1 without trials.
///
/// Source: Clopper and Pearson, as above.
#[must_use]
pub fn proportion_interval(successes: u64, trials: u64) -> [f64; 2] {
    let failures = trials.saturating_sub(successes);
    [1.0 - upper_bound(failures, trials, TAIL), upper_bound(successes, trials, TAIL)]
}

/// Returns the probability under which at most this many successes occur in a share `tail` of all cases.
fn upper_bound(successes: u64, trials: u64, tail: f64) -> f64 {
    let failures = trials.saturating_sub(successes) as f64;
    Beta::new(successes as f64 + 1.0, failures).map_or(1.0, |posterior| posterior.inverse_cdf(1.0 - tail))
}

/// Independent observations that a series in the order of time is worth: n ÷ (1 + 2·Σρ_k), where ρ_k is the correlation
/// of ranks that are k apart; at least 1 where there is any, and at most n. Ranks, so that a single outlier neither
/// makes nor hides a correlation.
///
/// The sum goes over pairs ρ_2m + ρ_2m+1, from m = 0 with ρ_0 = 1, while they are positive, up to a lag of n/4 and of
/// 1,000: what follows is noise. So a slow component counts where each of its correlations alone is within chance, and
/// independent values lose a little, on average less than a fifth, where chance makes a pair positive. What is slower
/// than the longest lag counts as much as it shows up to there.
///
/// Source: Geyer, Practical Markov Chain Monte Carlo, Statistical Science 7, 1992, section 3.3, the initial positive
/// sequence.
#[must_use]
pub fn effective_size(values: &[f64]) -> u64 {
    let size = values.len() as f64;
    let middle = (size + 1.0) / 2.0;
    let deviations: Vec<f64> = mean_ranks(values).into_iter().map(|rank| rank - middle).collect();
    let shared = |lag: usize| deviations.iter().zip(&deviations[lag..]).map(|(a, b)| a * b).sum::<f64>();
    let variation = shared(0);
    if variation <= 0.0 {
        return values.len() as u64;
    }
    let longest = (values.len() / 4).min(LONGEST_LAG);
    let pairs = (0..).step_by(2).take_while(|lag| *lag < longest);
    let positive = pairs.map(|lag| (shared(lag) + shared(lag + 1)) / variation).take_while(|pair| *pair > 0.0);
    // Each correlation but ρ_0 counts twice. Below 1, neighbours differ more than chance has it: that is no gain.
    let worth = size / (2.0 * positive.sum::<f64>() - 1.0).max(1.0);
    (worth.round() as u64).max(1)
}

/// Spearman's rank correlation, ties with their mean rank. None of fewer than 2 pairs, of lists of different length,
/// and where one list does not vary.
#[must_use]
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let [a, b] = [a, b].map(|values| mean_ranks(values).into_iter().map(|rank| rank - middle).collect::<Vec<_>>());
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let variation = (product(&a, &a) * product(&b, &b)).sqrt();
    (variation > 0.0).then(|| (product(&a, &b) / variation).clamp(-1.0, 1.0))
}

/// The rank of each value among all, from 1 for the smallest, in the order of the values; equal values share the mean
/// of theirs. What is no number ranks as [`f64::total_cmp`] has it: above all numbers, or, where its sign is set,
/// below.
#[must_use]
pub fn mean_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = from as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|index| ranks[*index] = rank);
        from += equal.len();
    }
    ranks
}

/// Anderson and Darling's A² of gaps in nanoseconds against an exponential distribution of unknown mean, with the
/// factor 1 + 0.6/n that makes its critical values those of any n: 1.321 at 5 %, 1.959 at 1 %. None of fewer than 8
/// gaps, and where one is negative or no number. A gap of less than a nanosecond, which a clock shows as 0, counts as
/// half of one.
///
/// Source: Stephens, Journal of the American Statistical Association 69, 1974; D'Agostino and Stephens, Goodness-of-Fit
/// Techniques, 1986, table 4.14.
#[must_use]
pub fn anderson_darling_exponential(gaps: &[f64]) -> Option<f64> {
    if gaps.len() < FEWEST_GAPS || gaps.iter().any(|gap| !gap.is_finite() || *gap < 0.0) {
        return None;
    }
    let mut sorted: Vec<f64> = gaps.iter().map(|gap| gap.max(0.5)).collect();
    sorted.sort_by(f64::total_cmp);
    let size = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / size;
    let weighted: f64 = sorted
        .iter()
        .zip(sorted.iter().rev())
        .enumerate()
        // The logarithm of an exponential's upper tail is −x/mean.
        .map(|(index, (low, high))| {
            let distribution = -(-low / mean).exp_m1();
            (2.0 * index as f64 + 1.0) * (distribution.ln() - high / mean)
        })
        .sum();
    Some((-size - weighted / size) * (1.0 + 0.6 / size))
}

/// Returns the probability that a standard normal variable is at least this far from 0, on either side.
#[must_use]
pub fn normal_tail(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}
