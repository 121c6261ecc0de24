//! Wakes the subscriptions of a symbol when it has a new event.
//!
//! The subscriptions are divided into shards, so that they do not all share one list. Each shard has its own lock and
//! task. If a symbol has few subscriptions in a shard, the publisher wakes them directly, which saves a thread switch.
//! Otherwise, the shard's task wakes them, so that the cost of publishing hardly depends on the number of
//! subscriptions.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use slab::Slab;
use tokio::sync::Notify;

/// Index of a symbol, starting at 0.
pub type SymbolId = u32;

/// If a symbol has at most this many subscriptions in a shard, the publisher wakes them directly.
const MAX_DIRECT_WAKES: usize = 16;
/// Capacity of a shard's queue. When it is full, the publisher itself wakes the subscriptions, once each.
const QUEUE_CAPACITY: usize = 1_024;
/// Subscriptions that the task wakes before it yields to let them run.
const WAKES_BETWEEN_YIELDS: usize = 128;

/// The wake-up of one subscription.
#[derive(Debug, Default)]
struct Waiter {
    notify: Notify,
    /// Events that were signalled but not read yet. The count may be too high, but never too low.
    pending: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    waiters: Mutex<HashMap<SymbolId, Slab<Arc<Waiter>>>>,
    /// Symbols whose subscriptions the task must wake, once per event.
    queue: Mutex<VecDeque<SymbolId>>,
    queued: Notify,
    closed: AtomicBool,
}

impl Waiter {
    fn wake(&self, events: u64) {
        self.pending.fetch_add(events, Ordering::Relaxed);
        self.notify.notify_one();
    }
}

impl Shard {
    /// Wakes the subscriptions of a symbol that has a new event, or queues the symbol for the task.
    fn signal(&self, symbol: SymbolId) {
        let waiters = self.waiters.lock().expect("no holder panics");
        let Some(subscribed) = waiters.get(&symbol) else { return };
        if subscribed.len() <= MAX_DIRECT_WAKES {
            subscribed.iter().for_each(|(_, waiter)| waiter.wake(1));
            return;
        }
        drop(waiters);
        let mut queue = self.queue.lock().expect("no holder panics");
        queue.push_back(symbol);
        let overflow = if queue.len() > QUEUE_CAPACITY { mem::take(&mut *queue) } else { VecDeque::new() };
        drop(queue);
        self.wake_overflow(&overflow);
        self.queued.notify_one();
    }

    /// Wakes each subscription of these symbols once for all its events. A subscription that is far behind must notice
    /// it now.
    fn wake_overflow(&self, symbols: &VecDeque<SymbolId>) {
        let mut events = HashMap::<SymbolId, u64>::new();
        symbols.iter().for_each(|&symbol| *events.entry(symbol).or_default() += 1);
        if events.is_empty() {
            return;
        }
        let waiters = self.waiters.lock().expect("no holder panics");
        for (symbol, events) in events {
            waiters.get(&symbol).into_iter().flatten().for_each(|(_, waiter)| waiter.wake(events));
        }
    }

    fn wake_all(&self) {
        for waiters in self.waiters.lock().expect("no holder panics").values() {
            waiters.iter().for_each(|(_, waiter)| waiter.notify.notify_one());
        }
    }
}

/// All shards of a hub.
#[derive(Debug)]
pub(crate) struct Fanout {
    shards: Vec<Arc<Shard>>,
    joined: AtomicUsize,
}

impl Default for Fanout {
    fn default() -> Self {
        let shards = 2 * thread::available_parallelism().map_or(1, usize::from);
        Self { shards: (0..shards).map(|_| Arc::default()).collect(), joined: AtomicUsize::new(0) }
    }
}

impl Fanout {
    /// Spawns one task per shard on the current runtime. The tasks end when this is closed or dropped.
    pub(crate) fn spawn(&self) {
        for shard in &self.shards {
            tokio::spawn(wake_queued(Arc::clone(shard)));
        }
    }

    /// Wakes the subscriptions of a symbol that has a new event.
    pub(crate) fn signal(&self, symbol: SymbolId) {
        for shard in &self.shards {
            shard.signal(symbol);
        }
    }

    /// Wakes every subscription one last time, without an event.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            shard.closed.store(true, Ordering::Release);
            shard.wake_all();
            shard.queued.notify_one();
        }
    }

    /// Registers a subscription to these symbols.
    pub(crate) fn join(&self, symbols: &[SymbolId]) -> Membership {
        let turn = self.joined.fetch_add(1, Ordering::Relaxed);
        let shard = Arc::clone(&self.shards[turn % self.shards.len()]);
        let waiter = Arc::new(Waiter::default());
        let mut waiters = shard.waiters.lock().expect("no holder panics");
        let insert = |&symbol| (symbol, waiters.entry(symbol).or_default().insert(Arc::clone(&waiter)));
        let places = symbols.iter().map(insert).collect();
        drop(waiters);
        Membership { shard, waiter, places }
    }
}

impl Drop for Fanout {
    fn drop(&mut self) {
        self.close();
    }
}

/// A subscription's registration in its shard. Dropping it removes the subscription.
#[derive(Debug)]
pub(crate) struct Membership {
    shard: Arc<Shard>,
    waiter: Arc<Waiter>,
    places: Vec<(SymbolId, usize)>,
}

impl Membership {
    /// Waits for a wake-up. Returns at once if there was one since the last call.
    pub(crate) async fn woken(&self) {
        self.waiter.notify.notified().await;
    }

    /// Returns the number of events that were signalled but not read yet.
    pub(crate) fn pending(&self) -> u64 {
        self.waiter.pending.load(Ordering::Relaxed)
    }

    /// Subtracts events that were read from the pending ones. Saturates at 0, because an event may be read before it is
    /// signalled.
    pub(crate) fn mark_read(&self, events: u64) {
        let rest = |pending: u64| Some(pending.saturating_sub(events));
        // Cannot fail: the closure always returns `Some`.
        let _ = self.waiter.pending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut waiters = self.shard.waiters.lock().expect("no holder panics");
        for (symbol, place) in &self.places {
            if let Some(slab) = waiters.get_mut(symbol) {
                slab.remove(*place);
                if slab.is_empty() {
                    waiters.remove(symbol);
                }
            }
        }
    }
}

async fn wake_queued(shard: Arc<Shard>) {
    loop {
        shard.queued.notified().await;
        if shard.closed.load(Ordering::Acquire) {
            return;
        }
        while let Some(symbol) = next_queued(&shard) {
            wake(&shard, symbol).await;
        }
    }
}

fn next_queued(shard: &Shard) -> Option<SymbolId> {
    shard.queue.lock().expect("no holder panics").pop_front()
}

async fn wake(shard: &Shard, symbol: SymbolId) {
    let mut place = 0;
    loop {
        {
            let waiters = shard.waiters.lock().expect("no holder panics");
            let Some(slab) = waiters.get(&symbol) else { return };
            let end = slab.capacity().min(place + WAKES_BETWEEN_YIELDS);
            for waiter in (place..end).filter_map(|place| slab.get(place)) {
                waiter.wake(1);
            }
            place = end;
            if place == slab.capacity() {
                return;
            }
        }
        tokio::task::yield_now().await;
    }
}
