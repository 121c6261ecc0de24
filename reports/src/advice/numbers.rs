//! Formats numbers to the accuracy of the model.

use results::format;

/// Formats a rate, also below a thousandth.
pub(super) fn rate(rate: f64) -> String {
    if rate < 0.001 { format!("{rate:e}") } else { format::plain(rate) }
}

/// Rounds a threshold to the accuracy of the model.
pub(super) fn two_digits(value: f64) -> String {
    if value <= 0.0 {
        return "0".to_owned();
    }
    let scale = 10f64.powi(value.log10().floor() as i32 - 1);
    let rounded = (value / scale).round() * scale;
    if rounded < 0.001 { format!("{rounded:.1e}") } else { format::tick(&format::plain((rounded * 1e6).round() / 1e6)) }
}

/// Formats a number as it may have been typed: very large and very small ones with an exponent.
pub(super) fn typed(value: f64) -> String {
    if value == 0.0 || (1e-4..1e12).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_has_two_digits() {
        let values = [0.0, 0.000_123, 0.0123, 3.16, 99.6, 123.0, 98_765.0];
        assert_eq!(values.map(two_digits), ["0", "1.2e-4", "0.012", "3.2", "100", "120", "99,000"]);
    }
}
