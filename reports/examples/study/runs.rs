//! How often the tool reports a difference between a variant and itself, how often it detects a ratio that equals the
//! limit that it prints, and which values its checks measured.
//!
//! The input is recorded runs of one build, each with many rounds. Trials are first reduced to [`Sample`]s, which can
//! be written as CSV and read back, so that committed samples reproduce a published table.

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
use stats::{
    difference::{self, Difference},
    random::Random,
};

pub(crate) use csv::{csv, from_csv, is_table};
pub(crate) use samples::{Reading, Sample, samples};
pub(crate) use text::render;

/// Rounds of a drawn run, as in `bench-all`.
const ROUNDS: usize = 10;
/// Runs that are drawn per variant.
const RUNS: u32 = 500;
/// Seed of the draws.
const SEED: u64 = 1;

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
    /// Pairs of neighbouring rounds that both have a p50.
    pub(crate) pairs: usize,
    /// Runs that were drawn from the pairs. `None` with fewer than ten pairs.
    pub(crate) drawn: Option<Drawn>,
}

/// Runs of one variant against itself, drawn from its pairs of rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Drawn {
    /// Runs.
    pub(crate) runs: u32,
    /// Runs that show a difference. Each one is false.
    pub(crate) differences: u32,
    /// Median of the least detectable ratios that the runs print.
    pub(crate) limit: f64,
    /// Runs that show a ratio which equals the limit of another run.
    pub(crate) found: u32,
}

/// The values that one check measured on valid trials.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calibration {
    /// Name of the check.
    pub(crate) check: String,
    /// The recorded limit.
    pub(crate) threshold: Option<f64>,
    /// Valid trials in which the check had a value.
    pub(crate) trials: u64,
    /// p50, p90 and p99 of the values. `None` if there are too few trials for the percentile.
    pub(crate) quantiles: [Option<f64>; 3],
    /// Largest value.
    pub(crate) largest: Option<f64>,
    /// Valid trials with a warning.
    pub(crate) warned: u64,
    /// Trials that the check made invalid.
    pub(crate) invalid: u64,
}

/// Compares each variant with itself and summarises the checks.
pub(crate) fn build(samples: &[Sample]) -> Study {
    let valid: Vec<&Sample> = samples.iter().filter(|sample| sample.status == Status::Ok).collect();
    let mut by_variant: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in &valid {
        by_variant.entry(&sample.variant).or_default().push(sample);
    }
    let variants = (0..).zip(by_variant).map(|(purpose, (variant, own))| compare_with_itself(variant, &own, purpose));
    Study {
        trials: samples.len(),
        valid: valid.len(),
        revisions: unique(samples.iter().map(|sample| sample.revision.clone())),
        boots: unique(samples.iter().map(|sample| sample.boot)).len(),
        variants: variants.collect(),
        checks: calibrations(samples),
    }
}

/// Compares the valid samples of one variant.
fn compare_with_itself(variant: &str, own: &[&Sample], purpose: u64) -> SelfComparison {
    // Only rounds of one run under one load are comparable; the points of a sweep are not.
    let place =
        |sample: &Sample| (sample.run, sample.clients, sample.events_per_second.to_bits(), sample.payload_bytes);
    let mut series: Vec<Vec<&Sample>> = grouped(own.iter().map(|sample| (place(sample), *sample)));
    series.iter_mut().for_each(|series| series.sort_by_key(|sample| sample.round));
    let pairs: Vec<[f64; 2]> = series.iter().flat_map(|series| series.chunks_exact(2)).filter_map(pair).collect();
    let first: Vec<u64> = series.first().into_iter().flatten().filter_map(|sample| sample.p50_ns).collect();
    SelfComparison {
        variant: variant.to_owned(),
        rounds: own.len(),
        round_spread: merge::round_spread(&first),
        pairs: pairs.len(),
        drawn: (pairs.len() >= ROUNDS).then(|| draw_runs(&pairs, &mut Random::new(SEED, purpose))),
    }
}

/// Returns the medians of two neighbouring rounds, which are like two variants of one round.
fn pair(rounds: &[&Sample]) -> Option<[f64; 2]> {
    let [a, b] = rounds else { return None };
    Some([a.p50_ns? as f64, b.p50_ns? as f64])
}

fn draw_runs(pairs: &[[f64; 2]], random: &mut Random) -> Drawn {
    let (mut limits, mut differences, mut found) = (Vec::new(), 0, 0);
    for _ in 0..RUNS {
        let [a, b] = draw(pairs, 1.0, random);
        differences += u32::from(is_shown(&a, &b));
        let limit = difference::least_detectable_ratio(&a, &b).expect("a run has enough rounds");
        let [a, b] = draw(pairs, limit, random);
        found += u32::from(is_shown(&a, &b));
        limits.push(limit);
    }
    limits.sort_by(f64::total_cmp);
    let limit = statistics::nearest_rank(&limits, 0.5).expect("runs were drawn");
    Drawn { runs: RUNS, differences, limit, found }
}

/// Draws the rounds of a run: different pairs, each in random order, with the first side slowed down by this factor.
fn draw(pairs: &[[f64; 2]], factor: f64, random: &mut Random) -> [Vec<(u32, f64)>; 2] {
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    random.shuffle(&mut order);
    let sides = order.into_iter().take(ROUNDS).map(|index| {
        let [a, b] = pairs[index];
        if random.coin() { (factor * b, a) } else { (factor * a, b) }
    });
    let (a, b): (Vec<f64>, Vec<f64>) = sides.unzip();
    [a, b].map(|side| (1..).zip(side).collect())
}

fn is_shown(a: &[(u32, f64)], b: &[(u32, f64)]) -> bool {
    Difference::between(a, b).is_some_and(|difference| difference.shown().is_some())
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

/// Summarises each check once per threshold, in the order in which checks first appear. Checks that never judged
/// anything are left out.
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
