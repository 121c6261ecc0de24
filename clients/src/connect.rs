//! Opens a client's own connection, with the options that every approach shares.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsRawFd,
};

use tokio::net::{TcpSocket, TcpStream};

/// Where a client connects to, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The server.
    pub server: SocketAddr,
    /// Address to connect from, where the system's choice would run out of ports.
    pub source: Option<IpAddr>,
    /// Size of a connection's receive buffer, in bytes as `SO_RCVBUF` counts them, for tests that rely on it. If
    /// absent, the kernel chooses. Libraries that open their own connections ignore it.
    pub receive_buffer_bytes: Option<u32>,
}

impl Endpoint {
    /// A server, with the source address and the buffers that the kernel chooses.
    pub fn new(server: SocketAddr) -> Self {
        Self { server, source: None, receive_buffer_bytes: None }
    }

    /// Connects, without Nagle's delay.
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

/// Has the system choose the port at connect time, when it need only be unique for this pair of addresses.
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
