//! Reads what has arrived on a connection, and holds no memory while nothing has: of 100,000 connections nearly all wait.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::net::TcpStream;

/// Room for one read: a few events, and little enough for the allocator to have it at hand. What is longer takes more
/// reads.
const READ_BYTES: usize = 1_000;

/// Waits for bytes and appends them, as many as one read gives; 0 where the stream has ended. Safe to drop while it waits.
pub(crate) async fn arrive(stream: &TcpStream, unread: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|cx| poll_arrive(stream, unread, cx)).await
}

/// The same, polled.
pub(crate) fn poll_arrive(stream: &TcpStream, unread: &mut BytesMut, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    release(unread);
    loop {
        ready!(stream.poll_read_ready(cx))?;
        unread.reserve(READ_BYTES);
        match stream.try_read_buf(unread) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => release(unread),
            result => return Poll::Ready(result),
        }
    }
}

/// Gives the memory back where all has been read.
pub(crate) fn release(unread: &mut BytesMut) {
    if unread.is_empty() {
        *unread = BytesMut::new();
    }
}
