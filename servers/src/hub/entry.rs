//! One event of the log.

use std::sync::OnceLock;

use bytes::Bytes;
use proto::Quote;

/// One event in the ring.
#[derive(Debug)]
pub struct Entry {
    /// The quote that the event reports.
    pub quote: Quote,
    /// Sequence number of the previous event of the same symbol, or 0 if this is the first.
    pub(super) previous: u64,
    frame: OnceLock<Bytes>,
}

impl Entry {
    pub(super) fn new(quote: Quote, previous: u64) -> Self {
        Self { quote, previous, frame: OnceLock::new() }
    }

    /// Returns the event as this server's approach frames it. The first caller encodes it, the others share the bytes.
    pub fn frame(&self, encode: impl FnOnce(&Quote) -> Bytes) -> Bytes {
        self.frame.get_or_init(|| encode(&self.quote)).clone()
    }
}
