//! Numbers as people type them: `20000`, `20_000`, `20k`, `1.5k`, `1e6`, `2M`, `64KiB`.

use toml::Value;

/// What a number may look like, for messages.
pub(crate) const FORMS: &str = "20000, 20_000, 20k or 2e4";

/// Suffixes, each with the power of ten and the power of two that it stands for.
const SUFFIXES: [(&str, i32, i32); 7] =
    [("Ki", 0, 10), ("Mi", 0, 20), ("Gi", 0, 30), ("k", 3, 0), ("K", 3, 0), ("M", 6, 0), ("G", 9, 0)];

/// Reads a number; a whole number becomes an integer. Returns `None` if the text is not a number.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    let (digits, ten, two) = without_suffix(text);
    let plain = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let is_number = plain.starts_with(|first: char| first.is_ascii_digit())
        && plain.ends_with(|last: char| last.is_ascii_digit())
        && !plain.contains("__")
        && plain.chars().all(|one| one.is_ascii_digit() || "_.eE+-".contains(one));
    if !is_number {
        return None;
    }
    let digits = digits.replace('_', "");
    if let (Ok(exact), 0, 0) = (digits.parse::<i64>(), ten, two) {
        return Some(Value::Integer(exact));
    }
    // The suffix is added to the exponent, so that 1.1k is 1100 to the last bit.
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((&digits, "0"));
    let exponent = exponent.parse::<i32>().ok()?.saturating_add(ten);
    let number = format!("{mantissa}e{exponent}").parse::<f64>().ok()? * f64::from(two).exp2();
    Some(whole(number).map_or(Value::Float(number), Value::Integer))
}

/// Reads a count of at least 1 from the command line.
///
/// # Errors
/// What was expected.
pub fn count(text: &str) -> Result<u32, String> {
    from(1, text)
}

/// Reads an amount from the command line, which may be 0.
///
/// # Errors
/// What was expected.
pub fn amount(text: &str) -> Result<u32, String> {
    from(0, text)
}

/// Reads a number from the command line that need not be whole.
///
/// # Errors
/// What was expected.
pub fn decimal(text: &str) -> Result<f64, String> {
    match parse(text) {
        Some(Value::Integer(number)) => Ok(number as f64),
        Some(Value::Float(number)) => Ok(number),
        _ => text.parse().map_err(|_| format!("expected a number such as 0.25, {FORMS}")),
    }
}

fn from(least: u32, text: &str) -> Result<u32, String> {
    let number = match parse(text) {
        Some(Value::Integer(number)) => u32::try_from(number).ok().filter(|number| *number >= least),
        _ => None,
    };
    number.ok_or_else(|| format!("expected a whole number from {least} to {}, such as {FORMS}", u32::MAX))
}

/// Returns a float as a whole number, or `None` if it is not one, or too large to be exact.
pub(crate) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn without_suffix(text: &str) -> (&str, i32, i32) {
    // A byte is the unit anyway: 64KiB and 64Ki are the same.
    let bare = text.strip_suffix('B').filter(|bare| bare.ends_with(['i', 'k', 'K', 'M', 'G'])).unwrap_or(text);
    SUFFIXES
        .iter()
        .find_map(|(suffix, ten, two)| bare.strip_suffix(suffix).map(|digits| (digits, *ten, *two)))
        .unwrap_or((text, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_numbers_as_people_type_them() {
        let whole = [
            ("20000", 20_000),
            ("20_000", 20_000),
            ("20k", 20_000),
            ("20K", 20_000),
            ("1.5k", 1_500),
            ("1.1k", 1_100),
            ("1e6", 1_000_000),
            ("2E4", 20_000),
            ("1.5e+3", 1_500),
            ("2M", 2_000_000),
            ("1G", 1_000_000_000),
            ("64KiB", 65_536),
            ("64kB", 64_000),
            ("1Mi", 1_048_576),
            ("+5", 5),
            ("-3", -3),
            (" 7 ", 7),
            ("9223372036854775807", i64::MAX),
        ];
        for (text, number) in whole {
            assert_eq!(parse(text), Some(Value::Integer(number)), "{text}");
        }
        for (text, number) in
            [("0.5", 0.5), ("2.5e-1", 0.25), ("1e300", 1e300), ("18446744073709551616", 2f64.powi(64))]
        {
            assert_eq!(parse(text), Some(Value::Float(number)), "{text}");
        }
        for text in [
            "", "k", "abc", "100,000", "1 000", "inf", "nan", "0x10", "1__0", "_1", "1_", "1s", "5m", "1e", "--5",
            "1.", "٣",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_error_of_a_count_names_what_is_expected() {
        assert_eq!(count("20k"), Ok(20_000));
        for wrong in ["0", "-1", "1.5", "4294967296", "many"] {
            assert!(count(wrong).unwrap_err().contains("from 1 to 4294967295, such as 20000"), "{wrong}");
        }
    }
}
