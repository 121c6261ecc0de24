//! The layout of histograms, their text form, and the summary of a distribution. All reports and records use these functions.

mod counts;

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use thiserror::Error;

use crate::schema::Summary;

pub use counts::Counts;

/// A histogram of durations in nanoseconds. All come from [`new_histogram`] or [`decode`], so any two can be added.
pub type Histogram = hdrhistogram::Histogram<u64>;

/// Smallest recorded duration.
pub const LOWEST_NS: u64 = 1;
/// Largest recorded duration: one hour.
pub const HIGHEST_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits.
pub const DIGITS: u8 = 3;

/// The quantiles of a [`Summary`].
pub const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// Why a text is not a histogram of this layout.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HistogramError {
    /// It is not base64.
    #[error("not base64: {0}")]
    Base64(String),
    /// It is not DEFLATE, or cut.
    #[error("not a whole HdrHistogram V2 + DEFLATE: {0}")]
    Deflate(String),
    /// It has another layout than [`new_histogram`].
    #[error("another layout than 1 ns to 1 h with 3 digits")]
    Layout,
}

/// Creates an empty histogram.
#[must_use]
pub fn new_histogram() -> Histogram {
    Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, DIGITS).expect("the layout's bounds are valid")
}

/// Encodes a histogram as HdrHistogram V2 + DEFLATE in base64.
#[must_use]
pub fn encode(histogram: &Histogram) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).expect("a vector takes all that is written");
    STANDARD.encode(bytes)
}

/// Decodes the output of [`encode`].
///
/// # Errors
/// The text is not base64, is cut, or has another layout.
pub fn decode(text: &str) -> Result<Histogram, HistogramError> {
    let mut histogram = new_histogram();
    add(&mut histogram, &Counts::read(text)?);
    Ok(histogram)
}

/// Adds counts to a histogram. Panics if a value is outside the layout, which [`Counts::read`] prevents.
pub fn add(histogram: &mut Histogram, counts: &Counts) {
    for (value, count) in &counts.values {
        histogram.record_n(*value, *count).expect("the layout is the same");
    }
}

/// Returns the observations that a quantile needs: ln(0.025) ÷ ln(q), so that with 97.5 % probability the largest
/// observation is above it. p50 needs 6, p90 36, p99 368, p99.9 3,688.
#[must_use]
pub fn needed(quantile: f64) -> u64 {
    (0.025_f64.ln() / quantile.ln()).ceil() as u64
}

/// Returns the largest quantile that this many observations support. Returns 0 without observations.
#[must_use]
pub fn largest_supported(observations: u64) -> f64 {
    if observations == 0 { 0.0 } else { (0.025_f64.ln() / observations as f64).exp() }
}

/// Returns the value of a quantile. Returns `None` if the sample does not support it.
#[must_use]
pub fn quantile(histogram: &Histogram, observations: u64, quantile: f64) -> Option<u64> {
    let supported = !histogram.is_empty() && observations >= needed(quantile);
    supported.then(|| histogram.value_at_quantile(quantile).min(histogram.max()))
}

/// Returns the median. Returns `None` without values. Changes the order of the values.
#[must_use]
pub fn median(values: &mut [u64]) -> Option<u64> {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = (!values.is_empty()).then(|| values.select_nth_unstable(middle))?;
    let lower = below.iter().max().filter(|_| is_even);
    Some(lower.map_or(*upper, |lower| lower.midpoint(*upper)))
}

/// Returns the smallest sorted value that at least this share of values does not exceed. Returns `None` without
/// values.
#[must_use]
pub fn nearest_rank<T: Copy>(sorted: &[T], quantile: f64) -> Option<T> {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Summarises a distribution. `observations` is the number of independent ones, at most the number of samples.
/// Without samples, every value is `None`.
#[must_use]
pub fn summarise(histogram: &Histogram, observations: u64) -> Summary {
    Summary { histogram: encode(histogram), ..without_histogram(histogram, observations) }
}

/// Summarises a distribution without encoding its histogram, which is slow.
#[must_use]
pub fn without_histogram(histogram: &Histogram, observations: u64) -> Summary {
    let some = !histogram.is_empty();
    let [p50, p90, p99, p999] = QUANTILES.map(|q| quantile(histogram, observations, q));
    Summary {
        count: histogram.len(),
        min: some.then(|| histogram.min()),
        mean: some.then(|| histogram.mean()),
        p50,
        p90,
        p99,
        p999,
        max: some.then(|| histogram.max()),
        histogram: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = new_histogram();
        for value in values {
            histogram.record(value).unwrap();
        }
        histogram
    }

    #[test]
    fn support_matches_the_method() {
        assert_eq!(QUANTILES.map(needed), [6, 36, 368, 3688]);
        for quantile in QUANTILES {
            let needed = needed(quantile);
            assert!(largest_supported(needed) >= quantile && largest_supported(needed - 1) < quantile);
        }
        assert_eq!(largest_supported(0), 0.0);
    }

    #[test]
    fn a_quantile_without_support_is_none() {
        let histogram = of(1..=1000);
        let short = summarise(&histogram, 367);
        assert_eq!((short.p50, short.p90, short.p99, short.p999), (Some(500), Some(900), None, None));
        let long = summarise(&histogram, 368);
        assert_eq!((long.p99, long.p999), (Some(990), None));
        assert_eq!((long.count, long.min, long.max, long.mean), (1000, Some(1), Some(1000), Some(500.5)));
        assert_eq!(summarise(&histogram, 5).p50, None);
        assert_eq!(summarise(&histogram, 3688).p999, Some(999));
    }

    #[test]
    fn an_empty_histogram_has_no_quantiles() {
        let summary = summarise(&new_histogram(), 1_000_000);
        assert_eq!(summary.count, 0);
        assert_eq!((summary.min, summary.p50, summary.p999, summary.max), (None, None, None, None));
        assert_eq!(summary.mean, None);
        assert!(decode(&summary.histogram).unwrap().is_empty());
    }

    #[test]
    fn the_median_lies_between_the_middle_values() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [7]), Some(7));
        assert_eq!(median(&mut [9, 1, 5]), Some(5));
        assert_eq!(median(&mut [40, 10, 30, 20]), Some(25));
    }

    #[test]
    fn encoding_keeps_every_count() {
        let histogram = of([0, 1, 5, 5, 1_000_000, 1_000_001, HIGHEST_NS]);
        assert_eq!(decode(&encode(&histogram)).unwrap(), histogram);
        let large = of([(1 << 40) + 12_345, 2_047, 2_048, 4_095, 4_096, 1_000_000_007, 59_999_999_999]);
        let counts = Counts::read(&encode(&large)).unwrap();
        assert_eq!((decode(&encode(&large)).unwrap(), counts.total), (large.clone(), 7));
        for quantile in [0.0001, 0.2, 0.5, 0.9, 0.99, 1.0] {
            assert_eq!(counts.quantile(quantile), Some(large.value_at_quantile(quantile)), "{quantile}");
        }
    }

    #[test]
    fn precision_is_three_digits() {
        let histogram = of([123_456_789]);
        let read = histogram.value_at_quantile(0.5) as f64;
        assert!((read / 123_456_789.0 - 1.0).abs() < 0.001, "{read}");
    }

    #[test]
    fn merged_parts_equal_the_whole() {
        let mut parts = of(0..500);
        parts.add(of(500..2000)).unwrap();
        assert_eq!(parts, of(0..2000));
    }

    #[test]
    fn foreign_text_is_an_error() {
        assert!(matches!(decode("*"), Err(HistogramError::Base64(_))));
        assert!(matches!(decode(""), Err(HistogramError::Deflate(_))));
        assert!(matches!(decode("AAAAAAAAAAAA"), Err(HistogramError::Deflate(_))));
        let whole = encode(&of(1..100));
        assert!(matches!(decode(&whole[..whole.len() / 2 / 4 * 4]), Err(HistogramError::Deflate(_))));
        let mut other = Histogram::new_with_bounds(1, 1_000_000, 2).unwrap();
        other.record(7).unwrap();
        assert_eq!(decode(&encode(&other)), Err(HistogramError::Layout));
    }

    #[test]
    fn a_quantile_of_sorted_values_is_one_of_them() {
        let sorted: Vec<u64> = (1..=200).collect();
        assert_eq!([0.5, 0.9, 0.99, 1.0].map(|q| nearest_rank(&sorted, q)), [100, 180, 198, 200].map(Some));
        assert_eq!((nearest_rank(&[7], 0.001), nearest_rank::<u64>(&[], 0.5)), (Some(7), None));
    }
}
