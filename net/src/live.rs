//! The open connections of a server. A connection whose peer stays silent is closed after a timeout, and earlier if the
//! process runs out of file descriptors.

use std::{
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use slab::Slab;

/// A connection is closed if its peer has not completed the handshake after this many checks.
const MAX_SILENT_CHECKS: u32 = 10;
/// Time between two checks.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// One open connection.
#[derive(Debug)]
struct Live {
    descriptor: RawFd,
    /// Checks since the connection was opened. `None` if the peer has completed its handshake.
    silent_checks: Option<u32>,
    /// Counts the connections in the order in which they were opened.
    number: u64,
}

/// Identifies an open connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key(usize);

#[derive(Debug, Default)]
struct Connections {
    live: Slab<Live>,
    opened: u64,
    silent: usize,
}

/// The open connections of a server.
#[derive(Debug, Default)]
pub(crate) struct LiveList(Mutex<Connections>);

impl LiveList {
    /// Adds a connection and returns its key. If it is silent, its peer must complete a handshake in time.
    pub(crate) fn insert(&self, socket: &impl AsRawFd, is_silent: bool) -> Key {
        let mut list = self.lock();
        list.opened += 1;
        list.silent += usize::from(is_silent);
        let number = list.opened;
        let descriptor = socket.as_raw_fd();
        Key(list.live.insert(Live { descriptor, silent_checks: is_silent.then_some(0), number }))
    }

    /// Removes a connection. Must be called before its descriptor is closed.
    pub(crate) fn remove(&self, key: Key) {
        let mut list = self.lock();
        let removed = list.live.remove(key.0);
        list.silent -= usize::from(removed.silent_checks.is_some());
    }

    /// Records that the peer has completed its handshake.
    pub(crate) fn mark_active(&self, key: Key) {
        let mut list = self.lock();
        let silent = list.live[key.0].silent_checks.take();
        list.silent -= usize::from(silent.is_some());
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().live.len()
    }

    /// Calls `action` with each open connection.
    pub(crate) fn for_each(&self, mut action: impl FnMut(BorrowedFd<'_>)) {
        let list = self.lock();
        list.live.iter().for_each(|(_, connection)| connection.with(&mut action));
    }

    /// Cuts every open connection.
    pub(crate) fn cut_all(&self) {
        self.for_each(cut);
    }

    /// Closes the older half of the silent connections (rounded up), to make room for new ones.
    pub(crate) fn make_room(&self) {
        let list = self.lock();
        let mut silent: Vec<&Live> =
            list.live.iter().map(|(_, connection)| connection).filter(|it| it.silent_checks.is_some()).collect();
        silent.sort_unstable_by_key(|connection| connection.number);
        silent.iter().take(silent.len().div_ceil(2)).for_each(|connection| connection.with(&mut cut_if_quiet));
    }

    /// Closes the connections that have been silent for too long.
    pub(crate) fn check(&self) {
        let mut list = self.lock();
        if list.silent == 0 {
            return;
        }
        for (_, connection) in &mut list.live {
            let Some(checks) = &mut connection.silent_checks else { continue };
            *checks += 1;
            if *checks > MAX_SILENT_CHECKS {
                connection.with(&mut cut_if_quiet);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.0.lock().expect("no holder panics")
    }
}

impl Live {
    fn with(&self, action: &mut impl FnMut(BorrowedFd<'_>)) {
        #[expect(
            unsafe_code,
            reason = "a connection is removed from this list, under its lock, before its socket is closed"
        )]
        action(unsafe { BorrowedFd::borrow_raw(self.descriptor) });
    }
}

/// Shuts the connection down, which both ends notice at once. Ignores a connection that has already ended.
fn cut(socket: BorrowedFd<'_>) {
    let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
}

/// Shuts the connection down unless it has unread bytes: they mean that the server is too busy to read, not that the
/// peer is silent.
fn cut_if_quiet(socket: BorrowedFd<'_>) {
    if rustix::io::ioctl_fionread(socket).is_ok_and(|unread_bytes| unread_bytes == 0) {
        cut(socket);
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use crate::Transport;

    /// Returns a transport, and this many peers with their connections.
    async fn connected(peers: usize) -> (Transport, Vec<(TcpStream, crate::Stream)>) {
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).expect("loopback has a free port");
        let mut pairs = Vec::new();
        for _ in 0..peers {
            let peer = TcpStream::connect(transport.address()).await.expect("the transport listens");
            pairs.push((peer, transport.accept().await));
        }
        (transport, pairs)
    }

    #[tokio::test(start_paused = true)]
    async fn closes_only_connections_without_a_complete_handshake() {
        let (transport, mut pairs) = connected(3).await;
        let (mut partial, partial_connection) = pairs.pop().unwrap();
        let (mut active, mut active_connection) = pairs.pop().unwrap();
        let (_silent, mut silent_connection) = pairs.pop().unwrap();
        let mut partial_connection = partial_connection.with_handshake(3);
        active.write_all(b"a").await.unwrap();
        assert_eq!(active_connection.read_u8().await.unwrap(), b'a');
        partial.write_all(b"ab").await.unwrap();
        assert_eq!(partial_connection.read_u16().await.unwrap(), u16::from_be_bytes(*b"ab"));
        // The clock is paused: it advances while all tasks wait.
        assert_eq!(silent_connection.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(partial_connection.read(&mut [0]).await.unwrap(), 0);
        active.write_all(b"b").await.unwrap();
        assert_eq!(active_connection.read_u8().await.unwrap(), b'b');
        assert_eq!(transport.meter().open_connections(), 3);
    }

    #[tokio::test]
    async fn making_room_closes_the_older_half_of_the_silent_connections() {
        let (transport, mut pairs) = connected(6).await;
        pairs[0].0.write_all(b"a").await.unwrap();
        assert_eq!(pairs[0].1.read_u8().await.unwrap(), b'a');
        transport.meter().0.live.make_room();
        for (_, connection) in &mut pairs[1..4] {
            assert_eq!(connection.read(&mut [0]).await.unwrap(), 0);
        }
        for kept in [0, 4, 5] {
            let (peer, connection) = &mut pairs[kept];
            peer.write_all(b"b").await.unwrap();
            assert_eq!(connection.read_u8().await.unwrap(), b'b');
        }
    }
}
