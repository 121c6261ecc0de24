//! Reads what has arrived on a connection, and holds no memory while nothing has: of 100,000 connections nearly all
//! wait.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Room for one read: a few events, and little enough for the allocator to have it at hand.
pub(crate) const READ_BYTES: usize = 1_000;
/// Room for one read of something that is known to be long: more would not make the calls cheaper per byte.
const LONG_READ_BYTES: usize = 64 * 1024;

/// Waits for bytes and appends them, as many as one read gives; 0 if the stream has ended. `expected` is how many bytes
/// are known to come, and only sizes the read. Safe to drop while it waits.
pub(crate) async fn arrive(stream: &mut TcpStream, unread: &mut BytesMut, expected: usize) -> io::Result<usize> {
    poll_fn(|cx| poll_arrive(stream, unread, expected, cx)).await
}

/// The same, polled.
pub(crate) fn poll_arrive(
    stream: &mut TcpStream,
    unread: &mut BytesMut,
    expected: usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    release(unread);
    ready!(stream.poll_read_ready(cx))?;
    unread.reserve(expected.clamp(READ_BYTES, LONG_READ_BYTES));
    // Polled, a read that does not fill its room is known to have taken everything; `try_read` would ask once more.
    let read = pin!(stream.read_buf(unread)).poll(cx);
    if read.is_pending() {
        release(unread);
    }
    read
}

/// Gives the memory back where all has been read.
pub(crate) fn release(unread: &mut BytesMut) {
    if unread.is_empty() {
        *unread = BytesMut::new();
    }
}
