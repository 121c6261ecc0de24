//! Where a client connects to, and how.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsRawFd,
};

use tokio::net::TcpSocket;

use crate::Stream;

/// How a connection is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Security {
    /// Not at all: plain TCP.
    #[default]
    Plain,
}

/// Where a client connects to, and how.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The server.
    pub server: SocketAddr,
    /// How the connection is secured.
    pub security: Security,
    /// Address to connect from. With a single address, a machine with many clients runs out of ports.
    pub source: Option<IpAddr>,
    /// Size of the receive buffer, in bytes as `SO_RCVBUF` counts them, for tests that rely on it. If absent, the
    /// kernel chooses. Libraries that open their own connections ignore it.
    pub receive_buffer_bytes: Option<u32>,
}

impl Endpoint {
    /// Creates an endpoint with this server. The kernel chooses the source address and the receive buffer.
    pub fn new(server: SocketAddr) -> Self {
        Self { server, security: Security::default(), source: None, receive_buffer_bytes: None }
    }

    /// Returns the server's name and port, as in the header `host` and in a URL.
    pub fn authority(&self) -> String {
        self.server.to_string()
    }

    /// Returns the scheme of an HTTP URL.
    pub fn http_scheme(&self) -> &'static str {
        match self.security {
            Security::Plain => "http",
        }
    }

    /// Returns the URL of an HTTP resource. The target starts with a slash.
    pub fn http_url(&self, target: &str) -> String {
        match self.security {
            Security::Plain => format!("http://{}{target}", self.server),
        }
    }

    /// Returns the URL of a WebSocket. The target starts with a slash.
    pub fn web_socket_url(&self, target: &str) -> String {
        match self.security {
            Security::Plain => format!("ws://{}{target}", self.server),
        }
    }

    /// Connects, with Nagle's algorithm turned off.
    ///
    /// # Errors
    /// The server does not answer, or the process has no file descriptors or ports left.
    pub async fn connect(self) -> io::Result<Stream> {
        let socket = if self.server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(source) = self.source {
            choose_port_late(&socket)?;
            socket.bind(SocketAddr::new(source, 0))?;
        }
        if let Some(bytes) = self.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_nodelay(true)?;
        socket.connect(self.server).await.map(Stream::unmetered)
    }
}

/// Lets the kernel choose the source port when it connects, so that the port need only be unique per destination.
#[expect(unsafe_code, reason = "no safe wrapper for IP_BIND_ADDRESS_NO_PORT: the call reads one integer")]
fn choose_port_late(socket: &TcpSocket) -> io::Result<()> {
    let enabled: libc::c_int = 1;
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const enabled).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
