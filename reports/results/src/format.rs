//! Formats numbers: three significant digits, a suitable unit, and the same text on every machine.

/// Stands for a missing number.
pub const NONE: &str = "–";

/// Width of a terminal, in columns. Only tables with long names are wider.
pub const WIDTH: usize = 120;

/// Formats a duration in nanoseconds.
#[must_use]
pub fn duration(nanoseconds: u64) -> String {
    scaled(nanoseconds as f64, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")])
}

/// Formats a size in bytes. A KB is 1,000 bytes.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, &[(1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")])
}

/// Formats CPU time in microseconds.
#[must_use]
pub fn processor_time(microseconds: f64) -> String {
    scaled(microseconds, &[(1e6, "s"), (1e3, "ms"), (1.0, "µs")])
}

/// Formats a number with three significant digits, without exponent, without decimals from 100 on, and with at most
/// three.
#[must_use]
pub fn significant(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude > 0.0 && magnitude < 0.0005 {
        return if value > 0.0 { "<0.001" } else { ">-0.001" }.to_owned();
    }
    let decimals = match magnitude {
        m if m >= 99.95 => 0,
        m if m >= 9.995 => 1,
        m if m >= 0.9995 || m == 0.0 => 2,
        _ => 3,
    };
    let text = if magnitude == 0.0 { "0".to_owned() } else { format!("{value:.decimals$}") };
    if magnitude >= 999.5 { grouped(&text) } else { text }
}

/// Formats a share as a percentage.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent == 100.0 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// Removes trailing zeros, for a value on an axis.
#[must_use]
pub fn tick(text: &str) -> String {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}").trim_end().to_owned()
}

/// Formats an exact count.
#[must_use]
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// Formats a number from the user: exact if it is an integer.
#[must_use]
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { count(value as u64) } else { significant(value) }
}

/// Formats a count, shortened from a hundred thousand on.
#[must_use]
pub fn short_count(count: u64) -> String {
    match count {
        0..100_000 => self::count(count),
        100_000..1_000_000_000 => format!("{}M", significant(count as f64 / 1e6)),
        _ => format!("{}G", significant(count as f64 / 1e9)),
    }
}

/// Formats a number, or a dash for `None`.
#[must_use]
pub fn or_none<T>(value: Option<T>, format: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), format)
}

/// Formats a whole number as it is, and any other with three significant digits.
#[must_use]
pub fn whole_or_significant(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 { plain(value.round()) } else { significant(value) }
}

/// Formats two durations, with one unit if both have the same.
#[must_use]
pub fn range([least, most]: [u64; 2]) -> String {
    let [low, high] = [least, most].map(duration);
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((_, unit)), Some((_, other))) if unit != other => format!("{low} to {high}"),
        (Some((number, _)), _) => format!("{number} to {high}"),
        (None, _) => high,
    }
}

/// Formats an interval of a ratio.
#[must_use]
pub fn ratios([least, most]: [f64; 2]) -> String {
    format!("{}–{}", significant(least), significant(most))
}

/// Maximum number of listed names.
pub const LISTED: usize = 20;

/// Joins names with commas. Of many, lists the first and counts the rest.
#[must_use]
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let first: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(LISTED) {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), count(more as u64)),
    }
}

/// Wraps text at spaces to lines of at most this many characters. The first line begins with `first`, the others with
/// `rest`. A longer word gets its own line.
#[must_use]
pub fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => *line += &format!(" {word}"),
            Some(_) => lines.push(format!("{rest}{word}")),
            None => lines.push(format!("{first}{word}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Formats a value in the largest unit in which it is at least 1 after rounding, or in the smallest unit.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fitting = units.iter().find(|(size, _)| value.abs() >= size * 0.9995);
    let (size, unit) = fitting.or(units.last()).expect("there is a unit");
    format!("{} {unit}", significant(value / size))
}

/// Aligns rows of cells: names to the left, numbers to the right, with a rule below the headings, which come first.
/// Columns are separated by two spaces, or by one if the text would be too wide.
#[must_use]
pub fn aligned<const COLUMNS: usize>(lines: &[[String; COLUMNS]], headings: usize, width: usize) -> String {
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|column| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0));
    let cells_wide: usize = widths.iter().sum();
    let between = COLUMNS - 1;
    let gap = if cells_wide + 2 * between > width { 1 } else { 2 };
    let mut text = String::new();
    for (index, cells) in lines.iter().enumerate() {
        let padded: Vec<String> = (0..COLUMNS)
            .map(|column| {
                let (cell, width) = (&cells[column], widths[column]);
                if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            })
            .collect();
        text += &format!("{}\n", padded.join(&" ".repeat(gap)).trim_end());
        if index + 1 == headings {
            text += &format!("{}\n", "─".repeat(cells_wide + gap * between));
        }
    }
    text
}

/// Groups digits by three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_change_where_three_digits_round_up() {
        let durations = [0, 999, 1_000, 412_345, 999_499, 999_500, 1_234_567, 500_000_000, 1_002_438_655];
        let texts = ["0 ns", "999 ns", "1.00 µs", "412 µs", "999 µs", "1.00 ms", "1.23 ms", "500 ms", "1.00 s"];
        assert_eq!(durations.map(duration), texts);
    }

    #[test]
    fn an_interval_of_a_ratio_has_two_bounds() {
        assert_eq!([ratios([0.976, 1.244]), ratios([3_700.0, 3_950.0])], ["0.976–1.24", "3,700–3,950"]);
    }

    #[test]
    fn a_range_has_its_unit_once() {
        assert_eq!(range([398_000, 431_000]), "398 to 431 µs");
        assert_eq!(range([398_000, 1_431_000]), "398 µs to 1.43 ms");
    }

    #[test]
    fn long_texts_are_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 9, "", "  "), "one two\n  three\n");
        assert_eq!(wrapped("one incomprehensible", 9, "  ", "    "), "  one\n    incomprehensible\n");
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(
            [0.0, 44.25, 980.0, 1_530.0, 2_360_000.0].map(bytes),
            ["0 B", "44.2 B", "980 B", "1.53 KB", "2.36 MB"]
        );
    }

    #[test]
    fn prints_at_least_three_digits() {
        let values = [0.0, 0.000_4, 0.123_45, 1.0, 9.994, 9.996, 99.94, 99.96, 1234.5, 1_234_567.0];
        let texts = ["0", "<0.001", "0.123", "1.00", "9.99", "10.0", "99.9", "100", "1,234", "1,234,567"];
        assert_eq!(values.map(significant), texts);
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!(
            ["1.00 KB", "20.0 µs", "100 ms", "0.500", "0 %"].map(tick),
            ["1 KB", "20 µs", "100 ms", "0.5", "0 %"]
        );
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([99_999, 100_000, 7_500_000].map(short_count), ["99,999", "0.100M", "7.50M"]);
        assert_eq!([0.0, 0.7788, 1.0].map(percent), ["0 %", "77.9 %", "100 %"]);
        assert_eq!(or_none(None, count), "–");
    }
}
