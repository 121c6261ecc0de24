//! The sockets of the system under test. This module listens, accepts and connects, sets the socket options that every
//! approach shares, and counts every byte. `live` closes connections whose peer stays silent.
//!
//! This module must not know any protocol. All approaches use these sockets, so the bytes of clients from outside this
//! project are counted too.

mod live;

use std::{
    io,
    net::SocketAddr,
    os::fd::{AsRawFd, BorrowedFd},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::TaskTracker;

use self::live::LiveList;
use crate::{DRAIN_TIMEOUT, ServeError};

/// Connections that may wait to be accepted. The kernel lowers this to its own limit.
const BACKLOG: i32 = 65_535;
/// The kernel closes a connection whose peer has stopped reading for this long.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A peer counts as silent until it has sent this many bytes, unless its protocol has a longer handshake.
const MIN_HANDSHAKE_BYTES: usize = 1;
/// Pause before accepting again when the process has no file descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// Bytes and connections of one server so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes read from clients.
    pub client_to_server_bytes: u64,
    /// Bytes written to clients.
    pub server_to_client_bytes: u64,
    /// Connections accepted or opened.
    pub connections_opened: u64,
}

#[derive(Debug, Default)]
struct Shared {
    read_bytes: AtomicU64,
    written_bytes: AtomicU64,
    opened: AtomicU64,
    live: LiveList,
}

/// Reads the counters of a transport from any thread.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Shared>);

impl Meter {
    /// Returns the bytes and connections so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            client_to_server_bytes: self.0.read_bytes.load(Ordering::Relaxed),
            server_to_client_bytes: self.0.written_bytes.load(Ordering::Relaxed),
            connections_opened: self.0.opened.load(Ordering::Relaxed),
        }
    }

    /// Returns the number of open connections.
    pub fn open_connections(&self) -> usize {
        self.0.live.len()
    }

    /// Cuts every open connection, as a failing network would: both ends notice at once, and nothing is flushed.
    pub fn cut(&self) {
        self.0.live.cut_all();
    }

    /// Returns the kernel's byte counts of the connections that are open now. An independent check of `traffic`.
    pub fn kernel_traffic(&self) -> Traffic {
        let mut total = Traffic::default();
        self.0.live.for_each(|socket| {
            if let Ok(info) = tcp_info(socket) {
                total.client_to_server_bytes += info.tcpi_bytes_received;
                total.server_to_client_bytes += info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
                total.connections_opened += 1;
            }
        });
        total
    }
}

/// The listener and the connections of one server.
#[derive(Debug, Clone)]
pub struct Transport {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    shared: Arc<Shared>,
    send_buffer_bytes: Option<usize>,
    is_undated: bool,
}

impl Transport {
    /// Listens on an address. Port 0 lets the kernel choose a port. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The kernel refuses to listen on the address.
    pub fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let listen = || {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), None)?;
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            let listener = TcpListener::from_std(socket.into())?;
            let address = listener.local_addr()?;
            let shared = Arc::default();
            tokio::spawn(live::watch(Arc::downgrade(&shared)));
            Ok(Self { listener: Arc::new(listener), address, shared, send_buffer_bytes: None, is_undated: false })
        };
        listen().map_err(|source| ServeError::Socket { address, source })
    }

    /// Sets the send buffer size (`SO_SNDBUF`) of every connection, in bytes, for tests that rely on it. By default,
    /// the kernel chooses the size.
    pub fn with_send_buffer(self, bytes: usize) -> Self {
        Self { send_buffer_bytes: Some(bytes), ..self }
    }

    /// Omits the date from HTTP/2 responses, for tests that compare bytes between runs. Header compression makes the
    /// length of the date depend on the time.
    pub fn without_dates(self) -> Self {
        Self { is_undated: true, ..self }
    }

    /// Returns whether HTTP/2 responses omit the date.
    pub(crate) fn is_undated(&self) -> bool {
        self.is_undated
    }

    /// Returns the address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the counters of these sockets.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.shared))
    }

    /// Waits for the next connection, and skips connections that failed before they were accepted. While the process
    /// has no file descriptors left, new connections wait in the backlog, and silent ones are closed to make room.
    pub async fn accept(&self) -> Connection {
        loop {
            match self.listener.accept().await.and_then(|(stream, _)| self.set_up(stream, MIN_HANDSHAKE_BYTES)) {
                Ok(connection) => return connection,
                Err(error) if is_exhausted(&error) => {
                    self.shared.live.make_room();
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
    pub async fn connect(&self, address: SocketAddr) -> io::Result<Connection> {
        TcpStream::connect(address).await.and_then(|stream| self.set_up(stream, 0))
    }

    /// Sets the socket options and registers the connection. Its peer is silent until it has sent this many bytes.
    fn set_up(&self, stream: TcpStream, handshake_bytes: usize) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        let socket = SockRef::from(&stream);
        socket.set_tcp_user_timeout(Some(STALL_TIMEOUT))?;
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(bytes)?;
        }
        self.shared.opened.fetch_add(1, Ordering::Relaxed);
        let key = self.shared.live.insert(stream.as_raw_fd(), handshake_bytes > 0);
        Ok(Connection { stream, shared: Arc::clone(&self.shared), key, handshake_bytes })
    }
}

/// Waits for the tasks of a server's connections to end. Cuts connections that are still open after the drain timeout.
pub(crate) async fn drain(connections: TaskTracker, transport: &Transport) {
    connections.close();
    if tokio::time::timeout(DRAIN_TIMEOUT, connections.wait()).await.is_err() {
        transport.meter().cut();
        connections.wait().await;
    }
}

/// A connection of the system under test. Counts its bytes.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    /// Its key in the list of open connections.
    key: usize,
    /// Bytes that the peer must still send before it no longer counts as silent.
    handshake_bytes: usize,
}

impl Connection {
    /// Sets the minimum length of the protocol's handshake. The peer counts as silent until it has sent that many
    /// bytes. Must be called before the first read.
    pub(crate) fn with_handshake(mut self, bytes: usize) -> Self {
        self.handshake_bytes = bytes;
        self
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.live.remove(self.key);
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        this.shared.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        if this.handshake_bytes > 0 && read > 0 {
            this.handshake_bytes = this.handshake_bytes.saturating_sub(read);
            if this.handshake_bytes == 0 {
                this.shared.live.mark_active(this.key);
            }
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
        count_written(&this.shared, &polled);
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        count_written(&this.shared, &polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

fn count_written(shared: &Shared, polled: &Poll<io::Result<usize>>) {
    if let Poll::Ready(Ok(written)) = polled {
        shared.written_bytes.fetch_add(*written as u64, Ordering::Relaxed);
    }
}

fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

#[expect(unsafe_code, reason = "TCP_INFO has no safe wrapper; the call fills a plain struct whose size it is given")]
fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<libc::tcp_info> {
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    let status = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            std::ptr::from_mut(&mut info).cast(),
            &raw mut length,
        )
    };
    if status == 0 { Ok(info) } else { Err(io::Error::last_os_error()) }
}
