//! Opens the TCP connection of one client, with the options that all approaches share.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsRawFd,
};

use tokio::net::{TcpSocket, TcpStream};

/// The addresses that a client connects to and from.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The server.
    pub server: SocketAddr,
    /// Address to connect from. With a single address, a machine with many clients runs out of ports.
    pub source: Option<IpAddr>,
    /// Size of the receive buffer, in bytes as `SO_RCVBUF` counts them, for tests that rely on it. If absent, the
    /// kernel chooses. Libraries that open their own connections ignore it.
    pub receive_buffer_bytes: Option<u32>,
}

impl Endpoint {
    /// Creates an endpoint with this server. The kernel chooses the source address and the receive buffer.
    pub fn new(server: SocketAddr) -> Self {
        Self { server, source: None, receive_buffer_bytes: None }
    }

    /// Connects with Nagle's algorithm turned off.
    pub(crate) async fn connect(self) -> io::Result<TcpStream> {
        let socket = if self.server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(source) = self.source {
            choose_port_late(&socket)?;
            socket.bind(SocketAddr::new(source, 0))?;
        }
        if let Some(bytes) = self.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_nodelay(true)?;
        socket.connect(self.server).await
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
