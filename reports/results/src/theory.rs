//! Compares the number of empty responses with theory. The check of a trial, merged figures and the page use this formula and
//! limit.

use crate::{
    format,
    schema::{EmptyTheory, Responses},
};

/// Smallest deviation that chance does not explain, in standard deviations.
pub const FAR_DEVIATIONS: f64 = 4.0;

/// Returns the theory of these responses. Returns `None` if it covers none, for example if holds are longer than the
/// run.
#[must_use]
pub fn expected(responses: &Responses) -> Option<EmptyTheory> {
    responses.empty_theory.filter(|theory| theory.responses > 0)
}

/// Returns the deviation of the number of empty responses from theory, in standard deviations. Returns `None` if
/// theory covers no response. Half a response in either direction does not count, because the number is an integer.
#[must_use]
pub fn deviation(theory: &EmptyTheory) -> Option<f64> {
    let expected = theory.responses as f64 * theory.probability;
    let beyond = ((theory.observed as f64 - expected).abs() - 0.5).max(0.0);
    // If nothing is left to chance, chance does not explain any deviation.
    (theory.responses > 0).then(|| beyond / theory.standard_deviation.max(1e-9))
}

/// A deviation from theory, with its limit.
#[must_use]
pub fn in_words(deviations: f64) -> String {
    let far = format::significant(deviations);
    format!("{far} standard deviations from theory; chance explains up to {FAR_DEVIATIONS}")
}

/// Returns how far a share of empty responses may deviate by chance: from the theory's standard deviation, which
/// respects that clients of one symbol see the same events, or without a theory from that of a share of one half.
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
    fn half_a_response_is_not_a_deviation() {
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
