//! What this tool says of itself: how often it shows a difference where there is none, and what its checks read on
//! trials that nothing is wrong with.
//!
//! Both come from recorded runs of one build, each with many rounds. Trials are first reduced to [`Sample`]s, which can
//! be written as CSV and read back, and everything else is made of those, so that committed data reproduces a published
//! table. Pure; sets no threshold.

mod csv;
mod samples;
mod text;

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use results::{
    lists::unique,
    schema::{Status, Verdict},
    statistics,
};
use serde::Serialize;
use stats::{difference, inference};

pub use csv::{CsvError, csv, from_csv, is_table};
pub use samples::{Reading, Sample, StudyError, samples};
pub use text::render;

use crate::merge;

/// Rounds that make one comparison of equals: the 1st, 3rd and 5th against the 2nd, 4th and 6th, so that what drifts
/// slowly meets both sides alike.
pub const ROUNDS_OF_A_PAIR: usize = 6;

/// What the samples say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// Trials that were measured.
    pub trials: usize,
    /// Of them valid; only these are compared and calibrated on.
    pub valid: usize,
    /// Revisions of the tool that measured them, in the order of their first appearance.
    pub revisions: Vec<String>,
    /// Boots of a machine, of one or of several, that they were measured in.
    pub boots: usize,
    /// Comparisons of equals, of each variant, in the order of their names.
    pub variants: Vec<Equals>,
    /// Comparisons of all variants.
    pub pairs: u64,
    /// Differences that were shown, of all variants: each is false.
    pub differences: u64,
    /// Exact one-sided 95 % upper bound of the rate of false differences, with pairs taken as independent.
    pub upper_bound: f64,
    /// What the checks read.
    pub checks: Vec<Calibration>,
}

/// Comparisons of one variant with itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Equals {
    /// Name of the variant.
    pub variant: String,
    /// Valid trials.
    pub rounds: usize,
    /// e to the standard deviation of ln p50 over those trials of the first load; none with fewer than two.
    pub round_spread: Option<f64>,
    /// Comparisons in which both sides have a hull of their rounds' 95 % intervals.
    pub pairs: u64,
    /// Comparisons that showed a difference.
    pub differences: u64,
    /// Largest |ln(p50 of B ÷ p50 of A)|, each the geometric mean of its rounds.
    pub largest_log_ratio: Option<f64>,
}

/// What one check read on valid trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Name of the check.
    pub check: String,
    /// From where on it does not pass, as recorded.
    pub threshold: Option<f64>,
    /// Valid trials in which it had a value.
    pub trials: u64,
    /// p50, p90 and p99 of the values; none where so few trials do not support one.
    pub quantiles: [Option<f64>; 3],
    /// Largest value; none without one.
    pub largest: Option<f64>,
    /// Valid trials in which it warned.
    pub warned: u64,
    /// Trials that it made invalid.
    pub invalid: u64,
}

/// Compares each variant with itself, and puts together what the checks read.
#[must_use]
pub fn of(samples: &[Sample]) -> Study {
    let valid: Vec<&Sample> = samples.iter().filter(|sample| sample.status == Status::Ok).collect();
    let mut by_variant: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in &valid {
        by_variant.entry(&sample.variant).or_default().push(sample);
    }
    let variants: Vec<Equals> = by_variant.into_iter().map(|(variant, own)| equals(variant, &own)).collect();
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

/// Of the valid samples of one variant.
fn equals(variant: &str, own: &[&Sample]) -> Equals {
    // Rounds of one run under one load are equals; the parts of a sweep are not.
    let place =
        |sample: &Sample| (sample.run, sample.clients, sample.events_per_second.to_bits(), sample.payload_bytes);
    let mut series: Vec<Vec<&Sample>> = grouped(own.iter().map(|sample| (place(sample), *sample)));
    series.iter_mut().for_each(|series| series.sort_by_key(|sample| sample.round));
    let pairs: Vec<Pair> =
        series.iter().flat_map(|series| series.chunks_exact(ROUNDS_OF_A_PAIR)).filter_map(pair).collect();
    let first: Vec<u64> = series.first().into_iter().flatten().filter_map(|sample| sample.p50_ns).collect();
    Equals {
        variant: variant.to_owned(),
        rounds: own.len(),
        round_spread: merge::round_spread(&first),
        pairs: pairs.len() as u64,
        differences: pairs.iter().filter(|pair| pair.differs).count() as u64,
        largest_log_ratio: pairs.iter().filter_map(|pair| pair.log_ratio).reduce(f64::max),
    }
}

/// What has one key together, in the order of the keys' first appearance.
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

/// One comparison of equals.
struct Pair {
    differs: bool,
    log_ratio: Option<f64>,
}

/// Compares rounds that take turns; none where a side has no hull, since the rule then shows nothing of anything.
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

/// Each check once for each of its thresholds, in the order of the checks' first appearance;
/// those that never had anything to judge are left out.
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
