//! Statistical inference: intervals, effective sample sizes, and significance tests. Every formula names its source and is
//! tested against published values. Thresholds are up to the caller.

use std::f64::consts::SQRT_2;

use results::statistics::Histogram;
use statrs::{
    distribution::{Beta, ContinuousCDF as _},
    function::erf::erfc,
};

/// Probability outside a 95 % interval, per side.
const TAIL: f64 = 0.025;
/// Terms of a binomial distribution below this share of the largest do not change a sum.
const NEGLIGIBLE: f64 = 1e-19;
/// Maximum lag of an autocorrelation, which bounds the work.
const LONGEST_LAG: usize = 1_000;
/// Fewest gaps that can be tested.
const FEWEST_GAPS: usize = 8;

/// Returns the exact 95 % interval of a quantile, for any distribution: the order statistics outside of which the binomial
/// distribution of (`effective`, `quantile`) has at most 2.5 % on each side. Returns `None` if there are none, for a median
/// below 6 observations.
///
/// If `effective` is less than the size `N` of the histogram, rank `l` of `n` stands for rank `l·(N + 1)/(n + 1)`, the
/// expected position of that order statistic, rounded outwards. A bound is the end of its bucket that makes the interval
/// wider.
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

/// Returns the ranks, from 1, of the order statistics between which the quantile lies with at least 95 %.
fn interval_ranks(observations: u64, quantile: f64) -> Option<[u64; 2]> {
    if observations == 0 || !(quantile > 0.0 && quantile < 1.0) {
        return None;
    }
    let (first, terms) = binomial(observations, quantile);
    let tail = TAIL * terms.iter().sum::<f64>();
    // Counts the terms that fit into each tail. Terms before the first one are negligible.
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

/// Returns the values of two sorted ranks, from 1, in the histogram.
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

/// Returns the relevant probabilities of a binomial distribution relative to the largest, and the count of the first.
/// It works outwards from the mode, which needs a multiple of √n steps and no factorials.
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

/// Returns the effective sample size of a time series: n ÷ (1 + 2·Σρ_k), where ρ_k is the rank correlation at lag k. It is at
/// least 1 and at most n. With ranks, a single outlier neither causes nor hides a correlation.
///
/// The sum takes pairs ρ_2m + ρ_2m+1, from m = 0 with ρ_0 = 1, while they are positive, up to a lag of n/4 and of 1,000. So
/// a slow component counts even if each of its correlations is within chance. Independent values lose a little, less than a
/// fifth on average, when chance makes a pair positive.
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
    // Each correlation except ρ_0 counts twice. A negative correlation does not increase the size.
    let worth = size / (2.0 * positive.sum::<f64>() - 1.0).max(1.0);
    (worth.round() as u64).max(1)
}

/// Returns Spearman's rank correlation; ties have their mean rank. Returns `None` with fewer than 2 pairs, lists of
/// different lengths, or a constant list.
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

/// Returns the rank of each value, from 1 for the smallest. Equal values share their mean rank. NaN ranks as in
/// [`f64::total_cmp`].
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

/// Returns Anderson and Darling's A² of gaps in nanoseconds against an exponential distribution of unknown mean. With the
/// factor 1 + 0.6/n its critical values do not depend on n: 1.321 at 5 %, 1.959 at 1 %. Returns `None` with fewer than 8 gaps,
/// or if one is negative or NaN. A gap of 0 counts as half a nanosecond.
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
        // The logarithm of the upper tail of an exponential distribution is −x/mean.
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
