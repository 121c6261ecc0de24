//! The non-zero counts of an encoded histogram. A histogram has 35,000 counts, of which a trial uses a few hundred,
//! so this is the fast way to read thousands of trials.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::ZlibDecoder;

use super::{DIGITS, HIGHEST_NS, HistogramError, LOWEST_NS};

/// Maximum size of a decompressed histogram, in bytes. A full one has about 300 KB.
const INFLATED_LIMIT_BYTES: u64 = 4 << 20;
/// Size of the header in front of the counts, in bytes.
const HEADER_BYTES: usize = 40;
/// Maximum size of a number, in bytes.
const NUMBER_BYTES: usize = 9;
/// Counts per power of two, as an exponent of 2: half of the 2,048 that three digits need.
const HALF_BITS: u32 = 10;

/// Values with their counts, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Lowest value of each bucket, and its count.
    pub values: Vec<(u64, u64)>,
    /// Total count.
    pub total: u64,
}

impl Counts {
    /// Reads the counts of HdrHistogram V2 + DEFLATE in base64.
    ///
    /// # Errors
    /// The text is not base64, is cut off, has another layout, or counts more than can be added up. It may come from
    /// anywhere, so its lengths are checked before memory is taken for them.
    pub fn read(text: &str) -> Result<Self, HistogramError> {
        let plain = inflated(text)?;
        let mut bytes = &plain[HEADER_BYTES..];
        let (mut index, mut values, mut total) = (0_u64, Vec::new(), 0_u64);
        while !bytes.is_empty() {
            // Zigzag: a positive number is a count, a negative one is a number of zero counts.
            let number = number(&mut bytes)?;
            let count = number >> 1;
            if number & 1 == 1 {
                index = index.saturating_add(count).saturating_add(1);
                continue;
            }
            let value = least_value(index).ok_or_else(|| cut("it has more counts than its layout"))?;
            if count > 0 {
                total = total.checked_add(count).ok_or_else(|| cut("it counts more than can be added up"))?;
                values.push((value, count));
            }
            index += 1;
        }
        Ok(Self { values, total })
    }

    /// Returns the value of a quantile, as a histogram does. Returns `None` without counts.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let rank = ((quantile * self.total as f64).ceil() as u64).max(1);
        let mut seen = 0_u64;
        let found = self.values.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.or(self.values.last()).map(|(value, _)| most_value(*value))
    }
}

/// Decodes the text and checks its header.
fn inflated(text: &str) -> Result<Vec<u8>, HistogramError> {
    let packed = STANDARD.decode(text).map_err(|error| HistogramError::Base64(error.to_string()))?;
    let body = packed.get(8..).ok_or_else(|| cut("shorter than its header"))?;
    let mut plain = Vec::new();
    let mut inflated = ZlibDecoder::new(body).take(INFLATED_LIMIT_BYTES);
    inflated.read_to_end(&mut plain).map_err(|error| HistogramError::Deflate(error.to_string()))?;

    let length = big_endian(&plain, 4, 4)?;
    if plain.len() < HEADER_BYTES || length != (plain.len() - HEADER_BYTES) as u64 {
        return Err(cut("its length is not what its header says"));
    }
    let layout = [big_endian(&plain, 12, 4)?, big_endian(&plain, 16, 8)?, big_endian(&plain, 24, 8)?];
    if layout != [u64::from(DIGITS), LOWEST_NS, HIGHEST_NS] {
        return Err(HistogramError::Layout);
    }
    Ok(plain)
}

/// Returns the unsigned number of `width` bytes at `offset`.
fn big_endian(bytes: &[u8], offset: usize, width: usize) -> Result<u64, HistogramError> {
    let field = bytes.get(offset..offset + width).ok_or_else(|| cut("shorter than its header"))?;
    Ok(field.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Reads a number with seven bits per byte, the lowest first. All bits of the ninth byte count.
fn number(bytes: &mut &[u8]) -> Result<u64, HistogramError> {
    let mut number = 0;
    for place in 0..NUMBER_BYTES {
        let (byte, rest) = bytes.split_first().ok_or_else(|| cut("it ends within a count"))?;
        *bytes = rest;
        let bits = if place + 1 == NUMBER_BYTES { *byte } else { byte & 0x7f };
        number |= u64::from(bits) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(number)
}

/// Returns the lowest value of the bucket with this index. Returns `None` beyond the layout.
fn least_value(index: u64) -> Option<u64> {
    let step = (index >> HALF_BITS).saturating_sub(1);
    let place = if step == 0 { index } else { (index & ((1 << HALF_BITS) - 1)) + (1 << HALF_BITS) };
    (step < 43).then(|| place << step).filter(|value| *value <= HIGHEST_NS)
}

/// Returns the highest value of the bucket with this lowest value.
fn most_value(least: u64) -> u64 {
    let bits = u64::BITS - least.leading_zeros();
    least + (1 << bits.saturating_sub(HALF_BITS + 1)) - 1
}

fn cut(why: &str) -> HistogramError {
    HistogramError::Deflate(why.to_owned())
}
