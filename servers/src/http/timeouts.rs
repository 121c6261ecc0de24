//! Limits how long a connection may keep the server waiting. A new connection must send a request within a timeout. A
//! connection whose client has closed its sending side stays open until the response is complete, also within a
//! timeout.
//!
//! A client may send its request, close its sending side (FIN) and wait for the response. On the wire, a client that
//! has gone away looks the same. So the end of the input is hidden from hyper while a response is in progress. A client
//! that waits gets its response, and a request whose client has gone is dropped after the timeout. A connection that is
//! reset ends at once.

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

/// How long a connection may take to send its first request.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a response may take after the client has closed its sending side.
const HALF_CLOSED_TIMEOUT: Duration = Duration::from_secs(10);

/// The state of the request and response on a connection. Shared between the connection and its handler.
#[derive(Debug, Clone, Default)]
pub(super) struct ExchangeState(Arc<AtomicU8>);

/// No request has arrived yet.
const NEW: u8 = 0;
/// The connection waits for the next request.
const IDLE: u8 = 1;
/// A response is in progress.
const RESPONDING: u8 = 2;
/// A response is complete, but may not be written yet.
const WRITING: u8 = 3;

impl ExchangeState {
    /// Records that a request has arrived. Its response is in progress until the returned guard is dropped.
    pub(super) fn begin(&self) -> RespondingGuard {
        self.0.store(RESPONDING, Ordering::Relaxed);
        RespondingGuard(self.clone())
    }

    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::Relaxed) == state
    }
}

/// Marks a response as in progress until it is dropped.
#[derive(Debug)]
pub(super) struct RespondingGuard(ExchangeState);

impl Drop for RespondingGuard {
    fn drop(&mut self) {
        self.0.0.store(WRITING, Ordering::Relaxed);
    }
}

/// A response body whose guard is dropped with it.
pub(super) struct TrackedBody {
    body: Body,
    _responding: RespondingGuard,
}

impl TrackedBody {
    pub(super) fn new(body: Body, responding: RespondingGuard) -> Self {
        Self { body, _responding: responding }
    }
}

impl HttpBody for TrackedBody {
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

/// A connection with these timeouts.
#[derive(Debug)]
pub(crate) struct TimedConnection<C> {
    connection: C,
    state: ExchangeState,
    /// The client has closed its sending side.
    has_ended: bool,
    timeout: Option<Pin<Box<Sleep>>>,
}

impl<C> TimedConnection<C> {
    pub(super) fn new(connection: C, state: ExchangeState) -> Self {
        Self { connection, state, has_ended: false, timeout: None }
    }

    /// Returns the connection, for an upgrade to another protocol.
    pub(crate) fn into_inner(self) -> C {
        self.connection
    }

    /// Waits for the timeout, which starts at the first call.
    fn poll_timeout(&mut self, timeout: Duration, cx: &mut Context<'_>) -> Poll<()> {
        self.timeout.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout))).as_mut().poll(cx)
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for TimedConnection<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.has_ended {
            let room = buffer.remaining();
            let polled = Pin::new(&mut this.connection).poll_read(cx, buffer);
            if polled.is_pending() && this.state.is(NEW) {
                return this.poll_timeout(START_TIMEOUT, cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
            }
            this.has_ended = matches!(polled, Poll::Ready(Ok(()))) && room > 0 && buffer.remaining() == room;
            if !this.state.is(NEW) {
                this.timeout = None;
            }
            if !this.has_ended {
                return polled;
            }
        }
        if this.state.is(RESPONDING) || this.state.is(WRITING) {
            return this.poll_timeout(HALF_CLOSED_TIMEOUT, cx).map(Ok);
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for TimedConnection<C> {
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

    /// Called when hyper has written the whole response.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.is(WRITING) {
            this.state.0.store(IDLE, Ordering::Relaxed);
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

    fn connection() -> (DuplexStream, TimedConnection<DuplexStream>, ExchangeState) {
        let (client, server) = duplex(64);
        let state = ExchangeState::default();
        (client, TimedConnection::new(server, state.clone()), state)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_times_out() {
        let (mut client, mut server, _) = connection();
        client.write_all(b"GET / HT").await.unwrap();
        let mut head = [0; 64];
        assert_eq!(server.read(&mut head).await.unwrap(), 8);
        assert_eq!(server.read(&mut head).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_be_idle_after_a_response() {
        let (client, mut server, state) = connection();
        assert!(poll!(std::pin::pin!(server.read_u8())).is_pending());
        drop(state.begin());
        server.flush().await.unwrap();
        let waited = tokio::time::timeout(START_TIMEOUT * 5, server.read_u8()).await;
        assert!(waited.is_err(), "the connection ended: {waited:?}");
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_input_is_hidden_until_the_response_is_written() {
        let (mut client, mut server, state) = connection();
        let responding = state.begin();
        client.shutdown().await.unwrap();
        assert!(poll!(std::pin::pin!(server.read_u8())).is_pending());
        drop(responding);
        assert!(poll!(std::pin::pin!(server.read_u8())).is_pending());
        server.flush().await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_input_is_reported_if_the_response_times_out() {
        let (mut client, mut server, state) = connection();
        let _responding = state.begin();
        client.shutdown().await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
