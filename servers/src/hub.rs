//! The event log that every approach serves from: a bounded ring with monotonic sequence numbers, the latest quote of
//! each symbol, and subscriptions that read the ring from a cursor.
//!
//! A subscription has no queue. It consists of a cursor and a wake-up, and its unread events are in the ring. So a slow
//! reader needs no additional memory, and the queue limit is a count. This module must not know any protocol.

mod entry;
mod page;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use proto::{Cursor, Epoch, Quote};

pub use self::{
    entry::Entry,
    page::{Page, SymbolError, TooOld},
};
pub use crate::fanout::SymbolId;
use crate::{Subscription, fanout::Fanout};

/// Limits that are the same for every approach.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Events that the ring keeps, for clients that reconnect.
    pub replay_events: usize,
    /// Events that a subscription may fall behind before the server ends it.
    pub queue_events: u64,
    /// Maximum number of events in one read, and therefore in one write to a socket.
    pub batch_events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { replay_events: 16_384, queue_events: 1_024, batch_events: 64 }
    }
}

/// The event log of one server process.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    epoch: Epoch,
    names: HashMap<String, SymbolId>,
    ring: RwLock<VecDeque<Arc<Entry>>>,
    /// The newest sequence number. It is stored after the event is in the ring.
    head: AtomicU64,
    /// The newest event of each symbol, by index. Before the first event, it is the opening quote.
    latest: Vec<RwLock<Arc<Entry>>>,
    closed: AtomicBool,
    overflows: AtomicU64,
    fanout: Fanout,
}

impl Hub {
    /// Creates an empty log of these symbols with a random epoch. Must be called inside a tokio runtime, because the
    /// fan-out spawns its tasks there.
    pub fn new(symbols: &[String], limits: Limits) -> Arc<Self> {
        // Each `RandomState` has new random keys.
        let random = RandomState::new().hash_one(0_u8);
        Self::with_epoch(symbols, limits, Epoch::new(random as u32))
    }

    /// Creates an empty log with this epoch, for a server that restarts with the log that it had before.
    pub fn with_epoch(symbols: &[String], limits: Limits, epoch: Epoch) -> Arc<Self> {
        let opening = |name: &String| {
            let quote = Quote { symbol: name.clone(), ..Quote::default() };
            RwLock::new(Arc::new(Entry::new(quote, 0)))
        };
        let hub = Arc::new(Self {
            limits,
            epoch,
            names: symbols.iter().cloned().zip(0..).collect(),
            ring: RwLock::new(VecDeque::with_capacity(limits.replay_events)),
            head: AtomicU64::new(0),
            latest: symbols.iter().map(opening).collect(),
            closed: AtomicBool::new(false),
            overflows: AtomicU64::new(0),
            fanout: Fanout::default(),
        });
        hub.fanout.spawn();
        hub
    }

    /// Adds the next event. Its sequence number must be greater than the last one. Only one thread may call this.
    pub fn publish(&self, quote: Quote) {
        let symbol = self.names[&quote.symbol];
        let sequence = quote.sequence;
        let mut latest = self.latest[symbol as usize].write().expect("no reader panics");
        let entry = Arc::new(Entry::new(quote, latest.quote.sequence));
        self.append(Arc::clone(&entry));
        *latest = entry;
        drop(latest);
        self.head.store(sequence, Ordering::Release);
        self.fanout.signal(symbol);
    }

    /// Ends all subscriptions, including future ones.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.fanout.close();
    }

    /// Returns the limits that are the same for every approach.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the newest sequence number, or 0 before the first event.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// Returns the cursor that points just after this event of this log.
    pub fn cursor(&self, sequence: u64) -> Cursor {
        Cursor { epoch: Some(self.epoch), sequence }
    }

    /// Returns how many subscriptions were ended because their reader fell behind.
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }

    /// Returns the indices of these symbols without duplicates: a client that names a symbol twice must not receive its
    /// events twice.
    ///
    /// # Errors
    /// The list is empty, or the feed does not have one of the symbols. The error reports the first unknown symbol.
    pub fn resolve<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Vec<SymbolId>, SymbolError> {
        let resolve = |name: &str| self.names.get(name).copied().ok_or_else(|| SymbolError::Unknown(name.to_owned()));
        let symbols = names.into_iter().map(resolve).collect::<Result<BTreeSet<_>, _>>()?;
        if symbols.is_empty() { Err(SymbolError::Missing) } else { Ok(symbols.into_iter().collect()) }
    }

    /// Returns the newest event of a symbol, or its opening quote, which has sequence number 0.
    pub fn latest(&self, symbol: SymbolId) -> Arc<Entry> {
        Arc::clone(&self.latest[symbol as usize].read().expect("no writer panics"))
    }

    /// Returns the events of these symbols after a cursor, oldest first, at most `Limits::batch_events`.
    ///
    /// # Errors
    /// One of these events is no longer in the ring, or the cursor is after the newest event or belongs to another log.
    pub fn read(&self, symbols: &[SymbolId], after: impl Into<Cursor>) -> Result<Page, TooOld> {
        let (after, head) = (after.into(), self.head());
        let too_old = || TooOld { after, head: self.cursor(head) };
        if after.sequence > head || after.epoch.is_some_and(|epoch| epoch != self.epoch) {
            return Err(too_old());
        }
        let mut entries = self.collect(symbols, after.sequence, head).ok_or_else(too_old)?;
        let has_more = entries.len() > self.limits.batch_events;
        entries.truncate(self.limits.batch_events);
        let cursor = if has_more { entries.last().map_or(head, |entry| entry.quote.sequence) } else { head };
        Ok(Page { entries, cursor: self.cursor(cursor), has_more })
    }

    /// Subscribes to these symbols from a cursor, or from now on. The first read returns an error if the cursor is too
    /// old.
    pub fn subscribe(self: &Arc<Self>, symbols: Vec<SymbolId>, after: Option<Cursor>) -> Subscription {
        let membership = self.fanout.join(&symbols);
        // A cursor without an epoch belongs to this log.
        let cursor = after.map_or_else(
            || self.cursor(self.head()),
            |after| Cursor { epoch: after.epoch.or(Some(self.epoch)), ..after },
        );
        Subscription { hub: Arc::clone(self), symbols, cursor, membership }
    }

    /// Returns the number of events of these symbols after a sequence number, or `u64::MAX` if one of them is no longer
    /// in the ring.
    pub(crate) fn backlog(&self, symbols: &[SymbolId], after: u64) -> u64 {
        self.collect(symbols, after, self.head()).map_or(u64::MAX, |entries| entries.len() as u64)
    }

    pub(crate) fn count_overflow(&self) {
        self.overflows.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn append(&self, entry: Arc<Entry>) {
        let mut ring = self.ring.write().expect("no reader panics");
        if ring.len() == self.limits.replay_events {
            ring.pop_front();
        }
        ring.push_back(entry);
    }

    /// Returns the events of these symbols after a sequence number, up to `head`, oldest first. Returns `None` if one
    /// of them is no longer in the ring.
    ///
    /// It follows the chain of each symbol back from its newest event, so an idle symbol costs one comparison.
    fn collect(&self, symbols: &[SymbolId], after: u64, head: u64) -> Option<Vec<Arc<Entry>>> {
        let mut entries = Vec::new();
        for &symbol in symbols {
            let mut next = self.latest(symbol);
            if next.quote.sequence <= after {
                continue;
            }
            let ring = self.ring.read().expect("no writer panics");
            loop {
                let previous = next.previous;
                // An event after `head` belongs to the next page, because an earlier event of another symbol may be
                // missing from `entries`.
                if next.quote.sequence <= head {
                    entries.push(next);
                }
                if previous <= after {
                    break;
                }
                next = Arc::clone(find(&ring, previous)?);
            }
        }
        entries.sort_unstable_by_key(|entry| entry.quote.sequence);
        Some(entries)
    }
}

/// Returns the entry with this sequence number. Usually the ring holds consecutive numbers, and the first guess is
/// right. Each missing number before the entry makes the guess one place too high.
fn find(ring: &VecDeque<Arc<Entry>>, sequence: u64) -> Option<&Arc<Entry>> {
    let first = ring.front()?.quote.sequence;
    let guess = usize::try_from(sequence.checked_sub(first)?).ok()?;
    let mut before = ring.range(..=guess.min(ring.len() - 1)).rev();
    before.find(|entry| entry.quote.sequence <= sequence).filter(|entry| entry.quote.sequence == sequence)
}
