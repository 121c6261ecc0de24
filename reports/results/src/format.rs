//! Numbers as a reader sees them, in one place: three significant digits, a unit that fits, the same text for the same
//! number on every machine.

/// What stands where there is no number.
pub const NONE: &str = "–";

/// Columns of a terminal: sentences keep within them, and tables where their names let them.
pub const WIDTH: usize = 120;

/// A duration in nanoseconds.
#[must_use]
pub fn duration(nanoseconds: u64) -> String {
    scaled(nanoseconds as f64, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")])
}

/// A size in bytes; a KB is 1,000.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, &[(1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")])
}

/// CPU time in microseconds.
#[must_use]
pub fn processor_time(microseconds: f64) -> String {
    scaled(microseconds, &[(1e6, "s"), (1e3, "ms"), (1.0, "µs")])
}

/// Three significant digits, without exponent, nothing after the point from 100 on, nothing below a thousandth.
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

/// A share as a percentage.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent == 100.0 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// A value on an axis: the same text without the zeros that say how exact a measured one is.
#[must_use]
pub fn tick(text: &str) -> String {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}").trim_end().to_owned()
}

/// A count, exact.
#[must_use]
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// A number that a user gave: exact where it is whole.
#[must_use]
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { count(value as u64) } else { significant(value) }
}

/// A count that is short rather than exact from a hundred thousand on.
#[must_use]
pub fn short_count(count: u64) -> String {
    match count {
        0..100_000 => self::count(count),
        100_000..1_000_000_000 => format!("{}M", significant(count as f64 / 1e6)),
        _ => format!("{}G", significant(count as f64 / 1e9)),
    }
}

/// A number as text, or a dash.
#[must_use]
pub fn or_none<T>(value: Option<T>, format: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), format)
}

/// Two durations, the unit of both said once where it is the same.
#[must_use]
pub fn range([least, most]: [u64; 2]) -> String {
    let [low, high] = [least, most].map(duration);
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((_, unit)), Some((_, other))) if unit != other => format!("{low} to {high}"),
        (Some((number, _)), _) => format!("{number} to {high}"),
        (None, _) => high,
    }
}

/// Names that are listed one by one. What has more is counted.
pub const LISTED: usize = 20;

/// The names with commas between them; of many the first, and how many more there are.
#[must_use]
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let first: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(LISTED) {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), count(more as u64)),
    }
}

/// Lines of at most so many characters, broken at spaces; the first begins with `first` and each other with `rest`. A
/// word that is longer has a line of its own.
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

/// In the largest unit that leaves at least one, after rounding; the last unit for what is smaller.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fitting = units.iter().find(|(size, _)| value.abs() >= size * 0.9995);
    let (size, unit) = fitting.or(units.last()).expect("there is a unit");
    format!("{} {unit}", significant(value / size))
}

/// Lines of cells as text, names to the left and numbers to the right, with a rule below the headings, which the first
/// lines are. Columns stand two apart, or one where that makes the text wider than so many columns.
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

/// Digits in groups of three.
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
    fn a_range_says_its_unit_once() {
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
    fn digits_are_three_at_least() {
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
