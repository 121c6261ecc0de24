//! Counts the bytes and connections of a transport, and reads the kernel's own counts to check them.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::live::LiveList;

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

/// The counters of one transport, which its streams share.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) read_bytes: AtomicU64,
    pub(crate) written_bytes: AtomicU64,
    pub(crate) opened: AtomicU64,
    pub(crate) live: LiveList,
}

/// Reads the counters of a transport from any thread.
#[derive(Debug, Clone)]
pub struct Meter(pub(crate) Arc<Counters>);

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
