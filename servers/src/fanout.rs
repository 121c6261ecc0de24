//! Wakes the subscriptions of a symbol when it has a new event.
//!
//! The subscriptions are divided into shards, each with a lock and a task of its own, so that no list is shared by
//! everybody. A few followers are woken by the publisher itself, which saves them a change of thread; a crowd is left
//! to the shard's task, so that publishing takes about the same time whoever listens.

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

use crate::hub::SymbolId;

/// Followers of one shard that the publisher wakes itself.
const FEW: usize = 16;
/// Crowds that may wait to be woken in one shard; beyond it the publisher wakes each of them once.
const CROWDS: usize = 1_024;
/// Subscriptions woken before the task lets those that are awake run.
const WAKES_BETWEEN_YIELDS: usize = 128;

/// The wake-up of one subscription.
#[derive(Debug, Default)]
struct Waiter {
    notify: Notify,
    /// Events that were signalled and not taken yet; rather too many than too few.
    pending: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    waiters: Mutex<HashMap<SymbolId, Slab<Arc<Waiter>>>>,
    /// Symbols whose followers the task has to wake, once for each event.
    crowds: Mutex<VecDeque<SymbolId>>,
    crowded: Notify,
    closed: AtomicBool,
}

impl Waiter {
    fn wake(&self, events: u64) {
        self.pending.fetch_add(events, Ordering::Relaxed);
        self.notify.notify_one();
    }
}

impl Shard {
    /// Wakes the followers of a symbol that has a new event, or has the task do it.
    fn signal(&self, symbol: SymbolId) {
        let waiters = self.waiters.lock().expect("no holder panics");
        let Some(followers) = waiters.get(&symbol) else { return };
        if followers.len() <= FEW {
            followers.iter().for_each(|(_, waiter)| waiter.wake(1));
            return;
        }
        drop(waiters);
        let mut crowds = self.crowds.lock().expect("no holder panics");
        crowds.push_back(symbol);
        let overtaken = if crowds.len() > CROWDS { mem::take(&mut *crowds) } else { VecDeque::new() };
        drop(crowds);
        self.wake_overtaken(&overtaken);
        self.crowded.notify_one();
    }

    /// Wakes each follower of these symbols once for all its events: one that is far behind must be found out now.
    fn wake_overtaken(&self, crowds: &VecDeque<SymbolId>) {
        let mut events = HashMap::<SymbolId, u64>::new();
        crowds.iter().for_each(|&symbol| *events.entry(symbol).or_default() += 1);
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
    /// Starts one task a shard on the current runtime; it ends when this closes or goes.
    pub(crate) fn spawn(&self) {
        for shard in &self.shards {
            tokio::spawn(wake_crowds(Arc::clone(shard)));
        }
    }

    /// Says that a symbol has a new event.
    pub(crate) fn signal(&self, symbol: SymbolId) {
        for shard in &self.shards {
            shard.signal(symbol);
        }
    }

    /// Wakes every subscription a last time, without an event.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            shard.closed.store(true, Ordering::Release);
            shard.wake_all();
            shard.crowded.notify_one();
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

impl Drop for Fanout {
    fn drop(&mut self) {
        self.close();
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

    /// Events signalled and not taken yet.
    pub(crate) fn pending(&self) -> u64 {
        self.waiter.pending.load(Ordering::Relaxed)
    }

    /// Takes so many events, or all: an event may be read before it is signalled.
    pub(crate) fn take(&self, events: u64) {
        let rest = |pending: u64| Some(pending.saturating_sub(events));
        // It always has a rest to give.
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

async fn wake_crowds(shard: Arc<Shard>) {
    loop {
        shard.crowded.notified().await;
        if shard.closed.load(Ordering::Acquire) {
            return;
        }
        while let Some(symbol) = next_crowd(&shard) {
            wake(&shard, symbol).await;
        }
    }
}

fn next_crowd(shard: &Shard) -> Option<SymbolId> {
    shard.crowds.lock().expect("no holder panics").pop_front()
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
