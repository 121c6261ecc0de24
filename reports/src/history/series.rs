//! A series of numbers in the order of time: a fence for its newest, and the levels that it went through.
//!
//! Pure functions of numbers. Knows nothing of runs or metrics.

use stats::{random::Random, signed_rank};

/// Fewest values before the newest that make a fence.
pub const FEWEST_BEFORE: usize = 8;
/// Fewest values of a level.
pub const SHORTEST_LEVEL: usize = 5;
/// Probability of a change in a series that has none, at most.
pub const CHANCE: f64 = 0.01;

/// Distances between the quartiles that the fence lies beyond them: Tukey's outer fence.
const OUTER: f64 = 3.0;
/// Smallest share of the median by which a value stands out, where the others hardly differ.
const SMALLEST: f64 = 0.01;
/// Orders that a split is held against; the least p-value is one in so many and one.
const PERMUTATIONS: usize = 499;
/// Values, the newest, that are searched for levels, which bounds the work.
const MOST_VALUES: usize = 200;
/// Seed of the permutations, so that a series always has the same levels.
const SEED: u64 = 0x4c45_5645;

/// What values before the newest let one expect of it.
///
/// Source: Tukey, Exploratory Data Analysis, 1977, chapter 2; quartiles by linear interpolation, Hyndman and Fan, Sample
/// Quantiles in Statistical Packages, The American Statistician 50, 1996, definition 7.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fence {
    pub(super) median: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

impl Fence {
    pub(super) fn is_above(&self, value: f64) -> bool {
        value > self.upper && value - self.median > SMALLEST * self.median.abs()
    }

    pub(super) fn is_below(&self, value: f64) -> bool {
        value < self.lower && self.median - value > SMALLEST * self.median.abs()
    }
}

/// The fence of these values; none of fewer than [`FEWEST_BEFORE`].
pub(super) fn fence(before: &[f64]) -> Option<Fence> {
    if before.len() < FEWEST_BEFORE {
        return None;
    }
    let mut sorted = before.to_vec();
    sorted.sort_by(f64::total_cmp);
    let [first, median, third] = [0.25, 0.5, 0.75].map(|share| interpolated(&sorted, share));
    let beyond = OUTER * (third - first);
    Some(Fence { median, lower: first - beyond, upper: third + beyond })
}

/// The median; none of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    signed_rank::middle(&mut values.to_vec())
}

fn interpolated(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Values between two changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// Index of its first value.
    pub(super) from: usize,
    /// Median of its values.
    pub(super) median: f64,
}

/// The levels that a series went through, at least one where it has a value. A part of the series is divided where the
/// energy distance of its two sides is largest, if it is larger than in all but 1 % of random orders of that part, and
/// so on within the sides.
///
/// Source: Matteson and James, A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data, JASA
/// 109, 2014 (E-divisive, with exponent 1; here each part is tested by itself and the right side always ends with it), as
/// used on a history of benchmarks by Daly and others, The Use of Change Point Detection to Identify Software Performance
/// Regressions in a Continuous Integration System, ICPE 2020.
pub(super) fn levels(values: &[f64]) -> Vec<Level> {
    let skipped = values.len().saturating_sub(MOST_VALUES);
    let searched = &values[skipped..];
    // Noise of what is timed is relative, so that ratios count where there are any.
    let is_positive = searched.iter().all(|value| *value > 0.0);
    let scaled: Vec<f64> = searched.iter().map(|value| if is_positive { value.ln() } else { *value }).collect();
    let mut starts = vec![0];
    divide(&scaled, 0, &mut Random::new(SEED, 0), &mut starts);
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([searched.len()]);
    let level = |(from, to): (usize, usize)| Some(Level { from: from + skipped, median: median(&searched[from..to])? });
    starts.iter().copied().zip(ends).filter_map(level).collect()
}

/// Adds the starts of new levels within this part, which begins at `offset`.
fn divide(part: &[f64], offset: usize, random: &mut Random, starts: &mut Vec<usize>) {
    let Some((split, distance)) = widest(part) else { return };
    let mut shuffled = part.to_vec();
    let mut as_wide = || {
        random.shuffle(&mut shuffled);
        widest(&shuffled).is_some_and(|(_, other)| other >= distance)
    };
    // So many orders that are as wide are too many, whatever the others are.
    let too_many = (CHANCE * (PERMUTATIONS + 1) as f64) as usize;
    if (0..PERMUTATIONS).filter(|_| as_wide()).take(too_many).count() == too_many {
        return;
    }
    starts.push(offset + split);
    divide(&part[..split], offset, random, starts);
    divide(&part[split..], offset + split, random, starts);
}

/// Where the two sides of a part are furthest apart, and their energy distance, weighted by their sizes; none where the
/// part is too short for two levels.
///
/// For sides of n and m values it is nm/(n + m) · (2·mean|x − y| − mean|x − x′| − mean|y − y′|). Sums of distances follow
/// from those of the split before, so that all splits together take as many steps as there are pairs.
fn widest(part: &[f64]) -> Option<(usize, f64)> {
    if part.len() < 2 * SHORTEST_LEVEL {
        return None;
    }
    let (mut left, mut across) = (0.0, 0.0);
    let mut right: f64 = (0..part.len()).map(|end| distances(part[end], &part[..end])).sum();
    let mut widest = (0, f64::NEG_INFINITY);
    for split in 1..=part.len() - SHORTEST_LEVEL {
        let moved = part[split - 1];
        let (to_left, to_right) = (distances(moved, &part[..split - 1]), distances(moved, &part[split..]));
        left += to_left;
        right -= to_right;
        across += to_right - to_left;
        if split < SHORTEST_LEVEL {
            continue;
        }
        let (n, m) = (split as f64, (part.len() - split) as f64);
        let within = left / (n * (n - 1.0) / 2.0) + right / (m * (m - 1.0) / 2.0);
        let distance = n * m / (n + m) * (2.0 * across / (n * m) - within);
        if distance > widest.1 {
            widest = (split, distance);
        }
    }
    Some(widest)
}

fn distances(value: f64, others: &[f64]) -> f64 {
    others.iter().map(|other| (value - other).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64, values: usize, spread: f64) -> Vec<f64> {
        let mut random = Random::new(seed, 7);
        (0..values).map(|_| 100.0 * (spread * random.normal()).exp()).collect()
    }

    #[test]
    fn the_fence_is_tukeys() {
        // Quartiles of 1 to 9 by definition 7: 3, 5 and 7.
        let fence = fence(&[9., 1., 2., 3., 4., 5., 6., 7., 8.]).unwrap();
        assert_eq!((fence.median, fence.lower, fence.upper), (5.0, -9.0, 19.0));
        assert!(fence.is_above(19.1) && !fence.is_above(19.0) && fence.is_below(-9.1) && !fence.is_below(-9.0));
        assert_eq!(super::fence(&[1.0; 7]), None);
        let steady = super::fence(&[100.0; 8]).unwrap();
        assert!(steady.is_above(102.0) && !steady.is_above(100.5), "a hair is no finding");
    }

    #[test]
    fn energy_distance_is_what_its_formula_says() {
        let part = [1., 5., 2., 8., 3., 13., 11., 17., 12., 19., 14.];
        let mean = |a: &[f64], b: &[f64], pairs: f64| a.iter().map(|x| distances(*x, b)).sum::<f64>() / pairs;
        let by_hand = |split: usize| {
            let (x, y) = part.split_at(split);
            let (n, m) = (x.len() as f64, y.len() as f64);
            // Each pair of one side is met twice.
            let within = mean(x, x, n * (n - 1.0)) + mean(y, y, m * (m - 1.0));
            n * m / (n + m) * (2.0 * mean(x, y, n * m) - within)
        };
        let (split, distance) = widest(&part).unwrap();
        assert_eq!(split, 5);
        assert!((distance - by_hand(5)).abs() < 1e-9 && by_hand(6) < distance);
        assert_eq!(widest(&part[..9]), None);
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let mut values = noise(1, 40, 0.03);
        values[25..].iter_mut().for_each(|value| *value *= 1.15);
        let levels = levels(&values);
        assert_eq!(levels.len(), 2, "{levels:?}");
        assert!((24..=26).contains(&levels[1].from) && (levels[1].median / levels[0].median - 1.15).abs() < 0.04);
        let mut twice = noise(2, 60, 0.03);
        twice[20..40].iter_mut().for_each(|value| *value *= 1.3);
        assert_eq!(super::levels(&twice).len(), 3);
    }

    #[test]
    fn noise_has_one_level_nearly_always() {
        let changing = (0..100).filter(|seed| levels(&noise(1_000 + seed, 30, 0.1)).len() > 1).count();
        assert!(changing <= 5, "{changing} of 100");
        assert_eq!(levels(&[5.0; 30]).len(), 1, "what never differs never changes");
        assert_eq!(levels(&[0.0; 12]).len(), 1);
        assert_eq!(levels(&noise(1, 9, 0.1)).len(), 1, "too short for two levels");
        assert!(levels(&[]).is_empty());
    }

    #[test]
    fn one_outlier_is_no_level() {
        let mut values = noise(3, 40, 0.03);
        values[20] *= 3.0;
        assert_eq!(levels(&values).len(), 1);
    }

    #[test]
    fn old_values_are_left_out_of_a_long_search() {
        let mut values = noise(4, 260, 0.02);
        values[200..].iter_mut().for_each(|value| *value *= 1.2);
        let levels = levels(&values);
        assert_eq!((levels[0].from, levels[1].from), (60, 200));
    }
}
