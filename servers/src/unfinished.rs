//! Messages that have arrived only in part: bounded in time, and in the sum over all connections of a server.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use proto::wire::MESSAGE_LIMIT_BYTES;
use tokio::time::Sleep;

/// How long a body or a message may take to arrive, from its first byte to its last.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// All bytes of unfinished messages that one server keeps.
const SUM_LIMIT_BYTES: usize = 16 * MESSAGE_LIMIT_BYTES;

/// Bytes of unfinished messages, over all connections of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room(Arc<AtomicUsize>);

impl Room {
    /// A place for one message.
    pub(crate) fn place(&self) -> Place {
        Place { room: self.clone(), bytes: 0 }
    }

    /// Bytes that are taken.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The part of a room that one message takes; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Room,
    bytes: usize,
}

impl Place {
    /// Takes this many more bytes. Returns `false` if the server has too many bytes of unfinished messages.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.room.0.fetch_add(bytes, Ordering::Relaxed) + bytes <= SUM_LIMIT_BYTES
    }

    /// Gives everything back.
    pub(crate) fn clear(&mut self) {
        self.room.0.fetch_sub(std::mem::take(&mut self.bytes), Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The message of one connection that has arrived only in part.
#[derive(Debug)]
pub(crate) struct Unfinished {
    place: Place,
    bytes: usize,
    /// As a rule a message comes whole, and no timer is started.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Unfinished {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, bytes: 0, limit: None }
    }

    /// Counts what has arrived: whether a message ended, and how many bytes of the next one are there. Returns `false`
    /// if the server has too many bytes of unfinished messages.
    pub(crate) fn count(&mut self, has_ended: bool, bytes: usize) -> bool {
        if has_ended && self.bytes > 0 {
            self.place.clear();
            self.limit = None;
            self.bytes = 0;
        }
        let more = bytes.saturating_sub(self.bytes);
        self.bytes = bytes;
        more == 0 || self.place.take(more)
    }

    /// Ready when the rest of the message is late. To be asked while nothing arrives.
    pub(crate) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.bytes == 0 {
            return Poll::Pending;
        }
        self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(LIMIT))).as_mut().poll(cx)
    }
}
