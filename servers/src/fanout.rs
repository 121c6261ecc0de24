//! Wakes the subscriptions of a symbol when it has a new event.
//!
//! The publisher only signals: shards of the subscriptions, each with a task and a lock of its own, do the waking, so
//! that publishing takes the same time whoever listens, and no list is shared by everybody.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use slab::Slab;
use tokio::sync::Notify;

use crate::hub::{Hub, SymbolId};

/// Subscriptions woken before the task lets those that are awake run.
const WAKES_BETWEEN_YIELDS: usize = 128;

/// The wake-up of one subscription.
#[derive(Debug, Default)]
struct Waiter {
    notify: Notify,
    /// Events that were signalled and not taken yet.
    pending: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    published: Notify,
    waiters: Mutex<HashMap<SymbolId, Slab<Arc<Waiter>>>>,
}

impl Shard {
    fn wake_all(&self) {
        for waiters in self.waiters.lock().expect("no holder panics").values() {
            waiters.iter().for_each(|(_, waiter)| waiter.notify.notify_one());
        }
    }
}

/// All shards.
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
    /// Starts one task a shard on the current runtime; it ends with the hub.
    pub(crate) fn spawn(&self, hub: &Arc<Hub>) {
        for shard in &self.shards {
            tokio::spawn(run(Arc::clone(shard), Arc::downgrade(hub)));
        }
    }

    /// Says that the hub has new events.
    pub(crate) fn signal(&self) {
        for shard in &self.shards {
            shard.published.notify_one();
        }
    }

    /// Wakes every subscription, without an event.
    pub(crate) fn wake_all(&self) {
        for shard in &self.shards {
            shard.wake_all();
            shard.published.notify_one();
        }
    }

    /// Adds a subscription to these symbols.
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

/// A subscription's place in its shard; it leaves when dropped.
#[derive(Debug)]
pub(crate) struct Membership {
    shard: Arc<Shard>,
    waiter: Arc<Waiter>,
    places: Vec<(SymbolId, usize)>,
}

impl Membership {
    /// Waits for a wake-up; one that came before is not lost.
    pub(crate) async fn woken(&self) {
        self.waiter.notify.notified().await;
    }

    /// Events signalled since they were last taken.
    pub(crate) fn pending(&self) -> u64 {
        self.waiter.pending.load(Ordering::Relaxed)
    }

    /// Events signalled since the last call.
    pub(crate) fn take_pending(&self) -> u64 {
        self.waiter.pending.swap(0, Ordering::Relaxed)
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

async fn run(shard: Arc<Shard>, hub: Weak<Hub>) {
    let mut seen = 0;
    loop {
        shard.published.notified().await;
        let Some(hub) = hub.upgrade() else { return };
        if hub.is_closed() {
            return;
        }
        let head = hub.head();
        for sequence in seen + 1..=head {
            let Some(symbol) = hub.symbol_of(sequence) else {
                // This task was overtaken by a whole ring: who waits for what is no longer known, so all read.
                shard.wake_all();
                break;
            };
            wake(&shard, symbol).await;
        }
        seen = head;
    }
}

async fn wake(shard: &Shard, symbol: SymbolId) {
    let mut place = 0;
    loop {
        {
            let waiters = shard.waiters.lock().expect("no holder panics");
            let Some(slab) = waiters.get(&symbol) else { return };
            let end = slab.capacity().min(place + WAKES_BETWEEN_YIELDS);
            for waiter in (place..end).filter_map(|place| slab.get(place)) {
                waiter.pending.fetch_add(1, Ordering::Relaxed);
                waiter.notify.notify_one();
            }
            place = end;
            if place == slab.capacity() {
                return;
            }
        }
        tokio::task::yield_now().await;
    }
}
