//! The head of a response: finds its end and looks up its fields. Fields are only copied on request.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use hyper::{HeaderMap, StatusCode, header::HeaderName};

use super::{failure::invalid_response, framing::Framing};
use crate::{ClientError, line_end::LineEnd};

/// Most header fields of a response. Proxies add dozens.
pub(super) const HEADER_FIELDS: usize = 128;
/// Largest head of a response, in bytes.
pub(super) const HEAD_LIMIT_BYTES: usize = 64 * 1024;

/// Start of every response head.
const PROTOCOL: &[u8] = b"HTTP/";

/// Finds the end of a head that arrives in parts.
#[derive(Debug, Default)]
pub(super) struct HeadEnd {
    line_end: LineEnd,
    /// Bytes in the lines that have been found.
    lines: usize,
}

impl HeadEnd {
    /// Returns the length of the head including the empty line at its end, or `None` if more bytes are needed.
    pub(super) fn find(&mut self, unread: &[u8]) -> Result<Option<usize>, ClientError> {
        if !unread.iter().zip(PROTOCOL).all(|(found, expected)| found == expected) {
            return Err(invalid_response("it is not HTTP/1.1"));
        }
        while let Some(line) = self.line_end.find(&unread[self.lines..]) {
            let is_empty = matches!(&unread[self.lines..self.lines + line], b"" | b"\r");
            self.lines += line + 1;
            if is_empty {
                return Ok(Some(self.lines));
            }
        }
        if unread.len() > HEAD_LIMIT_BYTES {
            return Err(invalid_response(format!("its head is larger than {HEAD_LIMIT_BYTES} bytes")));
        }
        Ok(None)
    }
}

/// Removes a head of this length from the buffer and parses it.
///
/// # Errors
/// The head is not HTTP/1, has too many fields, or does not determine the end of the body.
pub(super) fn read(unread: &mut BytesMut, length: usize) -> Result<(StatusCode, Head, Framing), ClientError> {
    let head = unfold(unread.split_to(length));
    let mut fields = [const { MaybeUninit::uninit() }; HEADER_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let parsed = config.parse_response_with_uninit_headers(&mut response, &head, &mut fields);
    if parsed.map_err(invalid_response)?.is_partial() {
        return Err(invalid_response("its head is incomplete"));
    }
    let status = StatusCode::from_u16(response.code.unwrap_or_default()).map_err(invalid_response)?;
    let framing = Framing::from_head(status, response.version == Some(0), response.headers)?;
    Ok((status, Head(head.freeze()), framing))
}

/// Joins the lines of each folded field with one space, as RFC 9112 section 5.2 says.
fn unfold(head: BytesMut) -> BytesMut {
    let is_folded = head.windows(2).any(|pair| matches!(pair, b"\n " | b"\n\t"));
    if !is_folded {
        return head;
    }
    let mut joined = BytesMut::with_capacity(head.len());
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            joined.truncate(joined.trim_ascii_end().len());
            joined.extend_from_slice(b" ");
            // A line of spaces only has lost its line end.
            let text = line.trim_ascii_start();
            joined.extend_from_slice(if text.is_empty() { b"\r\n" } else { text });
        } else {
            joined.extend_from_slice(line);
        }
    }
    joined
}

/// The status line and header fields as received.
#[derive(Debug)]
pub(super) struct Head(pub(super) Bytes);

impl Head {
    /// Returns the value of a header field, if it is UTF-8.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.lines().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).and_then(|(_, value)| value)
    }

    /// Returns a copy of all header fields that are valid.
    pub(super) fn map(&self) -> HeaderMap {
        let pair =
            |(name, value): (&[u8], Option<&str>)| Some((HeaderName::try_from(name).ok()?, value?.parse().ok()?));
        self.lines().filter_map(pair).collect()
    }

    /// Returns the names and values of all fields. A value is `None` if it is not UTF-8.
    fn lines(&self) -> impl Iterator<Item = (&[u8], Option<&str>)> {
        let lines = self.0.split(|byte| *byte == b'\n').skip(1);
        lines.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], std::str::from_utf8(line[colon + 1..].trim_ascii()).ok()))
        })
    }

    pub(super) fn closes_connection(&self) -> bool {
        let mut options = self.get("connection").unwrap_or_default().split(',').map(str::trim);
        self.0.starts_with(b"HTTP/1.0") || options.any(|option| option.eq_ignore_ascii_case("close"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_not_utf8_does_not_hide_others() {
        let head = Head(Bytes::from_static(b"HTTP/1.1 200 OK\r\nx: \xff\r\nETag:  \"7\" \r\n\r\n"));
        assert_eq!(head.get("etag"), Some("\"7\""));
        assert_eq!(head.get("x"), None);
        assert_eq!(head.map().len(), 1);
    }

    #[test]
    fn joins_a_folded_field_with_one_space() {
        let text = b"HTTP/1.1 204 No Content\r\na: 1\r\n \t 2 \r\n\t3\r\nb:\r\n  4\r\nc: 5\r\n  \r\nd: 6\r\n\r\n";
        let (_, head, _) = read(&mut text.as_slice().into(), text.len()).unwrap();
        assert_eq!(["a", "b", "c", "d"].map(|name| head.get(name)), ["1 2 3", "4", "5", "6"].map(Some));
    }
}
