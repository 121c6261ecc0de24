//! One HTTP/1.1 request and its bytes on the wire.

use bytes::{Bytes, BytesMut};
use hyper::{Method, header::HeaderValue};

use crate::ClientError;

/// A request to send.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) target: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Bytes,
    /// Whether to close the connection after the response.
    pub(super) close: bool,
}

impl Outgoing<'_> {
    /// Checks the values that came from a server, such as a cursor, so that none can inject anything into the request.
    ///
    /// # Errors
    /// A header value or the target has a character that is not allowed there.
    pub(super) fn validate(&self) -> Result<(), ClientError> {
        if let Some((name, _)) =
            self.headers.iter().find(|(_, value)| HeaderValue::from_bytes(value.as_bytes()).is_err())
        {
            return Err(ClientError::Protocol(format!("the server sent an invalid value for the header {name}")));
        }
        if self.target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(());
        }
        Err(ClientError::Protocol("the server sent a cursor that is invalid in a URL".into()))
    }

    /// Returns the bytes of the request.
    pub(super) fn encode(&self, host: &str) -> BytesMut {
        let mut text = BytesMut::with_capacity(256 + self.body.len());
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        put(&[self.method.as_str(), " ", self.target, " HTTP/1.1\r\nhost: ", host, "\r\n"]);
        self.headers.iter().for_each(|(name, value)| put(&[name, ": ", value, "\r\n"]));
        if self.method == Method::POST {
            put(&["content-length: ", &self.body.len().to_string(), "\r\n"]);
        }
        if self.close {
            put(&["connection: close\r\n"]);
        }
        put(&["\r\n"]);
        text.extend_from_slice(&self.body);
        text
    }
}
