//! How far a count of empty responses lies from what chance explains.
//!
//! The one formula and the one limit: a trial's check, the merged figures and the page all have theirs from here. Pure;
//! knows no approach.

use crate::{
    format,
    schema::{EmptyTheory, Responses},
};

/// Distance from theory that chance does not explain, in standard deviations.
pub const FAR_DEVIATIONS: f64 = 4.0;

/// What theory says of these; none where it speaks of no response, as of holds that no run is long enough for.
#[must_use]
pub fn expected(responses: &Responses) -> Option<EmptyTheory> {
    responses.empty_theory.filter(|theory| theory.responses > 0)
}

/// Distance of the count of empty responses from theory, in standard deviations; none where the theory speaks of no
/// response. A count is a whole number, so that half a response either way is no deviation.
#[must_use]
pub fn deviation(theory: &EmptyTheory) -> Option<f64> {
    let expected = theory.responses as f64 * theory.probability;
    let beyond = ((theory.observed as f64 - expected).abs() - 0.5).max(0.0);
    // Where nothing is left to chance, any deviation is one that chance does not explain.
    (theory.responses > 0).then(|| beyond / theory.standard_deviation.max(1e-9))
}

/// A distance from theory, and from where on it counts.
#[must_use]
pub fn in_words(deviations: f64) -> String {
    let far = format::significant(deviations);
    format!("{far} standard deviations from theory; chance explains up to {FAR_DEVIATIONS}")
}

/// How far a share of empty responses may lie off what it is of, by chance: by the theory's standard deviation, which
/// knows that clients of one symbol see the same events; where there is no theory, by that of a share of one half.
#[must_use]
pub fn chance(responses: &Responses) -> f64 {
    let deviation = match expected(responses) {
        Some(theory) => theory.standard_deviation / theory.responses as f64,
        None => 0.5 / (responses.total.max(1) as f64).sqrt(),
    };
    FAR_DEVIATIONS * deviation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_response_is_no_deviation() {
        let of = |observed, standard_deviation| {
            deviation(&EmptyTheory { responses: 100, observed, probability: 0.305, standard_deviation })
        };
        assert_eq!((of(30, 2.0), of(31, 2.0)), (Some(0.0), Some(0.0)));
        assert!((of(40, 2.0).unwrap() - 4.5).abs() < 1e-9 && (of(21, 2.0).unwrap() - 4.5).abs() < 1e-9);
        assert!(of(40, 0.0).unwrap() > FAR_DEVIATIONS);
        let none = EmptyTheory { responses: 0, observed: 0, probability: 0.5, standard_deviation: 0.0 };
        assert_eq!(deviation(&none), None);
    }
}
