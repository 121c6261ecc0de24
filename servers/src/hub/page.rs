//! What a read of the log brings: events, or the reason why there are none.

use std::{num::NonZeroUsize, sync::Arc};

use proto::Cursor;

use super::Entry;

/// Events read from the ring.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Events in the order of their sequence numbers; empty where nothing is new.
    pub entries: Vec<Arc<Entry>>,
    /// Where to read on.
    pub cursor: Cursor,
    /// More events are in the ring already.
    pub has_more: bool,
}

impl Page {
    /// The first events of this page; what is left out comes after its cursor.
    pub fn at_most(mut self, events: NonZeroUsize) -> Self {
        if let Some(last) = self.entries.get(events.get() - 1).filter(|_| self.entries.len() > events.get()) {
            self.cursor.sequence = last.quote.sequence;
            self.has_more = true;
            self.entries.truncate(events.get());
        }
        self
    }
}

/// A cursor from which nobody can go on: an event after it has left the ring, this log has not come so far, or it is of
/// another log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("events after {after} are not kept here: start again from {head}")]
pub struct TooOld {
    /// The cursor that was sent.
    pub after: Cursor,
    /// The place after the newest event.
    pub head: Cursor,
}

/// Names that select no symbols of the feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// A client that names no symbol would wait for events that never come.
    #[error("name at least one symbol")]
    Missing,
    /// The feed does not have this symbol.
    #[error("unknown symbol `{}`", .0.escape_debug())]
    Unknown(String),
}
