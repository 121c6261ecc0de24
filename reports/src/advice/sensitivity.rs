//! What would change the answer: each input alone is varied until the recommendation changes clearly.

use serde::Serialize;

use super::{
    front::{Best, best},
    model::Models,
    need::{CONDITIONS, Need, QUANTITIES, Quantity},
};

/// Step of the scan, as a factor: the twentieth root of 10.
pub(super) const STEP: f64 = 1.122_018_454_301_963_3;
/// Steps in each direction: a factor of ten thousand.
pub(super) const STEPS: usize = 80;
/// Number of bisections of the step in which the answer changes.
pub(super) const HALVINGS: usize = 12;
/// Start of the scan for an input that is 0.
pub(super) const FROM: f64 = 8.0;

/// The round numbers of a decade.
const ROUND: [f64; 9] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];

/// A change of one input that changes the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// The input in words.
    pub input: &'static str,
    /// A round value, near the one at which the answer changes, with which it is another. `None` for a yes-or-no input.
    pub value: Option<f64>,
    /// Whether the answer changes above or below it. `None` for a yes-or-no input.
    pub above: Option<bool>,
    /// The new recommendation. `None` if nothing remains.
    pub instead: Option<String>,
}

/// Varies each input in both directions, or inverts it.
pub(super) fn scan(models: &Models, need: &Need) -> Vec<Sensitivity> {
    let now = best(models, need).first;
    let name = |index: Option<usize>| index.map(|index| models.models[index].name.clone());
    let mut found = Vec::new();
    for quantity in &QUANTITIES {
        for above in [false, true] {
            if let Some((value, then)) = scanned(models, need, quantity, above, now) {
                let (value, above) = (Some(value), Some(above));
                found.push(Sensitivity { input: quantity.name, value, above, instead: name(then) });
            }
        }
    }
    for condition in &CONDITIONS {
        let mut turned = *need;
        let value = !(condition.get)(need);
        (condition.set)(&mut turned, value);
        let then = best(models, &turned);
        if !holds(&then, now) {
            let input = if value { condition.yes } else { condition.no };
            found.push(Sensitivity { input, value: None, above: None, instead: name(then.first) });
        }
    }
    found
}

/// Returns whether the recommendation is still first or counts as equal.
fn holds(then: &Best, now: Option<usize>) -> bool {
    now.map_or(then.first.is_none(), |now| then.close.contains(&now))
}

/// Returns the nearest value at which the answer changes, and the new answer.
fn scanned(
    models: &Models,
    need: &Need,
    quantity: &Quantity,
    above: bool,
    now: Option<usize>,
) -> Option<(f64, Option<usize>)> {
    let [least, most] = quantity.limits;
    let at = |value: f64| {
        let mut changed = *need;
        (quantity.set)(&mut changed, value);
        best(models, &changed)
    };
    let mut same = (quantity.get)(need);
    for _ in 0..STEPS {
        let next = if above { (same * STEP).max(if same == 0.0 { FROM } else { 0.0 }) } else { same / STEP };
        if !(least..=most).contains(&next) || next == same {
            return None;
        }
        let then = at(next);
        if holds(&then, now) {
            same = next;
            continue;
        }
        let (mut same, mut other, mut instead) = (same, next, then.first);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(same, other);
            let then = at(middle);
            if holds(&then, now) {
                same = middle;
            } else {
                (other, instead) = (middle, then.first);
            }
        }
        // The model is not so exact that another digit would mean something.
        let round = rounded(other, above);
        let then = at(round);
        let is_changed = (least..=most).contains(&round) && !holds(&then, now);
        return Some(if is_changed { (round, then.first) } else { (other, instead) });
    }
    None
}

/// Returns the round number nearest to a value, not below it if `above`, and not above it otherwise.
fn rounded(value: f64, above: bool) -> f64 {
    let decade = 10f64.powi(value.log10().floor() as i32);
    let digits = value / decade;
    let round = if above {
        ROUND.into_iter().find(|round| *round >= digits - 1e-9)
    } else {
        ROUND.into_iter().rev().find(|round| *round <= digits + 1e-9)
    };
    round.unwrap_or(digits) * decade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_away_from_the_need() {
        for (value, above, round) in [
            (1_987.3, true, 2_000.0),
            (1_987.3, false, 1_500.0),
            (0.0123, true, 0.015),
            (0.95, true, 1.0),
            (3.0, false, 3.0),
        ] {
            assert!((rounded(value, above) / round - 1.0).abs() < 1e-9, "{value} to {}", rounded(value, above));
        }
    }
}
