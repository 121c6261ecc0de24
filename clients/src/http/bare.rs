//! HTTP/1.1 as far as these approaches use it, over a socket of one's own: one request after the other, and each
//! response read where it arrives, in the task that asked for it. A client that waits holds a socket and hardly
//! anything else, which is what lets one machine hold 100,000 of them. It must not know what a response means.
//!
//! Framing is RFC 9112's: no body with 204 and 304, else chunks, else a length, else all until the end.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use hyper::{HeaderMap, StatusCode, header::HeaderName};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    Outgoing, broken,
    chunks::{Chunks, number, up_to},
};
use crate::{
    ClientError, Endpoint,
    arrival::{arrive, poll_arrive, release},
};

/// Header fields of a response, at most.
const HEADERS: usize = 32;
/// Why a response that has not ended never will.
const CUT_OFF: &str = "the server closed the connection";
/// Largest head of a response, in bytes.
const HEAD_LIMIT_BYTES: usize = 16 * 1024;

/// One client's connection, while nobody reads from it.
type Kept = Arc<Mutex<Option<Connection>>>;

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    unread: BytesMut,
}

/// Sends requests and reads responses.
pub(super) struct Bare {
    endpoint: Endpoint,
    host: String,
    kept: Kept,
    opened: bool,
}

impl Bare {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, host: endpoint.server.to_string(), kept: Kept::default(), opened: false }
    }

    /// The next request goes over another connection.
    pub(super) fn abandon(&mut self) {
        self.kept = Kept::default();
    }

    pub(super) async fn send(
        &mut self,
        request: &Outgoing<'_>,
        reopened: &mut u64,
    ) -> Result<(StatusCode, Head, Body), ClientError> {
        let kept = self.kept.lock().expect("no holder panics").take();
        let mut connection = match kept.filter(Connection::is_open) {
            Some(connection) => connection,
            None => Box::pin(self.open(reopened)).await?,
        };
        connection.stream.write_all(&request.text(&self.host)).await?;
        loop {
            let (status, head, framing) = connection.head().await?;
            // 1xx announces another head.
            if !status.is_informational() {
                let stays = framing != Framing::UntilEnd && !request.close && !head.says_close();
                let kept = stays.then(|| Arc::clone(&self.kept));
                return Ok((status, head, Body::new(connection, framing, kept)));
            }
        }
    }

    async fn open(&mut self, reopened: &mut u64) -> Result<Connection, ClientError> {
        let stream = self.endpoint.connect().await?;
        *reopened += u64::from(self.opened);
        self.opened = true;
        Ok(Connection { stream, unread: BytesMut::new() })
    }
}

impl Connection {
    /// A server that has closed it has said so by now; one that is closing it fails the request. What nobody asked for
    /// would be taken for the next response.
    fn is_open(&self) -> bool {
        if !self.unread.is_empty() {
            return false;
        }
        let pending = self.stream.try_read(&mut [0]);
        pending.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    async fn head(&mut self) -> Result<(StatusCode, Head, Framing), ClientError> {
        loop {
            if let Some(head) = self.take_head()? {
                return Ok(head);
            }
            if arrive(&mut self.stream, &mut self.unread).await? == 0 {
                return Err(broken(CUT_OFF));
            }
        }
    }

    /// The head, once all of it is there.
    fn take_head(&mut self) -> Result<Option<(StatusCode, Head, Framing)>, ClientError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(length) = response.parse(&self.unread).map_err(unreadable)? {
            let status = StatusCode::from_u16(response.code.unwrap_or_default()).map_err(unreadable)?;
            let framing = Framing::of(status, response.headers)?;
            return Ok(Some((status, Head(self.unread.split_to(length).freeze()), framing)));
        }
        if self.unread.len() > HEAD_LIMIT_BYTES {
            return Err(unreadable("the head of a response does not end"));
        }
        Ok(None)
    }
}

/// Status line and header fields, as they came.
#[derive(Debug)]
pub(super) struct Head(Bytes);

impl Head {
    /// The text of a header.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.lines().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).and_then(|(_, value)| value)
    }

    /// All of them.
    pub(super) fn map(&self) -> HeaderMap {
        let pair =
            |(name, value): (&[u8], Option<&str>)| Some((HeaderName::try_from(name).ok()?, value?.parse().ok()?));
        self.lines().filter_map(pair).collect()
    }

    /// Names, and values that are text.
    fn lines(&self) -> impl Iterator<Item = (&[u8], Option<&str>)> {
        let lines = self.0.split(|byte| *byte == b'\n').skip(1);
        lines.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], std::str::from_utf8(line[colon + 1..].trim_ascii()).ok()))
        })
    }

    fn says_close(&self) -> bool {
        let mut options = self.get("connection").unwrap_or_default().split(',').map(str::trim);
        self.0.starts_with(b"HTTP/1.0") || options.any(|option| option.eq_ignore_ascii_case("close"))
    }
}

/// How the end of a body is told.
#[derive(Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    Chunked(Chunks),
    UntilEnd,
}

impl Framing {
    fn of(status: StatusCode, headers: &[httparse::Header<'_>]) -> Result<Self, ClientError> {
        let has_none = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || status.is_informational();
        if has_none {
            return Ok(Self::Length(0));
        }
        let values = |name: &str| {
            let named = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
            named.map(|header| header.value).collect::<Vec<_>>()
        };
        match (&values("transfer-encoding")[..], &values("content-length")[..]) {
            ([], []) => Ok(Self::UntilEnd),
            ([], [length]) => number(length, 10).map(Self::Length).ok_or_else(|| unreadable("its length is no number")),
            ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Self::Chunked(Chunks::default())),
            // Where two readers could find different ends, there is none.
            _ => Err(unreadable("its length is ambiguous")),
        }
    }
}

/// A body that is read as it arrives; its connection is kept for the next request once it has ended.
pub(crate) struct Body {
    connection: Option<Connection>,
    framing: Framing,
    /// Where the connection goes; none where it cannot be used again.
    kept: Option<Kept>,
}

/// What of a body is there.
enum Ready {
    Part(Bytes),
    /// All has been read, and the connection is free.
    End,
    /// More must arrive.
    Nothing,
}

impl Body {
    fn new(connection: Connection, framing: Framing, kept: Option<Kept>) -> Self {
        let mut body = Self { connection: Some(connection), framing, kept };
        if body.framing == Framing::Length(0) {
            body.end();
        }
        body
    }

    fn take(&mut self) -> Result<Ready, ClientError> {
        let Some(connection) = &mut self.connection else { return Ok(Ready::End) };
        let unread = &mut connection.unread;
        let (part, ended) = match &mut self.framing {
            Framing::Length(rest) => {
                let part = up_to(unread, rest);
                (part, *rest == 0)
            }
            Framing::Chunked(chunks) => chunks.take(unread)?,
            Framing::UntilEnd => (unread.split(), false),
        };
        if ended {
            self.end();
        }
        Ok(match (part.is_empty(), ended) {
            (false, _) => Ready::Part(part.freeze()),
            (true, true) => Ready::End,
            (true, false) => Ready::Nothing,
        })
    }

    fn end(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if let Some(kept) = &self.kept {
            release(&mut connection.unread);
            *kept.lock().expect("no holder panics") = Some(connection);
        }
    }
}

/// Its parts, as they arrive.
impl Stream for Body {
    type Item = Result<Bytes, ClientError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        loop {
            match body.take() {
                Ok(Ready::Part(part)) => return Poll::Ready(Some(Ok(part))),
                Ok(Ready::End) => return Poll::Ready(None),
                Ok(Ready::Nothing) => {}
                Err(error) => {
                    // Nobody knows where the next response would begin.
                    body.connection = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
            let Some(Connection { stream, unread }) = &mut body.connection else { return Poll::Ready(None) };
            match ready!(poll_arrive(stream, unread, cx)) {
                Ok(0) if body.framing == Framing::UntilEnd => body.end(),
                Ok(0) => return Poll::Ready(Some(Err(broken(CUT_OFF)))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }
}

impl Drop for Body {
    /// Nobody wanted the rest: where it is there already, the connection can be used again.
    fn drop(&mut self) {
        while let Ok(Ready::Part(_)) = self.take() {}
    }
}

fn unreadable(error: impl std::fmt::Display) -> ClientError {
    ClientError::Protocol(format!("unreadable response: {error}"))
}

#[cfg(test)]
#[path = "bare_tests.rs"]
mod tests;
