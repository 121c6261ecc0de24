//! Limits for messages that have arrived only in part: how long one may take, and how many bytes of them all
//! connections of a server may buffer together.

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

/// How long a body or a message may take to arrive, from its first byte to its last byte.
pub(crate) const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of bytes of unfinished messages that one server buffers.
const BUDGET_BYTES: usize = 16 * MESSAGE_LIMIT_BYTES;

/// The memory budget for unfinished messages, shared by all connections of a server. Counts the bytes in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Returns an empty reservation, for one message.
    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { budget: self.clone(), bytes: 0 }
    }

    /// Returns the number of bytes that are reserved.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The share of the budget that one message uses. Dropping it releases the bytes.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Budget,
    bytes: usize,
}

impl Reservation {
    /// Reserves additional bytes. Returns `false` if the server now exceeds its budget.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.budget.0.fetch_add(bytes, Ordering::Relaxed) + bytes <= BUDGET_BYTES
    }

    /// Releases all bytes.
    pub(crate) fn release(&mut self) {
        self.budget.0.fetch_sub(std::mem::take(&mut self.bytes), Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

/// The unfinished message of one connection or call.
#[derive(Debug)]
pub(crate) struct Unfinished {
    reservation: Reservation,
    bytes: usize,
    /// Started only if a message does not arrive whole, which is rare.
    timeout: Option<Pin<Box<Sleep>>>,
}

impl Unfinished {
    pub(crate) fn new(reservation: Reservation) -> Self {
        Self { reservation, bytes: 0, timeout: None }
    }

    /// Updates the count after a read: `has_ended` if a message was completed, and `bytes` of the next message that
    /// have arrived. Returns `false` if the server now exceeds its budget.
    pub(crate) fn count(&mut self, has_ended: bool, bytes: usize) -> bool {
        if has_ended && self.bytes > 0 {
            self.reservation.release();
            self.timeout = None;
            self.bytes = 0;
        }
        let more = bytes.saturating_sub(self.bytes);
        self.bytes = bytes;
        more == 0 || self.reservation.grow(more)
    }

    /// Completes when the rest of the message is late. Must be polled whenever a read is pending.
    pub(crate) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.bytes == 0 {
            return Poll::Pending;
        }
        self.timeout.get_or_insert_with(|| Box::pin(tokio::time::sleep(MESSAGE_TIMEOUT))).as_mut().poll(cx)
    }
}
