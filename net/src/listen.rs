//! Opens listening sockets.

use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

use crate::Stream;

/// Connections that may wait to be accepted. The kernel lowers this to its own limit.
const BACKLOG: i32 = 65_535;

/// The kernel refuses to listen on an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve on {address}: {source}")]
pub struct ListenError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// The error from the operating system.
    pub source: io::Error,
}

/// Listens on an address. Port 0 lets the kernel choose a port. Must be called inside a tokio runtime.
///
/// # Errors
/// The kernel refuses to listen on the address.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    open().map_err(|source| ListenError { address, source })
}

/// The listening socket of a client to which its server connects. Its streams count nothing.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on an address. Port 0 lets the kernel choose a port. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The kernel refuses to listen on the address.
    pub fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let socket = listen(address)?;
        let address = socket.local_addr().map_err(|source| ListenError { address, source })?;
        Ok(Self { socket, address })
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Polls for the next connection.
    ///
    /// # Errors
    /// The connection failed before it was accepted, or the process has no file descriptors left.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let accepted = ready!(self.socket.poll_accept(cx));
        Poll::Ready(accepted.and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            Ok(Stream::unmetered(stream))
        }))
    }
}
