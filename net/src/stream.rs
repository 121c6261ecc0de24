//! One connection, at either end.

use std::{
    io,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{live::Key, meter::Counters};

/// One connection, at either end. The stream of a server counts its bytes; a client's bytes are those that its server
/// counts.
#[derive(Debug)]
pub struct Stream {
    /// Dropped before the socket, which must not be closed while it is registered.
    metered: Option<Metered>,
    socket: TcpStream,
}

/// The registration of a connection with the counters of its transport.
#[derive(Debug)]
struct Metered {
    counters: Arc<Counters>,
    key: Key,
    /// Bytes that the peer must still send before it no longer counts as silent.
    handshake_bytes: usize,
}

impl Stream {
    /// Wraps a connection that counts nothing.
    pub(crate) fn unmetered(socket: TcpStream) -> Self {
        Self { metered: None, socket }
    }

    /// Registers a connection. Its peer counts as silent until it has sent this many bytes.
    pub(crate) fn metered(socket: TcpStream, counters: Arc<Counters>, handshake_bytes: usize) -> Self {
        counters.opened.fetch_add(1, Ordering::Relaxed);
        let key = counters.live.insert(&socket, handshake_bytes > 0);
        Self { metered: Some(Metered { counters, key, handshake_bytes }), socket }
    }

    /// Sets the minimum length of the protocol's handshake. The peer counts as silent until it has sent that many
    /// bytes. Must be called before the first read.
    pub fn with_handshake(mut self, bytes: usize) -> Self {
        if let Some(metered) = &mut self.metered {
            metered.handshake_bytes = bytes;
        }
        self
    }

    /// Waits until the peer has sent something or closed the connection. It may wake too early.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(cx)
    }

    /// Returns whether the peer has neither sent bytes nor closed the connection. If it has sent bytes, one is lost.
    pub fn is_quiet(&self) -> bool {
        self.socket.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    fn count_written(&self, polled: &Poll<io::Result<usize>>) {
        if let (Some(metered), Poll::Ready(Ok(written))) = (&self.metered, polled) {
            metered.counters.written_bytes.fetch_add(*written as u64, Ordering::Relaxed);
        }
    }
}

impl Metered {
    fn count_read(&mut self, read: usize) {
        self.counters.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        if self.handshake_bytes > 0 && read > 0 {
            self.handshake_bytes = self.handshake_bytes.saturating_sub(read);
            if self.handshake_bytes == 0 {
                self.counters.live.mark_active(self.key);
            }
        }
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        self.counters.live.remove(self.key);
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.socket).poll_read(cx, buffer);
        if let Some(metered) = &mut this.metered {
            metered.count_read(buffer.filled().len() - before);
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.count_written(&polled);
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.socket).poll_write_vectored(cx, slices);
        this.count_written(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
