//! How often the tool reports a difference between a variant and itself, and which values its checks measured meanwhile.
//!
//! The input is recorded runs of one build, each with many rounds. Trials are first reduced to [`Sample`]s, which can be
//! written as CSV and read back, so that committed samples reproduce a published table.

mod csv;
mod samples;
#[cfg(test)]
mod tests;
mod text;

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use reports::merge;
use results::{
    schema::{Status, Verdict},
    statistics,
    unique::unique,
};
use stats::{difference, inference};

pub(crate) use csv::{csv, from_csv, is_table};
pub(crate) use samples::{Reading, Sample, samples};
pub(crate) use text::render;

/// Rounds per comparison: the 1st, 3rd and 5th against the 2nd, 4th and 6th, so that slow drift affects both sides alike.
const ROUNDS_OF_A_PAIR: usize = 6;

/// The result of a study.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Study {
    /// Trials that were measured.
    pub(crate) trials: usize,
    /// Valid trials; only these are compared.
    pub(crate) valid: usize,
    /// Revisions of the tool that measured them, in the order of their first appearance.
    pub(crate) revisions: Vec<String>,
    /// Distinct boots of one or several machines.
    pub(crate) boots: usize,
    /// Comparisons per variant, by name.
    pub(crate) variants: Vec<SelfComparison>,
    /// Comparisons over all variants.
    pub(crate) pairs: u64,
    /// Differences shown over all variants. Each one is false.
    pub(crate) differences: u64,
    /// Exact one-sided 95 % upper bound of the false-difference rate, if pairs are independent.
    pub(crate) upper_bound: f64,
    /// The values that the checks measured.
    pub(crate) checks: Vec<Calibration>,
}

/// Comparisons of one variant with itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SelfComparison {
    /// Name of the variant.
    pub(crate) variant: String,
    /// Valid trials.
    pub(crate) rounds: usize,
    /// e to the standard deviation of ln p50 over the trials of the first load. `None` with fewer than two.
    pub(crate) round_spread: Option<f64>,
    /// Comparisons in which the rounds of both sides have 95 % intervals.
    pub(crate) pairs: u64,
    /// Comparisons that show a difference.
    pub(crate) differences: u64,
    /// Largest |ln(p50 of B ÷ p50 of A)|, where each p50 is the geometric mean over the side's rounds.
    pub(crate) largest_log_ratio: Option<f64>,
}

/// The values that one check measured on valid trials.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calibration {
    /// Name of the check.
    pub(crate) check: String,
    /// The recorded limit.
    pub(crate) threshold: Option<f64>,
    /// Valid trials in which it had a value.
    pub(crate) trials: u64,
    /// p50, p90 and p99 of the values. `None` if there are too few trials for the percentile.
    pub(crate) quantiles: [Option<f64>; 3],
    /// Largest value.
    pub(crate) largest: Option<f64>,
    /// Valid trials with a warning.
    pub(crate) warned: u64,
    /// Trials that it made invalid.
    pub(crate) invalid: u64,
}

/// Compares each variant with itself and summarises the checks.
pub(crate) fn build(samples: &[Sample]) -> Study {
    let valid: Vec<&Sample> = samples.iter().filter(|sample| sample.status == Status::Ok).collect();
    let mut by_variant: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in &valid {
        by_variant.entry(&sample.variant).or_default().push(sample);
    }
    let variants: Vec<SelfComparison> =
        by_variant.into_iter().map(|(variant, own)| compare_with_itself(variant, &own)).collect();
    let pairs = variants.iter().map(|one| one.pairs).sum();
    let differences = variants.iter().map(|one| one.differences).sum();
    Study {
        trials: samples.len(),
        valid: valid.len(),
        revisions: unique(samples.iter().map(|sample| sample.revision.clone())),
        boots: unique(samples.iter().map(|sample| sample.boot)).len(),
        variants,
        pairs,
        differences,
        upper_bound: inference::proportion_upper_bound(differences, pairs),
        checks: calibrations(samples),
    }
}

/// Compares the valid samples of one variant.
fn compare_with_itself(variant: &str, own: &[&Sample]) -> SelfComparison {
    // Only rounds of one run under one load are comparable; the points of a sweep are not.
    let place =
        |sample: &Sample| (sample.run, sample.clients, sample.events_per_second.to_bits(), sample.payload_bytes);
    let mut series: Vec<Vec<&Sample>> = grouped(own.iter().map(|sample| (place(sample), *sample)));
    series.iter_mut().for_each(|series| series.sort_by_key(|sample| sample.round));
    let pairs: Vec<Pair> =
        series.iter().flat_map(|series| series.chunks_exact(ROUNDS_OF_A_PAIR)).filter_map(pair).collect();
    let first: Vec<u64> = series.first().into_iter().flatten().filter_map(|sample| sample.p50_ns).collect();
    SelfComparison {
        variant: variant.to_owned(),
        rounds: own.len(),
        round_spread: merge::round_spread(&first),
        pairs: pairs.len() as u64,
        differences: pairs.iter().filter(|pair| pair.differs).count() as u64,
        largest_log_ratio: pairs.iter().filter_map(|pair| pair.log_ratio).reduce(f64::max),
    }
}

/// Groups items by key, in the order in which keys first appear.
fn grouped<K: Eq + Hash, T>(all: impl IntoIterator<Item = (K, T)>) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut places = HashMap::new();
    for (key, one) in all {
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(one);
    }
    groups
}

/// One comparison.
struct Pair {
    differs: bool,
    log_ratio: Option<f64>,
}

/// Compares the odd rounds with the even ones. Returns `None` if a side has no interval.
fn pair(rounds: &[&Sample]) -> Option<Pair> {
    let side = |first: usize| rounds.iter().skip(first).step_by(2).copied();
    let [a, b] = [side(0), side(1)].map(|side| difference::over_rounds(side.map(|sample| sample.interval_ns)));
    if a.is_none() || b.is_none() {
        return None;
    }
    let mean_logarithm = |first: usize| {
        let logarithms: Vec<f64> =
            side(first).filter_map(|sample| sample.p50_ns).map(|p50| (p50.max(1) as f64).ln()).collect();
        (!logarithms.is_empty()).then(|| logarithms.iter().sum::<f64>() / logarithms.len() as f64)
    };
    let log_ratio = mean_logarithm(0).zip(mean_logarithm(1)).map(|(a, b)| (b - a).abs());
    Some(Pair { differs: difference::between(a, b).is_some(), log_ratio })
}

/// Summarises each check once per threshold, in the order in which checks first appear. Checks that never judged anything
/// are left out.
fn calibrations(samples: &[Sample]) -> Vec<Calibration> {
    let all = samples.iter().flat_map(|sample| sample.readings.iter().map(|reading| (sample.status, reading)));
    let names = unique(all.clone().map(|(_, reading)| reading.check.as_str()));
    let places: HashMap<&str, usize> = names.into_iter().zip(0..).collect();
    let mut kinds = grouped(all.map(|(status, reading)| (reading.kind(), (status, reading))));
    kinds.sort_by_key(|own| places.get(own[0].1.check.as_str()));
    kinds
        .into_iter()
        .map(|own: Vec<(Status, &Reading)>| {
            let valid = || own.iter().filter(|(status, _)| *status == Status::Ok).map(|(_, reading)| *reading);
            let mut values: Vec<f64> = valid().filter_map(|reading| reading.value).collect();
            values.sort_by(f64::total_cmp);
            let count = |verdict| move |reading: &&Reading| reading.verdict == verdict;
            Calibration {
                check: own[0].1.check.clone(),
                threshold: own[0].1.threshold,
                trials: values.len() as u64,
                quantiles: [0.5, 0.9, 0.99].map(|quantile| {
                    let is_supported = values.len() as u64 >= statistics::needed(quantile);
                    is_supported.then(|| statistics::nearest_rank(&values, quantile)).flatten()
                }),
                largest: values.last().copied(),
                warned: valid().filter(count(Verdict::Warn)).count() as u64,
                invalid: own.iter().map(|(_, reading)| *reading).filter(count(Verdict::Invalid)).count() as u64,
            }
        })
        .filter(|one| one.trials + one.warned + one.invalid > 0)
        .collect()
}
