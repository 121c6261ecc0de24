//! Sockets of the system under test: listening, accepting, connecting, the options that every approach shares, the end
//! of peers that say nothing (in `live`), and the count of every byte that crosses them.
//!
//! It must not know any protocol. Bytes are counted here, at the one place that all approaches pass, so that a foreign
//! client's are counted too.

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
use crate::{DRAIN_LIMIT, ServeError};

/// Connections that may wait to be accepted; the system lowers it to its own limit.
const BACKLOG: i32 = 65_535;
/// The system ends a connection whose peer has not taken data for this long: what bounds a reader that stopped reading.
const STALL_LIMIT: Duration = Duration::from_secs(30);
/// Bytes with which a peer has said something, unless its protocol has a longer handshake.
const SPOKEN_BYTES: usize = 1;
/// Pause before accepting again when the process has no descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// What has crossed the sockets of one server so far.
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
    /// What has crossed the sockets so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            client_to_server_bytes: self.0.read_bytes.load(Ordering::Relaxed),
            server_to_client_bytes: self.0.written_bytes.load(Ordering::Relaxed),
            connections_opened: self.0.opened.load(Ordering::Relaxed),
        }
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.0.live.len()
    }

    /// Cuts every open connection, as a failing network would: both ends see it at once, nothing is flushed.
    pub fn cut(&self) {
        self.0.live.cut_all();
    }

    /// What the kernel has counted on the connections that are open now: an independent check of `traffic`.
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

/// The sockets of one server.
#[derive(Debug, Clone)]
pub struct Transport {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    shared: Arc<Shared>,
    send_buffer_bytes: Option<usize>,
    is_undated: bool,
}

impl Transport {
    /// Listens on an address; port 0 lets the system choose. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The address cannot be listened on.
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

    /// Gives every connection a send buffer of this size, in bytes as `SO_SNDBUF` counts them, for a test that relies
    /// on it; otherwise the kernel chooses.
    pub fn with_send_buffer(self, bytes: usize) -> Self {
        Self { send_buffer_bytes: Some(bytes), ..self }
    }

    /// Leaves the date out of HTTP/2 responses, where header compression makes its length depend on the time, for a test
    /// that compares bytes between runs.
    pub fn without_dates(self) -> Self {
        Self { is_undated: true, ..self }
    }

    /// Whether HTTP/2 responses leave out their date.
    pub(crate) fn is_undated(&self) -> bool {
        self.is_undated
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The counters of these sockets.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.shared))
    }

    /// Waits for the next connection. A connection that failed before it was taken is passed over. While the process
    /// has no descriptor left, the others wait in the backlog, and peers that have said nothing make room for them.
    pub async fn accept(&self) -> Connection {
        loop {
            match self.listener.accept().await.and_then(|(stream, _)| self.adopt(stream, SPOKEN_BYTES)) {
                Ok(connection) => return connection,
                Err(error) if is_exhausted(&error) => {
                    self.shared.live.make_room();
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
                Err(_) => {}
            }
        }
    }

    /// Opens a connection, for an approach whose server calls its clients.
    ///
    /// # Errors
    /// The address does not answer, or no descriptor or port is left.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<Connection> {
        TcpStream::connect(address).await.and_then(|stream| self.adopt(stream, 0))
    }

    fn adopt(&self, stream: TcpStream, silent_bytes: usize) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        let socket = SockRef::from(&stream);
        socket.set_tcp_user_timeout(Some(STALL_LIMIT))?;
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(bytes)?;
        }
        self.shared.opened.fetch_add(1, Ordering::Relaxed);
        let place = self.shared.live.insert(stream.as_raw_fd(), silent_bytes > 0);
        Ok(Connection { stream, shared: Arc::clone(&self.shared), place, silent_bytes })
    }
}

/// Waits for the tasks of a server's connections to end, and cuts those that do not within the drain limit.
pub(crate) async fn drain(connections: TaskTracker, transport: &Transport) {
    connections.close();
    if tokio::time::timeout(DRAIN_LIMIT, connections.wait()).await.is_err() {
        transport.meter().cut();
        connections.wait().await;
    }
}

/// One connection of the system under test, metered.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    place: usize,
    /// Bytes that must still come before its peer counts as one that speaks.
    silent_bytes: usize,
}

impl Connection {
    /// The peer speaks a protocol whose handshake has at least this many bytes: until they have come, it has said
    /// nothing. Must be called before the first read.
    pub(crate) fn with_handshake(mut self, bytes: usize) -> Self {
        self.silent_bytes = bytes;
        self
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.live.remove(self.place);
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        this.shared.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        if this.silent_bytes > 0 && read > 0 {
            this.silent_bytes = this.silent_bytes.saturating_sub(read);
            if this.silent_bytes == 0 {
                this.shared.live.has_spoken(this.place);
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

#[expect(unsafe_code, reason = "no safe wrapper for TCP_INFO: the call fills a plain structure of the size it is told")]
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
