//! Our own HTTP/1.1 engine, with only the features that these approaches use: one request at a time, and each response
//! is read in the task that sent the request. A waiting client holds a socket and hardly anything else, so one machine
//! can hold 100,000 clients. It must not know what a response means.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use hyper::StatusCode;
use net::Endpoint;
use tokio::io::AsyncWriteExt;

use super::{
    chunks::take_up_to,
    failure::connection_error,
    framing::Framing,
    head::{self, Head, HeadEnd},
    request::Outgoing,
};
use crate::{
    ClientError,
    arrival::{READ_BYTES, free_if_empty, poll_read_available, read_available},
};

/// The error for a response that the server cut short.
const CUT_OFF: &str = "the server closed the connection";
/// Holds the connection of a client between two requests.
type IdleConnection = Arc<Mutex<Option<Connection>>>;

#[derive(Debug)]
struct Connection {
    stream: net::Stream,
    unread: BytesMut,
}

/// Sends requests and reads responses.
pub(super) struct Bare {
    endpoint: Endpoint,
    host: String,
    idle: IdleConnection,
    opened: bool,
    pub(super) reused_connection: bool,
}

impl Bare {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            host: endpoint.authority(),
            idle: IdleConnection::default(),
            opened: false,
            reused_connection: false,
        }
    }

    /// Drops the connection. The next request opens another.
    pub(super) fn drop_connection(&mut self) {
        self.idle = IdleConnection::default();
    }

    pub(super) async fn send(
        &mut self,
        request: &Outgoing<'_>,
        reopened: &mut u64,
    ) -> Result<(StatusCode, Head, Body), ClientError> {
        let idle = self.idle.lock().expect("no holder panics").take();
        let idle = idle.filter(Connection::is_open);
        self.reused_connection = idle.is_some();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Box::pin(self.open(reopened)).await?,
        };
        connection.stream.write_all(&request.encode(&self.host)).await?;
        loop {
            let (status, head, framing) = connection.head().await?;
            // Another head follows a 1xx, except when the server switches protocols.
            if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
                let stays = framing != Framing::UntilEnd && !request.close && !head.closes_connection();
                let idle = stays.then(|| Arc::clone(&self.idle));
                return Ok((status, head, Body::new(connection, framing, idle)));
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
    /// Returns whether the connection can carry another request. If the server has closed it, the end has usually
    /// arrived by now; if not, the request fails. Unread bytes also rule it out, because they would be mistaken for the
    /// next response.
    fn is_open(&self) -> bool {
        self.unread.is_empty() && self.stream.is_quiet()
    }

    async fn head(&mut self) -> Result<(StatusCode, Head, Framing), ClientError> {
        let mut end = HeadEnd::default();
        loop {
            if let Some(length) = end.find(&self.unread)? {
                return head::read(&mut self.unread, length);
            }
            if read_available(&mut self.stream, &mut self.unread, READ_BYTES).await? == 0 {
                return Err(connection_error(CUT_OFF));
            }
        }
    }
}

/// A body that is read as it arrives. Once it has ended, its connection is free for the next request.
pub(crate) struct Body {
    connection: Option<Connection>,
    framing: Framing,
    /// Where to put the connection after the body. `None` if it cannot be reused.
    idle: Option<IdleConnection>,
}

/// The part of a body that has arrived.
enum Ready {
    Part(Bytes),
    /// The body has ended and the connection is free.
    End,
    /// More bytes are needed.
    Pending,
}

impl Body {
    fn new(connection: Connection, framing: Framing, idle: Option<IdleConnection>) -> Self {
        let mut body = Self { connection: Some(connection), framing, idle };
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
                let part = take_up_to(unread, rest);
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
            (true, false) => Ready::Pending,
        })
    }

    fn end(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if let Some(idle) = &self.idle {
            free_if_empty(&mut connection.unread);
            *idle.lock().expect("no holder panics") = Some(connection);
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, ClientError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        loop {
            match body.take() {
                Ok(Ready::Part(part)) => return Poll::Ready(Some(Ok(part))),
                Ok(Ready::End) => return Poll::Ready(None),
                Ok(Ready::Pending) => {}
                Err(error) => {
                    // The start of the next response is unknown, so the connection cannot be reused.
                    body.connection = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
            let Some(Connection { stream, unread }) = &mut body.connection else { return Poll::Ready(None) };
            let expected = usize::try_from(body.framing.expected()).unwrap_or(usize::MAX);
            match ready!(poll_read_available(stream, unread, expected, cx)) {
                Ok(0) if body.framing == Framing::UntilEnd => body.end(),
                Ok(0) => return Poll::Ready(Some(Err(connection_error(CUT_OFF)))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }
}

impl Drop for Body {
    /// Skips the unread rest of the body. If all of it has arrived, the connection can be reused.
    fn drop(&mut self) {
        while let Ok(Ready::Part(_)) = self.take() {}
    }
}
