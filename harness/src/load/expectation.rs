//! The events that a worker's clients must receive: the feed of the server, computed again here. The oracle asks
//! only this module, so that events whose sequence and time are known in another way need no other oracle.

use proto::Quote;
use scenario::feed::{Feed, FeedEvent, FeedSpec};

/// The events to expect, in the order of their sequence numbers.
#[derive(Debug)]
pub struct Expectation {
    spec: FeedSpec,
    feed: Feed,
    names: Vec<String>,
}

impl Expectation {
    /// Expects the events of a feed.
    pub fn from_feed(spec: &FeedSpec) -> Self {
        Self { feed: Feed::new(spec), names: spec.symbol_names(), spec: spec.clone() }
    }

    /// Sets the wall-clock time of the start, which the events' timestamps count from.
    pub(super) fn set_epoch(&mut self, epoch_ms: i64) {
        self.spec.epoch_ms = epoch_ms;
    }

    /// Returns the next event, or `None` after the last.
    pub(super) fn next(&mut self) -> Option<FeedEvent> {
        self.feed.next()
    }

    /// Returns whether a quote is this event, unchanged.
    pub(super) fn is_event(&self, quote: &Quote, event: &FeedEvent) -> bool {
        event.is_quote(quote, &self.spec, &self.names[event.symbol as usize])
    }

    /// Returns the number of symbols.
    pub(super) fn symbols(&self) -> usize {
        self.names.len()
    }

    /// Returns the index of the symbol with this name.
    pub(super) fn symbol(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Returns the indices of the symbols that a client of the trial follows.
    pub(super) fn symbols_of(&self, client: u32, symbols_per_client: u32) -> impl Iterator<Item = u32> + use<> {
        self.spec.symbols_of(client, symbols_per_client)
    }
}
