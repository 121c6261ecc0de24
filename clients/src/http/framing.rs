//! Determines where a body ends, by RFC 9112 section 6.3: 204 and 304 have no body; otherwise the body is chunked, or
//! has a length, or ends with the connection.

use hyper::StatusCode;

use super::{
    chunks::{Chunks, parse_digits},
    failure::invalid_response,
};
use crate::ClientError;

/// How a body ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After this many more bytes.
    Length(u64),
    Chunked(Chunks),
    UntilEnd,
}

impl Framing {
    pub(super) fn from_head(
        status: StatusCode,
        is_http_1_0: bool,
        headers: &[httparse::Header<'_>],
    ) -> Result<Self, ClientError> {
        let has_none = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || status.is_informational();
        if has_none {
            return Ok(Self::Length(0));
        }
        let values = |name: &'static str| {
            headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
        };
        let mut codings = values("transfer-encoding");
        match (codings.next(), codings.next()) {
            (None, _) => {}
            // HTTP/1.0 has no chunks: an intermediary may have changed the body without knowing the coding.
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") && !is_http_1_0 => {
                // A length is ignored if there is a transfer coding, RFC 9112 section 6.3.
                return Ok(Self::Chunked(Chunks::default()));
            }
            _ => return Err(invalid_response("its transfer coding is not chunked")),
        }
        let mut lengths = values("content-length").flat_map(|value| value.split(|&byte| byte == b','));
        let Some(length) = lengths.next() else { return Ok(Self::UntilEnd) };
        // A length may be repeated. If two lengths differ, two readers could find different ends.
        if lengths.any(|other| other.trim_ascii() != length.trim_ascii()) {
            return Err(invalid_response("its length is ambiguous"));
        }
        parse_digits(length.trim_ascii(), 10)
            .map(Self::Length)
            .ok_or_else(|| invalid_response("its length is not a number"))
    }

    /// Returns how many more bytes have been announced.
    pub(super) fn expected(&self) -> u64 {
        match self {
            Self::Length(rest) => *rest,
            Self::Chunked(chunks) => chunks.expected(),
            Self::UntilEnd => 0,
        }
    }
}
