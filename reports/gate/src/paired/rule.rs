//! The rule: when pairs show a regression, when they exclude one, and which shifts they can detect. Pure functions of
//! logarithms of ratios.

use serde::{Deserialize, Serialize};
pub use stats::detectable::POWER;
use stats::{
    detectable::{self, Shifts},
    random::Random,
    signed_rank,
};

/// Largest adjusted p-value at which a regression is shown.
pub const LEVEL: f64 = 0.01;
/// One-sided error of the bound that must stay below the tolerated regression.
pub const TAIL: f64 = 0.05;
/// Largest number of blocks that the gate advises.
pub const MOST_BLOCKS: usize = 64;

/// Resamples behind a detectable effect.
const RESAMPLES: usize = 1_000;
/// Resamples per tried number of blocks.
const RESAMPLES_OF_A_TRY: usize = 400;

/// The estimated shift, as the logarithm of a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Pairs.
    pub pairs: usize,
    /// Hodges–Lehmann estimate.
    pub shift: f64,
    /// 90 % interval. Each end is a one-sided 95 % bound. `None` with fewer than five pairs.
    pub interval: Option<[f64; 2]>,
    /// Exact one-sided p-value for a shift above 0.
    pub p: f64,
    /// The p-value after Holm's adjustment over all tests of the session.
    pub adjusted_p: f64,
}

/// The decision of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The shift is significant and above the tolerance.
    Regression,
    /// The shift is below the tolerance, with 95 % confidence.
    Within,
    /// Neither.
    Open,
}

impl Estimate {
    /// Applies the rule with a tolerance, given as a logarithm.
    #[must_use]
    pub fn decide(&self, limit: f64) -> Decision {
        if self.adjusted_p <= LEVEL && self.shift > limit {
            return Decision::Regression;
        }
        match self.interval {
            Some([_, upper]) if upper < limit => Decision::Within,
            _ => Decision::Open,
        }
    }
}

/// Estimates the shifts of all tests of a session, with adjusted p-values.
#[must_use]
pub(super) fn estimates(tests: &[Vec<f64>]) -> Vec<Estimate> {
    let p_values: Vec<f64> = tests.iter().map(|differences| signed_rank::p_value(differences)).collect();
    let adjusted = signed_rank::holm(&p_values);
    let all = tests.iter().zip(p_values.into_iter().zip(adjusted));
    all.map(|(differences, (p, adjusted_p))| Estimate {
        pairs: differences.len(),
        shift: signed_rank::shift(differences).unwrap_or(f64::NAN),
        interval: signed_rank::bounds(differences, TAIL),
        p,
        adjusted_p,
    })
    .collect()
}

/// Returns for each test whether it shows a regression above its limit.
#[must_use]
pub(super) fn regressions(tests: &[Vec<f64>], limits: &[f64]) -> Vec<bool> {
    estimates(tests)
        .iter()
        .zip(limits)
        .map(|(estimate, limit)| estimate.decide(*limit) == Decision::Regression)
        .collect()
}

/// Negates the differences, to test the other direction.
#[must_use]
pub(super) fn reversed(differences: &[f64]) -> Vec<f64> {
    differences.iter().map(|difference| -difference).collect()
}

/// Least shifts that [`POWER`] of all sessions detect, as logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detectable {
    /// Least shift that is significant.
    pub shown: f64,
    /// Least shift that fails: its estimate is also above the tolerance. It is always larger, because the estimate of a shift
    /// that equals the tolerance is above it in only half of all cases.
    pub failed: f64,
}

impl From<Shifts> for Detectable {
    fn from(shifts: Shifts) -> Self {
        Self { shown: shifts.significant, failed: shifts.above_limit }
    }
}

/// Returns the shifts that sessions with this many blocks and tests detect, if they are as noisy as the control. Returns `None`
/// if so few pairs cannot be significant in Holm's first step, or without a control.
pub(crate) fn detectable(
    control: &[f64],
    blocks: usize,
    tests: usize,
    limit: f64,
    random: &mut Random,
) -> Option<Detectable> {
    resampled(control, blocks, tests, limit, random, RESAMPLES)
}

fn resampled(
    control: &[f64],
    blocks: usize,
    tests: usize,
    limit: f64,
    random: &mut Random,
    resamples: usize,
) -> Option<Detectable> {
    detectable::from_control(control, blocks, LEVEL / tests as f64, limit, resamples, random).map(Detectable::from)
}

/// Returns whether such sessions detect a shift that equals the tolerance. Agrees with [`detectable`] on the same resamples, but
/// stops as soon as the answer is certain.
pub(super) fn is_seen(control: &[f64], blocks: usize, tests: usize, limit: f64, random: &mut Random) -> bool {
    let (Some(center), Some(place)) = (signed_rank::shift(control), bounding_place(blocks, tests)) else {
        return false;
    };
    let centered: Vec<f64> = control.iter().map(|difference| difference - center).collect();
    let enough = (POWER * RESAMPLES as f64).ceil() as usize;
    let mut shown = 0;
    for draws in 1..=RESAMPLES {
        let mut drawn = random.resample(&centered, blocks);
        drawn.sort_unstable_by(f64::total_cmp);
        // With so few averages below 0, the bound of the shifted resample is not below 0.
        shown += usize::from(averages_below(&drawn, -limit, place) < place);
        if shown >= enough || draws - shown > RESAMPLES - enough {
            break;
        }
    }
    shown >= enough
}

/// Counts the Walsh averages of sorted values that are below a limit, up to `enough`. It does not compute all of them: the
/// partners of a larger value are the first ones of a smaller value.
fn averages_below(sorted: &[f64], limit: f64, enough: usize) -> usize {
    let (mut below, mut partners) = (0, sorted.len());
    for (first, value) in sorted.iter().enumerate() {
        while partners > first && f64::midpoint(*value, sorted[partners - 1]) >= limit {
            partners -= 1;
        }
        if partners <= first || below >= enough {
            break;
        }
        below += partners - first;
    }
    below
}

/// Returns the least significant shift of normal pairs with a standard deviation of 1, regardless of a tolerance.
pub(crate) fn shown_of_normal(blocks: usize, tests: usize, random: &mut Random) -> Option<f64> {
    let mut draw = || (0..blocks).map(|_| random.normal()).collect();
    let place = bounding_place(blocks, tests)?;
    detectable::from_draws(&mut draw, place, 0.0, RESAMPLES).map(|shifts| shifts.significant)
}

/// Returns the rank of the bound that is above 0 when Holm's first step is significant.
fn bounding_place(blocks: usize, tests: usize) -> Option<usize> {
    signed_rank::bounding_place(blocks, LEVEL / tests as f64)
}

/// Returns how many blocks, more than the session had, detect a shift that equals the tolerance. Returns `None` if
/// [`MOST_BLOCKS`] are not enough.
pub(crate) fn blocks_to_see(
    control: &[f64],
    had: usize,
    tests: usize,
    limit: f64,
    random: &mut Random,
) -> Option<usize> {
    fewest(least(had, tests), |blocks| {
        resampled(control, blocks, tests, limit, random, RESAMPLES_OF_A_TRY)
            .is_some_and(|detectable| detectable.shown <= limit)
    })
}

/// Returns how many blocks, more than the session had, decide in [`POWER`] of all sessions. Returns `None` if [`MOST_BLOCKS`]
/// are not enough, for example if the shift is close to the tolerance.
pub(crate) fn blocks_to_decide(
    differences: &[f64],
    had: usize,
    tests: usize,
    limit: f64,
    random: &mut Random,
) -> Option<usize> {
    if differences.is_empty() {
        return None;
    }
    fewest(least(had, tests), |blocks| {
        let decided =
            (0..RESAMPLES_OF_A_TRY).filter(|_| is_decided(&random.resample(differences, blocks), tests, limit));
        decided.count() as f64 >= POWER * RESAMPLES_OF_A_TRY as f64
    })
}

fn is_decided(differences: &[f64], tests: usize, limit: f64) -> bool {
    let mut averages = signed_rank::walsh_averages(differences);
    let mut smallest = |place: usize| *averages.select_nth_unstable_by(place, f64::total_cmp).1;
    let pairs = differences.len();
    let lower = bounding_place(pairs, tests).map(|place| smallest(place - 1));
    let last = pairs * (pairs + 1) / 2;
    let upper = signed_rank::bounding_place(pairs, TAIL).map(|place| smallest(last - place));
    let is_within = upper.is_some_and(|upper| upper < limit);
    let is_regression = lower.is_some_and(|lower| lower > 0.0)
        && signed_rank::middle(&mut averages).is_some_and(|middle| middle > limit);
    is_within || is_regression
}

/// Returns the least number of blocks to advise. It is more than the session had, even if the estimated noise says that those
/// should have been enough.
fn least(had: usize, tests: usize) -> usize {
    signed_rank::fewest_pairs(tests, LEVEL).max(had + 1)
}

/// Finds the least number from `least` to [`MOST_BLOCKS`] that is enough, by bisection.
fn fewest(least: usize, mut is_enough: impl FnMut(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (least, MOST_BLOCKS);
    if low > high || !is_enough(high) {
        return None;
    }
    while low < high {
        let middle = low.midpoint(high);
        if is_enough(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: f64 = 0.095_310_179_804_324_87; // ln 1.1

    /// Returns the pairs of each test in one session. They are normal with this spread, and those of the first test are
    /// shifted.
    fn session(random: &mut Random, tests: usize, pairs: usize, spread: f64, shift: f64) -> Vec<Vec<f64>> {
        (0..tests)
            .map(|test| {
                let shift = if test == 0 { shift } else { 0.0 };
                (0..pairs).map(|_| shift + spread * random.normal()).collect()
            })
            .collect()
    }

    #[test]
    fn equal_builds_fail_in_at_most_one_session_of_a_hundred() {
        let mut random = Random::new(1, 0);
        // With the larger noise the estimate often exceeds the tolerance, so only the significance test limits
        // failures.
        for spread in [0.05, 0.8] {
            let failing = |_: &i32| regressions(&session(&mut random, 8, 16, spread, 0.0), &[LIMIT; 8]).contains(&true);
            let failures = (0..2_000).filter(failing).count();
            assert!(failures <= 28, "{failures} of 2,000 at {spread}: 20 are expected at most, 28 are unlikely");
        }
        // A slowdown of half the tolerance is a difference, but not a regression.
        let tolerated =
            (0..200).filter(|_| regressions(&session(&mut random, 1, 16, 0.05, 0.5 * LIMIT), &[LIMIT]).contains(&true));
        assert_eq!(tolerated.count(), 0);
    }

    #[test]
    fn finds_a_slowdown_of_thirty_percent() {
        let mut random = Random::new(2, 0);
        let mut share = |tests, pairs, spread, factor: f64| {
            let mut found = |_: &i32| {
                regressions(&session(&mut random, tests, pairs, spread, factor.ln()), &[LIMIT; 36]).contains(&true)
            };
            f64::from((0..200).filter(|of| found(of)).count() as u32) / 200.0
        };
        assert!(share(12, 16, 0.1, 1.3) >= 0.9);
        assert!(share(36, 24, 0.1, 1.3) >= 0.9);
        assert!(share(12, 16, 0.08, 1.2) >= 0.8);
        assert!(share(12, 16, 0.5, 1.3) < 0.8, "large noise hides the slowdown");
    }

    #[test]
    fn the_rule_has_three_answers() {
        let mut random = Random::new(3, 0);
        let mut says =
            |spread, factor: f64| estimates(&session(&mut random, 2, 16, spread, factor.ln()))[0].decide(LIMIT);
        assert_eq!(says(0.03, 1.3), Decision::Regression);
        assert_eq!(says(0.03, 1.0), Decision::Within);
        assert_eq!(says(0.6, 1.1), Decision::Open);
        let few = estimates(&[vec![0.5, 0.5, 0.5]]);
        assert_eq!((few[0].interval, few[0].decide(LIMIT)), (None, Decision::Open), "three pairs show nothing");
        let none = estimates(&[Vec::new()]);
        assert_eq!((none[0].p, none[0].decide(LIMIT)), (1.0, Decision::Open));
    }

    #[test]
    fn the_detectable_change_is_detected() {
        let mut random = Random::new(4, 0);
        let control = session(&mut random, 1, 40, 0.1, 0.03).remove(0);
        let detectable = detectable(&control, 16, 12, LIMIT, &mut random).unwrap();
        let center = signed_rank::shift(&control).unwrap();
        // Applies the rule (Holm's first step) to resamples with this shift.
        let mut found = |shift: f64, beyond: f64| {
            let mut is_found = |_: &i32| {
                let mut drawn = random.resample(&control, 16);
                // Resampling draws ties, which measurements do not have.
                drawn.iter_mut().for_each(|it| *it += shift - center + 1e-9 * random.uniform());
                let estimate = estimates(&[drawn])[0];
                estimate.p * 12.0 <= LEVEL && estimate.shift > beyond
            };
            f64::from((0..1_000).filter(|of| is_found(of)).count() as u32) / 1_000.0
        };
        let shown = found(detectable.shown, f64::NEG_INFINITY);
        let failed = found(detectable.failed, LIMIT);
        assert!((0.76..0.84).contains(&shown) && (0.76..0.84).contains(&failed), "{shown} {failed}");
        assert!(detectable.failed > detectable.shown.max(LIMIT));
    }

    #[test]
    fn a_limit_is_seen_iff_the_detectable_change_is_below_it() {
        let mut random = Random::new(7, 0);
        for place in 0..40_u32 {
            let control = session(&mut random, 1, 16, 0.05 + 0.005 * f64::from(place), 0.02).remove(0);
            let [mut one, mut other] = [0, 0].map(|purpose| Random::new(u64::from(place), purpose));
            let shown = detectable(&control, 16, 2, LIMIT, &mut one).unwrap().shown;
            assert_eq!(is_seen(&control, 16, 2, LIMIT, &mut other), shown <= LIMIT, "{shown}");
        }
        assert!(!is_seen(&[0.0; 16], 10, 12, LIMIT, &mut random), "ten pairs show nothing among twelve tests");
        assert!(!is_seen(&[], 16, 2, LIMIT, &mut random));
    }

    #[test]
    fn counts_walsh_averages_without_building_them() {
        let mut random = Random::new(8, 0);
        for _ in 0..40 {
            let mut values = session(&mut random, 1, 9, 0.1, 0.0).remove(0);
            let averages = signed_rank::walsh_averages(&values);
            values.sort_by(f64::total_cmp);
            for limit in [-1.0, -0.1, 0.0, values[3], 0.1, 1.0] {
                let below = averages.iter().filter(|average| **average < limit).count();
                assert_eq!(averages_below(&values, limit, usize::MAX), below, "{limit}");
            }
        }
        assert_eq!(averages_below(&[], 0.0, 1), 0);
    }

    #[test]
    fn more_blocks_detect_smaller_changes() {
        let mut random = Random::new(5, 0);
        let control = session(&mut random, 1, 16, 0.13, 0.0).remove(0);
        let mut shown = |blocks| detectable(&control, blocks, 12, LIMIT, &mut random).map(|it| it.shown);
        let [few, many] = [12, 48].map(|blocks| shown(blocks).unwrap());
        assert!(many < few);
        assert_eq!(shown(10), None, "ten pairs cannot be significant among twelve tests");
        let needed = blocks_to_see(&control, 16, 12, LIMIT, &mut random).unwrap();
        assert!((17..=48).contains(&needed), "{needed}");
        let noise = session(&mut random, 1, 16, 1.0, 0.0).remove(0);
        assert_eq!(blocks_to_see(&noise, 16, 12, LIMIT, &mut random), None);
    }

    #[test]
    fn advises_only_one_more_block_if_noise_is_small() {
        let mut random = Random::new(7, 0);
        // With this little noise the fewest pairs suffice, so the advice must not ask for a session that is as long as
        // the noisy one.
        let quiet = session(&mut random, 1, 16, 0.001, 0.0).remove(0);
        for had in [16, 20, MOST_BLOCKS - 1] {
            assert_eq!(blocks_to_see(&quiet, had, 12, LIMIT, &mut random), Some(had + 1));
            assert_eq!(blocks_to_decide(&quiet, had, 12, LIMIT, &mut random), Some(had + 1));
        }
        assert_eq!(blocks_to_see(&quiet, MOST_BLOCKS, 12, LIMIT, &mut random), None);
    }

    #[test]
    fn an_open_verdict_names_more_blocks() {
        let mut random = Random::new(6, 0);
        let mut open = session(&mut random, 1, 16, 0.2, 0.0).remove(0);
        let center = signed_rank::shift(&open).unwrap();
        open.iter_mut().for_each(|difference| *difference -= center);
        let needed = blocks_to_decide(&open, 16, 12, LIMIT, &mut random);
        assert!(needed.is_some_and(|blocks| (17..=64).contains(&blocks)), "{needed:?}");
        let mut about: Vec<f64> = session(&mut random, 1, 16, 0.2, 0.0).remove(0);
        let center = signed_rank::shift(&about).unwrap();
        about.iter_mut().for_each(|difference| *difference += LIMIT - center);
        assert_eq!(
            blocks_to_decide(&about, 16, 12, LIMIT, &mut random),
            None,
            "about what is tolerated is never decided"
        );
        assert_eq!(blocks_to_decide(&[], 0, 12, LIMIT, &mut random), None);
    }
}
