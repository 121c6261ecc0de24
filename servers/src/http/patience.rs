//! How long a connection may keep a server waiting. A new one must ask for something within a limit; one whose client
//! has closed its own side is kept until the answer is complete, again within a limit.
//!
//! A client may send its request, close its side (FIN) and wait for the answer. On the wire, a client that has gone
//! away looks the same. So the end of the input is hidden from the protocol while an answer is under way: a client that
//! waits gets its answer, and what the server holds for one that has gone is dropped when the time is up. A connection
//! that is reset ends at once.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// The first request of a connection must be complete within this time.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long an answer may still take once the client has closed its side.
const HALF_CLOSED_LIMIT: Duration = Duration::from_secs(10);

/// Where the conversation on a connection stands, shared by its two ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation(Arc<AtomicU8>);

/// No request has come yet.
const NEW: u8 = 0;
/// The next request is waited for.
const IDLE: u8 = 1;
/// An answer is being made.
const ANSWERING: u8 = 2;
/// An answer is complete, but perhaps not yet written.
const WRITING: u8 = 3;

impl Conversation {
    /// A request has come; its answer is under way until the returned value is dropped.
    pub(super) fn begin(&self) -> Answering {
        self.0.store(ANSWERING, Ordering::Relaxed);
        Answering(self.clone())
    }

    fn stands_at(&self, place: u8) -> bool {
        self.0.load(Ordering::Relaxed) == place
    }
}

/// An answer is under way.
#[derive(Debug)]
pub(super) struct Answering(Conversation);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.store(WRITING, Ordering::Relaxed);
    }
}

/// A body that says when it is complete or dropped.
pub(super) struct Answer {
    body: Body,
    _answering: Answering,
}

impl Answer {
    pub(super) fn new(body: Body, answering: Answering) -> Self {
        Self { body, _answering: answering }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection with these limits.
#[derive(Debug)]
pub(crate) struct Patient<C> {
    connection: C,
    conversation: Conversation,
    /// The client has closed its side.
    has_ended: bool,
    limit: Option<Pin<Box<Sleep>>>,
}

impl<C> Patient<C> {
    pub(super) fn new(connection: C, conversation: Conversation) -> Self {
        Self { connection, conversation, has_ended: false, limit: None }
    }

    /// The connection, for another protocol.
    pub(crate) fn into_inner(self) -> C {
        self.connection
    }

    /// Waits for the limit, which begins when this is called first.
    fn poll_limit(&mut self, limit: Duration, cx: &mut Context<'_>) -> Poll<()> {
        self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(cx)
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Patient<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.has_ended {
            let room = buffer.remaining();
            let polled = Pin::new(&mut this.connection).poll_read(cx, buffer);
            if polled.is_pending() && this.conversation.stands_at(NEW) {
                return this.poll_limit(START_LIMIT, cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
            }
            this.has_ended = matches!(polled, Poll::Ready(Ok(()))) && room > 0 && buffer.remaining() == room;
            if !this.conversation.stands_at(NEW) {
                this.limit = None;
            }
            if !this.has_ended {
                return polled;
            }
        }
        if this.conversation.stands_at(ANSWERING) || this.conversation.stands_at(WRITING) {
            return this.poll_limit(HALF_CLOSED_LIMIT, cx).map(Ok);
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Patient<C> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().connection).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().connection).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    /// Called when everything that the protocol had to say is written.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.conversation.stands_at(WRITING) {
            this.conversation.0.store(IDLE, Ordering::Relaxed);
        }
        Pin::new(&mut this.connection).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn connection() -> (DuplexStream, Patient<DuplexStream>, Conversation) {
        let (client, server) = duplex(64);
        let conversation = Conversation::default();
        (client, Patient::new(server, conversation.clone()), conversation)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_for_nothing_ends() {
        let (mut client, mut server, _) = connection();
        client.write_all(b"GET / HT").await.unwrap();
        let mut head = [0; 64];
        assert_eq!(server.read(&mut head).await.unwrap(), 8);
        assert_eq!(server.read(&mut head).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_answered_may_be_idle() {
        let (client, mut server, conversation) = connection();
        assert!(poll!(std::pin::pin!(server.read_u8())).is_pending());
        drop(conversation.begin());
        server.flush().await.unwrap();
        let waited = tokio::time::timeout(START_LIMIT * 5, server.read_u8()).await;
        assert!(waited.is_err(), "the end came: {waited:?}");
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_input_waits_for_the_answer_to_be_written() {
        let (mut client, mut server, conversation) = connection();
        let answering = conversation.begin();
        client.shutdown().await.unwrap();
        assert!(poll!(std::pin::pin!(server.read_u8())).is_pending());
        drop(answering);
        assert!(poll!(std::pin::pin!(server.read_u8())).is_pending());
        server.flush().await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_input_waits_for_no_answer_that_does_not_come() {
        let (mut client, mut server, conversation) = connection();
        let _answering = conversation.begin();
        client.shutdown().await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
