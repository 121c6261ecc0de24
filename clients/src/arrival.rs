//! Reads from a connection without holding a buffer while the connection is idle. Of 100,000 connections, nearly all
//! are idle.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use net::Stream;
use tokio::io::AsyncReadExt;

/// Buffer for one read, in bytes: room for a few events, and small enough to be cheap to allocate.
pub(crate) const READ_BYTES: usize = 1_000;
/// Largest buffer for one read of long data, in bytes. A larger one would not make the system calls cheaper per byte.
const LONG_READ_BYTES: usize = 64 * 1024;

/// Waits for bytes and appends those of one read. Returns their number, or 0 if the stream has ended. `expected` is how
/// many bytes are known to follow, and only sets the size of the read. Cancel safe.
pub(crate) async fn read_available(stream: &mut Stream, unread: &mut BytesMut, expected: usize) -> io::Result<usize> {
    poll_fn(|cx| poll_read_available(stream, unread, expected, cx)).await
}

/// The poll function of `read_available`.
pub(crate) fn poll_read_available(
    stream: &mut Stream,
    unread: &mut BytesMut,
    expected: usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    free_if_empty(unread);
    ready!(stream.poll_read_ready(cx))?;
    unread.reserve(expected.clamp(READ_BYTES, LONG_READ_BYTES));
    // With `poll`, tokio knows that a read that does not fill the buffer has drained the socket. `try_read` would need
    // one more system call to learn that.
    let read = pin!(stream.read_buf(unread)).poll(cx);
    if read.is_pending() {
        free_if_empty(unread);
    }
    read
}

/// Frees the buffer if it is empty.
pub(crate) fn free_if_empty(unread: &mut BytesMut) {
    if unread.is_empty() {
        *unread = BytesMut::new();
    }
}
