//! The one event log that every approach serves from: a bounded ring with a monotone sequence, the latest quote of each
//! symbol, and subscriptions that read the ring from a cursor.
//!
//! A subscription holds no queue. It is a cursor and a wake-up; what it has not read yet is in the ring, so a slow
//! reader costs nothing but its place, and the queue limit is a count. It must not know any protocol.

mod page;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, OnceLock, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use proto::{Cursor, Epoch, Quote};

pub use self::page::{Page, SymbolError, TooOld};
use crate::{Subscription, fanout::Fanout};

/// Index of a symbol, from 0.
pub type SymbolId = u32;

/// Bounds that are the same for every approach.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Events that the ring keeps for those who come back.
    pub replay_events: usize,
    /// Events that a subscription may fall behind before it is ended.
    pub queue_events: u64,
    /// Events that one read, and so one write to a socket, may carry.
    pub batch_events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { replay_events: 16_384, queue_events: 1_024, batch_events: 64 }
    }
}

/// One event in the ring.
#[derive(Debug)]
pub struct Entry {
    /// The event itself.
    pub quote: Quote,
    /// Sequence number of the event before it with the same symbol; 0 where there is none.
    previous: u64,
    frame: OnceLock<Bytes>,
    /// The first attempt to frame it panics, as a fault.
    breaks: AtomicBool,
}

impl Entry {
    fn new(quote: Quote, previous: u64) -> Self {
        Self { quote, previous, frame: OnceLock::new(), breaks: AtomicBool::new(false) }
    }

    /// The event as this server's approach frames it: encoded by the first who asks, shared by all others.
    pub fn frame(&self, encode: impl FnOnce(&Quote) -> Bytes) -> Bytes {
        let encode = || {
            assert!(!self.breaks.swap(false, Ordering::Relaxed), "a fault that was asked for");
            encode(&self.quote)
        };
        self.frame.get_or_init(encode).clone()
    }
}

/// The event log of one server process.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    epoch: Epoch,
    names: HashMap<String, SymbolId>,
    ring: RwLock<VecDeque<Arc<Entry>>>,
    /// Newest sequence number, stored after the event is in the ring.
    head: AtomicU64,
    /// Newest event of each symbol, by index; the opening quote before there is one.
    latest: Vec<RwLock<Arc<Entry>>>,
    closed: AtomicBool,
    overflows: AtomicU64,
    fanout: Fanout,
}

impl Hub {
    /// An empty log over these symbols, of an epoch that nobody else has. Must be called inside a tokio runtime: the
    /// fan-out runs on it.
    pub fn new(symbols: &[String], limits: Limits) -> Arc<Self> {
        // Each state has keys of its own, from the system's randomness.
        let random = RandomState::new().hash_one(0_u8);
        Self::with_epoch(symbols, limits, Epoch::new(random as u32))
    }

    /// The same with this epoch: for a server that comes back with the log that it had.
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

    /// Adds the next event; its sequence number must be one more than the last. Called by one thread.
    pub fn publish(&self, quote: Quote) {
        self.enter(quote, false);
    }

    /// Publishes the next event; whoever frames it first panics. Only to prove that a panic is seen.
    pub fn publish_breaking(&self, quote: Quote) {
        self.enter(quote, true);
    }

    fn enter(&self, quote: Quote, breaks: bool) {
        let symbol = self.names[&quote.symbol];
        let sequence = quote.sequence;
        let mut latest = self.latest[symbol as usize].write().expect("no reader panics");
        let entry = Entry { breaks: AtomicBool::new(breaks), ..Entry::new(quote, latest.quote.sequence) };
        let entry = Arc::new(entry);
        self.append(Arc::clone(&entry));
        *latest = entry;
        drop(latest);
        self.head.store(sequence, Ordering::Release);
        self.fanout.signal(symbol);
    }

    /// Loses the next event: it takes its place in the sequence, and nobody is told. Only to prove that a loss is seen.
    pub fn lose(&self, quote: Quote) {
        let sequence = quote.sequence;
        self.append(Arc::new(Entry::new(quote, 0)));
        self.head.store(sequence, Ordering::Release);
    }

    /// Ends every subscription, now and from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.fanout.close();
    }

    /// Bounds that are the same for every approach.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Newest sequence number; 0 before the first event.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// The place after this event of this log.
    pub fn cursor(&self, sequence: u64) -> Cursor {
        Cursor { epoch: Some(self.epoch), sequence }
    }

    /// Subscriptions ended because their reader fell behind.
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }

    /// The index of each symbol, once: a client that names one twice would get its events twice.
    ///
    /// # Errors
    /// There is no name, or the feed does not have one of them; it is the first such name that is reported.
    pub fn resolve<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Vec<SymbolId>, SymbolError> {
        let resolve = |name: &str| self.names.get(name).copied().ok_or_else(|| SymbolError::Unknown(name.to_owned()));
        let symbols = names.into_iter().map(resolve).collect::<Result<BTreeSet<_>, _>>()?;
        if symbols.is_empty() { Err(SymbolError::Missing) } else { Ok(symbols.into_iter().collect()) }
    }

    /// The newest event of a symbol, or its opening quote with sequence number 0.
    pub fn latest(&self, symbol: SymbolId) -> Arc<Entry> {
        Arc::clone(&self.latest[symbol as usize].read().expect("no writer panics"))
    }

    /// The events of these symbols after a cursor, oldest first, at most `Limits::batch_events`.
    ///
    /// # Errors
    /// One of these events has left the ring, or the cursor is beyond the newest event or of another log.
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

    /// Follows these symbols from a cursor, or from now on. Whether it can is said by the first read.
    pub fn subscribe(self: &Arc<Self>, symbols: Vec<SymbolId>, after: Option<Cursor>) -> Subscription {
        let membership = self.fanout.join(&symbols);
        // A bare number is of this log.
        let cursor = after.map_or_else(
            || self.cursor(self.head()),
            |after| Cursor { epoch: after.epoch.or(Some(self.epoch)), ..after },
        );
        Subscription { hub: Arc::clone(self), symbols, cursor, membership }
    }

    /// Events of these symbols after a sequence number; more than can be where one of them has left the ring.
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

    /// Walks each symbol's chain back from its newest event, so that idle symbols cost one comparison. Returns `None` if
    /// an event has left the ring.
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
                // An event beyond the head that was read first belongs to the next page: another symbol's earlier
                // event may not be in the ring yet.
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

/// The entry with this sequence number: the ring holds consecutive ones.
fn find(ring: &VecDeque<Arc<Entry>>, sequence: u64) -> Option<&Arc<Entry>> {
    let first = ring.front()?.quote.sequence;
    ring.get(usize::try_from(sequence.checked_sub(first)?).ok()?)
}
