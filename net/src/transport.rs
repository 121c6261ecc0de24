//! The sockets of a server: listens, accepts and connects, sets the socket options that every approach shares, and
//! counts every byte. All approaches use these sockets, so the bytes of clients from outside this project are counted
//! too.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Weak},
    time::Duration,
};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

use crate::{ListenError, Meter, Stream, listen::listen, live::CHECK_INTERVAL, meter::Counters};

/// The kernel closes a connection whose peer has stopped reading for this long.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A peer counts as silent until it has sent this many bytes, unless its protocol has a longer handshake.
const MIN_HANDSHAKE_BYTES: usize = 1;
/// Pause before accepting again when the process has no file descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// The listener and the connections of one server.
#[derive(Debug, Clone)]
pub struct Transport {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    counters: Arc<Counters>,
    send_buffer_bytes: Option<usize>,
}

impl Transport {
    /// Listens on an address. Port 0 lets the kernel choose a port. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The kernel refuses to listen on the address.
    pub fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let listener = listen(address)?;
        let address = listener.local_addr().map_err(|source| ListenError { address, source })?;
        let counters = Arc::default();
        tokio::spawn(watch(Arc::downgrade(&counters)));
        Ok(Self { listener: Arc::new(listener), address, counters, send_buffer_bytes: None })
    }

    /// Sets the send buffer size (`SO_SNDBUF`) of every connection, in bytes, for tests that rely on it. By default,
    /// the kernel chooses the size.
    pub fn with_send_buffer(self, bytes: usize) -> Self {
        Self { send_buffer_bytes: Some(bytes), ..self }
    }

    /// Returns the address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the counters of these sockets.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.counters))
    }

    /// Waits for the next connection, and skips connections that failed before they were accepted. While the process
    /// has no file descriptors left, new connections wait in the backlog, and silent ones are closed to make room.
    pub async fn accept(&self) -> Stream {
        loop {
            match self.listener.accept().await.and_then(|(stream, _)| self.set_up(stream, MIN_HANDSHAKE_BYTES)) {
                Ok(stream) => return stream,
                Err(error) if is_exhausted(&error) => {
                    self.counters.live.make_room();
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
                Err(_) => {}
            }
        }
    }

    /// Opens a connection, for an approach whose server connects to its clients.
    ///
    /// # Errors
    /// The address does not answer, or the process has no file descriptors or ports left.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<Stream> {
        TcpStream::connect(address).await.and_then(|stream| self.set_up(stream, 0))
    }

    /// Sets the socket options and registers the connection. Its peer is silent until it has sent this many bytes.
    fn set_up(&self, socket: TcpStream, handshake_bytes: usize) -> io::Result<Stream> {
        socket.set_nodelay(true)?;
        let options = SockRef::from(&socket);
        options.set_tcp_user_timeout(Some(STALL_TIMEOUT))?;
        if let Some(bytes) = self.send_buffer_bytes {
            options.set_send_buffer_size(bytes)?;
        }
        Ok(Stream::metered(socket, Arc::clone(&self.counters), handshake_bytes))
    }
}

/// Checks for silent connections at an interval, until the transport is dropped.
async fn watch(counters: Weak<Counters>) {
    loop {
        tokio::time::sleep(CHECK_INTERVAL).await;
        let Some(counters) = counters.upgrade() else { return };
        counters.live.check();
    }
}

fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
