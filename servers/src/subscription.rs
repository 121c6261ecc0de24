//! A reader's place in the log: a cursor and a wake-up, and nothing that could fill up. It must not know any protocol.

use std::sync::Arc;

use crate::{
    fanout::Membership,
    hub::{Hub, Page, SymbolId, TooOld},
};

/// Why a subscription gives no more events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The cursor has left the ring.
    #[error(transparent)]
    TooOld(#[from] TooOld),
    /// The reader fell further behind than the queue limit; it may resume from its cursor.
    #[error("the subscriber fell too far behind: resume from {cursor}")]
    Overflow {
        /// Where to resume.
        cursor: u64,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

/// A reader's place in the log.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) hub: Arc<Hub>,
    pub(crate) symbols: Vec<SymbolId>,
    pub(crate) cursor: u64,
    pub(crate) membership: Membership,
}

impl Subscription {
    /// Waits for the next events: at least one, at most `Limits::batch_events`. Safe to drop while it waits.
    ///
    /// # Errors
    /// The subscription has ended.
    pub async fn next(&mut self) -> Result<Page, Ended> {
        loop {
            if self.hub.is_closed() {
                return Err(Ended::Closed);
            }
            if self.membership.take_pending() > self.hub.limits().queue_events {
                self.hub.count_overflow();
                return Err(Ended::Overflow { cursor: self.cursor });
            }
            // The membership was registered before this read, so an event between the two leaves a wake-up behind.
            let page = self.hub.read(&self.symbols, self.cursor)?;
            self.cursor = page.cursor;
            if !page.entries.is_empty() {
                return Ok(page);
            }
            self.membership.woken().await;
        }
    }

    /// Waits, without reading, until the subscription ends: for a reader that may take no more for now. Safe to drop
    /// while it waits.
    pub async fn ended(&mut self) -> Ended {
        loop {
            if self.hub.is_closed() {
                return Ended::Closed;
            }
            if self.membership.pending() > self.hub.limits().queue_events {
                self.hub.count_overflow();
                return Ended::Overflow { cursor: self.cursor };
            }
            self.membership.woken().await;
        }
    }

    /// Everything up to here has been read.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }
}
