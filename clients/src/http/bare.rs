//! HTTP/1.1 as far as these approaches use it, over a socket of one's own: one request after the other, and each
//! response read where it arrives, in the task that asked for it. A client that waits holds a socket and hardly
//! anything else, which is what lets one machine hold 100,000 of them. It must not know what a response means.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use hyper::StatusCode;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    broken,
    chunks::up_to,
    framing::Framing,
    head::{self, Head, HeadEnd},
    request::Outgoing,
};
use crate::{
    ClientError, Endpoint,
    arrival::{READ_BYTES, arrive, poll_arrive, release},
};

/// Why a response that has not ended never will.
const CUT_OFF: &str = "the server closed the connection";
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
    pub(super) used_kept: bool,
}

impl Bare {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, host: endpoint.server.to_string(), kept: Kept::default(), opened: false, used_kept: false }
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
        let kept = kept.filter(Connection::is_open);
        self.used_kept = kept.is_some();
        let mut connection = match kept {
            Some(connection) => connection,
            None => Box::pin(self.open(reopened)).await?,
        };
        connection.stream.write_all(&request.text(&self.host)).await?;
        loop {
            let (status, head, framing) = connection.head().await?;
            // 1xx announces another head, except where the server goes over to another protocol.
            if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
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
        let mut end = HeadEnd::default();
        loop {
            if let Some(length) = end.find(&self.unread)? {
                return head::read(&mut self.unread, length);
            }
            if arrive(&mut self.stream, &mut self.unread, READ_BYTES).await? == 0 {
                return Err(broken(CUT_OFF));
            }
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
            let expected = usize::try_from(body.framing.expected()).unwrap_or(usize::MAX);
            match ready!(poll_arrive(stream, unread, expected, cx)) {
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
