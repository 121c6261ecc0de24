//! The connections of a server that are open now, and those among them whose peer has said nothing yet: they are closed
//! after a while, and sooner when they keep others out.

use std::{
    os::fd::{BorrowedFd, RawFd},
    sync::{Mutex, MutexGuard, Weak},
    time::Duration,
};

use slab::Slab;

use super::Shared;

/// A peer that has not completed its handshake after this many looks is closed.
const SILENT_LOOKS: u32 = 10;
/// Time between two looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// One open connection.
#[derive(Debug)]
struct Live {
    descriptor: RawFd,
    /// Looks since it was opened, while its peer has not completed its handshake; `None` afterwards.
    silent_looks: Option<u32>,
    /// Its place among all connections that were opened.
    number: u64,
}

#[derive(Debug, Default)]
struct Connections {
    live: Slab<Live>,
    opened: u64,
    silent: usize,
}

/// All open connections of a server.
#[derive(Debug, Default)]
pub(super) struct LiveList(Mutex<Connections>);

impl LiveList {
    /// Adds a connection, and returns its place. A silent one has a peer that must say something soon.
    pub(super) fn insert(&self, descriptor: RawFd, is_silent: bool) -> usize {
        let mut list = self.lock();
        list.opened += 1;
        list.silent += usize::from(is_silent);
        let number = list.opened;
        list.live.insert(Live { descriptor, silent_looks: is_silent.then_some(0), number })
    }

    /// Removes a connection. Must be called before its descriptor is closed.
    pub(super) fn remove(&self, place: usize) {
        let mut list = self.lock();
        let removed = list.live.remove(place);
        list.silent -= usize::from(removed.silent_looks.is_some());
    }

    /// The peer has completed its handshake.
    pub(super) fn has_spoken(&self, place: usize) {
        let mut list = self.lock();
        let silent = list.live[place].silent_looks.take();
        list.silent -= usize::from(silent.is_some());
    }

    pub(super) fn len(&self) -> usize {
        self.lock().live.len()
    }

    /// Calls this with each open connection.
    pub(super) fn for_each(&self, mut action: impl FnMut(BorrowedFd<'_>)) {
        let list = self.lock();
        list.live.iter().for_each(|(_, connection)| connection.with(&mut action));
    }

    /// Cuts every open connection.
    pub(super) fn cut_all(&self) {
        self.for_each(cut);
    }

    /// Closes the older half of the silent connections, at least one, to make room for peers that speak.
    pub(super) fn make_room(&self) {
        let list = self.lock();
        let mut silent: Vec<&Live> =
            list.live.iter().map(|(_, connection)| connection).filter(|it| it.silent_looks.is_some()).collect();
        silent.sort_unstable_by_key(|connection| connection.number);
        silent.iter().take(silent.len().div_ceil(2)).for_each(|connection| connection.with(&mut cut_if_quiet));
    }

    /// Closes the connections that have been silent for too long.
    fn look(&self) {
        let mut list = self.lock();
        if list.silent == 0 {
            return;
        }
        for (_, connection) in &mut list.live {
            let Some(looks) = &mut connection.silent_looks else { continue };
            *looks += 1;
            if *looks > SILENT_LOOKS {
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
        #[expect(unsafe_code, reason = "a connection leaves this list, under its lock, before it closes its socket")]
        action(unsafe { BorrowedFd::borrow_raw(self.descriptor) });
    }
}

/// Both ends see it at once. A connection that has just ended by itself needs no cutting.
fn cut(socket: BorrowedFd<'_>) {
    let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
}

/// A server that is too busy to read does not take its clients for silent.
fn cut_if_quiet(socket: BorrowedFd<'_>) {
    if rustix::io::ioctl_fionread(socket).is_ok_and(|unread_bytes| unread_bytes == 0) {
        cut(socket);
    }
}

/// Looks at the silent connections until the transport is gone.
pub(super) async fn watch(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.live.look();
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use crate::Transport;

    /// A transport, and what this many peers and their connections are.
    async fn connected(peers: usize) -> (Transport, Vec<(TcpStream, crate::Connection)>) {
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).expect("loopback has a free port");
        let mut pairs = Vec::new();
        for _ in 0..peers {
            let peer = TcpStream::connect(transport.address()).await.expect("it listens");
            pairs.push((peer, transport.accept().await));
        }
        (transport, pairs)
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_nothing_is_closed_and_one_that_speaks_is_kept() {
        let (transport, mut pairs) = connected(3).await;
        let (mut begun, begun_connection) = pairs.pop().unwrap();
        let (mut spoken, mut spoken_connection) = pairs.pop().unwrap();
        let (_silent, mut silent_connection) = pairs.pop().unwrap();
        let mut begun_connection = begun_connection.with_handshake(3);
        spoken.write_all(b"a").await.unwrap();
        assert_eq!(spoken_connection.read_u8().await.unwrap(), b'a');
        begun.write_all(b"ab").await.unwrap();
        assert_eq!(begun_connection.read_u16().await.unwrap(), u16::from_be_bytes(*b"ab"));
        // The time is the test's own: it passes while everybody waits.
        assert_eq!(silent_connection.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(begun_connection.read(&mut [0]).await.unwrap(), 0);
        spoken.write_all(b"b").await.unwrap();
        assert_eq!(spoken_connection.read_u8().await.unwrap(), b'b');
        assert_eq!(transport.meter().open_connections(), 3);
    }

    #[tokio::test]
    async fn the_older_half_of_those_that_say_nothing_makes_room() {
        let (transport, mut pairs) = connected(6).await;
        pairs[0].0.write_all(b"a").await.unwrap();
        assert_eq!(pairs[0].1.read_u8().await.unwrap(), b'a');
        transport.shared.live.make_room();
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
