//! The least shift that a number of pairs detects, resampled from pairs without a shift.

use results::statistics;

use crate::{random::Random, signed_rank};

/// Share of repetitions that should detect a shift.
pub const POWER: f64 = 0.8;

/// Least shifts that [`POWER`] of all repetitions detect, in the unit of the pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shifts {
    /// Least shift that is significant.
    pub significant: f64,
    /// Least shift that is significant and whose estimate is above the limit.
    pub above_limit: f64,
}

/// Returns the shifts that this many pairs detect, if they are as noisy as the control: the test is one-sided with an error of
/// at most `tail`. The control's pairs are centred on their estimate and resampled; each resample has a least shift that it
/// detects. Returns `None` if so few pairs are never significant, or without a control.
///
/// The least shift needs no search, by the duality of test and bound: see [`signed_rank::bounding_place`].
#[must_use]
pub fn from_control(
    control: &[f64],
    pairs: usize,
    tail: f64,
    limit: f64,
    resamples: usize,
    random: &mut Random,
) -> Option<Shifts> {
    let center = signed_rank::shift(control)?;
    let mut draw = || random.resample(control, pairs).into_iter().map(|drawn| drawn - center).collect();
    from_draws(&mut draw, signed_rank::bounding_place(pairs, tail)?, limit, resamples)
}

/// Returns the shifts that draws of pairs detect, by the place of the bound that must be above 0.
#[must_use]
pub fn from_draws(draw: &mut dyn FnMut() -> Vec<f64>, place: usize, limit: f64, draws: usize) -> Option<Shifts> {
    let (mut significant, mut above_limit) = (Vec::with_capacity(draws), Vec::with_capacity(draws));
    for _ in 0..draws {
        let mut averages = signed_rank::walsh_averages(&draw());
        let least = -*averages.select_nth_unstable_by(place - 1, f64::total_cmp).1;
        let beyond = limit - signed_rank::middle(&mut averages)?;
        significant.push(least);
        above_limit.push(least.max(beyond));
    }
    let of_power = |mut shifts: Vec<f64>| {
        shifts.sort_by(f64::total_cmp);
        statistics::nearest_rank(&shifts, POWER)
    };
    Some(Shifts { significant: of_power(significant)?, above_limit: of_power(above_limit)? })
}
