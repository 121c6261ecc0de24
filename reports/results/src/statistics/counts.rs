//! The counts of a histogram's text that are not 0. A histogram of the layout has 35,000 counts, and only a few hundred
//! of a trial's are not 0, so whatever reads thousands of trials reads these.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::ZlibDecoder;

use super::{DIGITS, HIGHEST_NS, HistogramError, LOWEST_NS};

/// A histogram of this layout takes about 300 KB when its counts are written out; more is not one of ours.
const INFLATED_LIMIT_BYTES: u64 = 4 << 20;
/// Cookies, lengths and layout in front of the counts.
const HEADER_BYTES: usize = 40;
/// Bytes of the longest number.
const NUMBER_BYTES: usize = 9;
/// Counts of one step's size, as a power of 2: half of the 2,048 that three digits need.
const HALF_BITS: u32 = 10;

/// Values with their counts, from the least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// The least value that each count is of, and the count.
    pub values: Vec<(u64, u64)>,
    /// All counts added up.
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
            // Zigzag: a positive number is a count, a negative one is that many counts of 0.
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

    /// The value of a quantile, as a histogram gives it. Returns `None` if there are no counts.
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

/// The text's bytes with their header checked.
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

/// The unsigned number of `width` bytes at `offset`.
fn big_endian(bytes: &[u8], offset: usize, width: usize) -> Result<u64, HistogramError> {
    let field = bytes.get(offset..offset + width).ok_or_else(|| cut("shorter than its header"))?;
    Ok(field.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Takes a number of seven bits a byte, the least first; all bits of the ninth byte count.
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

/// The least value of the count at this place. Returns `None` beyond the layout.
fn least_value(index: u64) -> Option<u64> {
    let step = (index >> HALF_BITS).saturating_sub(1);
    let place = if step == 0 { index } else { (index & ((1 << HALF_BITS) - 1)) + (1 << HALF_BITS) };
    (step < 43).then(|| place << step).filter(|value| *value <= HIGHEST_NS)
}

/// The largest value that is counted with this one, which is the least of them.
fn most_value(least: u64) -> u64 {
    let bits = u64::BITS - least.leading_zeros();
    least + (1 << bits.saturating_sub(HALF_BITS + 1)) - 1
}

fn cut(why: &str) -> HistogramError {
    HistogramError::Deflate(why.to_owned())
}
