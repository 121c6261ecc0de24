//! Decodes the chunked transfer coding, RFC 9112 section 7.1, as it arrives. Extensions and trailers are ignored.

use bytes::{Buf, BytesMut};

use crate::{ClientError, line_end::LineEnd};

/// Longest line with a chunk size or a trailer, in bytes.
const LINE_LIMIT_BYTES: usize = 8 * 1024;
/// Largest size of all trailers together, in bytes.
const TRAILERS_LIMIT_BYTES: usize = 64 * 1024;

/// The position of the reader in a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the line with a chunk size.
    Size(LineEnd),
    /// In a chunk. This many bytes and a line end are still to come.
    Data(u64),
    /// After the last chunk, with this many bytes of trailers already read.
    Trailers(LineEnd, usize),
}

impl Default for Chunks {
    fn default() -> Self {
        Self::Size(LineEnd::default())
    }
}

impl Chunks {
    /// Removes the next contiguous part of the data that has arrived, and returns it and whether the body has ended.
    /// The part is empty if more bytes are needed.
    ///
    /// # Errors
    /// The bytes are not a valid chunk.
    pub(super) fn take(&mut self, unread: &mut BytesMut) -> Result<(BytesMut, bool), ClientError> {
        loop {
            match self {
                Self::Data(0) => match unread.get(..2) {
                    Some(b"\r\n") => {
                        unread.advance(2);
                        *self = Self::default();
                    }
                    Some(_) => return Err(malformed("a chunk is longer than its size")),
                    None => return Ok((BytesMut::new(), false)),
                },
                Self::Data(rest) => return Ok((take_up_to(unread, rest), false)),
                Self::Size(end) => {
                    let Some(line) = take_line(end, unread)? else { return Ok((BytesMut::new(), false)) };
                    *self = match parse_size(&line)? {
                        0 => Self::Trailers(LineEnd::default(), 0),
                        size => Self::Data(size),
                    };
                }
                Self::Trailers(end, read) => {
                    let Some(line) = take_line(end, unread)? else { return Ok((BytesMut::new(), false)) };
                    if line.is_empty() {
                        return Ok((BytesMut::new(), true));
                    }
                    *read += line.len();
                    if *read > TRAILERS_LIMIT_BYTES {
                        return Err(malformed("the trailers do not end"));
                    }
                }
            }
        }
    }

    /// Returns how many bytes of the chunk are still to come, including the line end after it.
    pub(super) fn expected(&self) -> u64 {
        match self {
            Self::Data(rest) => rest.saturating_add(2),
            Self::Size(_) | Self::Trailers(..) => 0,
        }
    }
}

/// Returns the next line without its end, or `None` if more bytes are needed.
fn take_line(end: &mut LineEnd, unread: &mut BytesMut) -> Result<Option<BytesMut>, ClientError> {
    let Some(index) = end.find(unread) else {
        if unread.len() > LINE_LIMIT_BYTES {
            return Err(malformed("a line does not end"));
        }
        return Ok(None);
    };
    let mut line = unread.split_to(index);
    unread.advance(1);
    if line.last() != Some(&b'\r') {
        return Err(malformed("a line ends without a carriage return"));
    }
    line.truncate(index - 1);
    Ok(Some(line))
}

/// Parses a chunk size, which is hexadecimal and may have extensions after it.
fn parse_size(line: &[u8]) -> Result<u64, ClientError> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    parse_digits(digits, 16).ok_or_else(|| malformed("a chunk size is not a number"))
}

/// Removes up to `rest` bytes from the buffer, and subtracts their number from `rest`.
pub(super) fn take_up_to(unread: &mut BytesMut, rest: &mut u64) -> BytesMut {
    let here = unread.len().min(usize::try_from(*rest).unwrap_or(usize::MAX));
    *rest -= here as u64;
    unread.split_to(here)
}

/// Parses a number that has only digits, without a sign.
pub(super) fn parse_digits(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.chars().all(|digit| digit.is_digit(radix)))?;
    u64::from_str_radix(text, radix).ok()
}

fn malformed(what: &str) -> ClientError {
    ClientError::Protocol(format!("malformed chunked body: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a body that arrives in pieces of this size. Returns its data and whether it ended.
    fn read(body: &str, piece: usize) -> Result<(String, bool), ClientError> {
        let (mut chunks, mut unread, mut data, mut ended) = (Chunks::default(), BytesMut::new(), Vec::new(), false);
        for piece in body.as_bytes().chunks(piece) {
            unread.extend_from_slice(piece);
            loop {
                let (part, end) = chunks.take(&mut unread)?;
                data.extend_from_slice(&part);
                ended |= end;
                if part.is_empty() {
                    break;
                }
            }
        }
        Ok((String::from_utf8(data).unwrap(), ended))
    }

    #[test]
    fn decodes_the_same_body_whatever_the_piece_size() {
        let body = "5\r\nhello\r\n1;name=value\r\n,\r\n0A\r\n the world\r\n0\r\nTrailer: x\r\n\r\n";
        for piece in 1..=body.len() {
            assert_eq!(read(body, piece).unwrap(), ("hello, the world".to_owned(), true), "pieces of {piece}");
        }
    }

    #[test]
    fn a_truncated_body_does_not_end() {
        assert_eq!(read("5\r\nhel", 7).unwrap(), ("hel".to_owned(), false));
        assert_eq!(read("5\r\nhello\r\n0\r\n", 7).unwrap(), ("hello".to_owned(), false));
    }

    #[test]
    fn rejects_malformed_chunks() {
        for body in ["x\r\n", "-1\r\n", "+5\r\n", "\r\n", "5\r\nhello!\r\n"] {
            assert!(read(body, body.len()).is_err(), "{body:?}");
        }
        assert!(read(&"1".repeat(LINE_LIMIT_BYTES + 1), LINE_LIMIT_BYTES + 1).is_err());
    }
}
