//! The results of a read of the log: events, or the reason why it failed.

use std::{num::NonZeroUsize, sync::Arc};

use proto::Cursor;

use super::entry::Entry;

/// Events read from the ring.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Events in the order of their sequence numbers. Empty if there is no new event.
    pub entries: Vec<Arc<Entry>>,
    /// The cursor for the next read.
    pub cursor: Cursor,
    /// The ring already contains more events.
    pub has_more: bool,
}

impl Page {
    /// Limits this page to its first events. The next read from its cursor returns the others.
    pub fn at_most(mut self, events: NonZeroUsize) -> Self {
        if let Some(last) = self.entries.get(events.get() - 1).filter(|_| self.entries.len() > events.get()) {
            self.cursor.sequence = last.quote.sequence;
            self.has_more = true;
            self.entries.truncate(events.get());
        }
        self
    }
}

/// A cursor that cannot be resumed from: an event after it is no longer in the ring, it is after the newest event, or
/// it belongs to another log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("events after {after} are not available: start again from {head}")]
pub struct TooOld {
    /// The cursor of the request.
    pub after: Cursor,
    /// The cursor after the newest event.
    pub head: Cursor,
}

/// A list of symbols that cannot be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// The list is empty. A client without symbols would wait forever.
    #[error("name at least one symbol")]
    Missing,
    /// The feed does not have this symbol.
    #[error("unknown symbol `{}`", .0.escape_debug())]
    Unknown(String),
}
