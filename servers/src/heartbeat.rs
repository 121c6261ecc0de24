//! Heartbeat ticks for all connections of a server, from one task and a fixed number of slots. A connection joins a
//! slot. The task ticks every slot once per period, so that each connection gets one tick per period, and the ticks of
//! all connections are spread evenly over the period.
//!
//! This module must not know what a connection does at a tick: SSE sends a comment, a WebSocket sends a ping.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// Maximum number of slots. A period of fewer milliseconds has fewer slots, because the timer's resolution is 1 ms.
const MAX_SLOTS: usize = 128;
/// Shortest pause between two slots.
const SHORTEST_STEP: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
struct Slot {
    beats: AtomicU64,
    beat: Notify,
}

/// The shared ticks of one server.
#[derive(Debug)]
pub(crate) struct Heartbeats {
    slots: Arc<[Slot]>,
    joined: AtomicUsize,
}

impl Heartbeats {
    /// Starts ticks with this period. Must be called inside a tokio runtime. The task ends when this and all its
    /// heartbeats are dropped.
    pub(crate) fn new(period: Duration) -> Self {
        let steps = usize::try_from(period.as_millis()).unwrap_or(MAX_SLOTS).clamp(1, MAX_SLOTS);
        let slots: Arc<[Slot]> = (0..steps).map(|_| Slot::default()).collect();
        tokio::spawn(walk(Arc::downgrade(&slots), period.div_f64(steps as f64).max(SHORTEST_STEP)));
        Self { slots, joined: AtomicUsize::new(0) }
    }

    /// Returns the ticks for one connection: the first within one period, then one per period.
    pub(crate) fn join(&self) -> Heartbeat {
        let place = self.joined.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let received = self.slots[place].beats.load(Ordering::Acquire);
        Heartbeat { slots: Arc::clone(&self.slots), place, received }
    }
}

/// The ticks of one connection.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    slots: Arc<[Slot]>,
    place: usize,
    /// Ticks of the slot that were received, or came before this connection joined.
    received: u64,
}

impl Heartbeat {
    /// Waits for the next tick. Ticks that were missed since the last call count as one. Cancel safe.
    pub(crate) async fn next(&mut self) {
        let slot = &self.slots[self.place];
        loop {
            // Created before the count is read, so that a tick in between is not missed.
            let beat = slot.beat.notified();
            let beats = slot.beats.load(Ordering::Acquire);
            if beats != self.received {
                self.received = beats;
                return;
            }
            beat.await;
        }
    }
}

async fn walk(slots: Weak<[Slot]>, step: Duration) {
    let mut steps = tokio::time::interval(step);
    for place in 0_usize.. {
        steps.tick().await;
        let Some(slots) = slots.upgrade() else { return };
        let slot = &slots[place % slots.len()];
        slot.beats.fetch_add(1, Ordering::Release);
        slot.beat.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::{FutureExt, poll};

    use super::*;

    const PERIOD: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn every_connection_gets_one_tick_per_period() {
        let heartbeats = Heartbeats::new(PERIOD);
        let mut connections: Vec<Heartbeat> = (0..3 * MAX_SLOTS).map(|_| heartbeats.join()).collect();
        for _ in 0..3 {
            tokio::time::sleep(PERIOD).await;
            for connection in &mut connections {
                assert!(connection.next().now_or_never().is_some());
                assert!(connection.next().now_or_never().is_none());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_are_spread_over_the_period() {
        let heartbeats = Heartbeats::new(PERIOD);
        let mut connections: Vec<Heartbeat> = (0..MAX_SLOTS).map(|_| heartbeats.join()).collect();
        tokio::time::sleep(PERIOD / 2).await;
        let ticked = connections.iter_mut().filter_map(|connection| connection.next().now_or_never()).count();
        assert!((MAX_SLOTS / 2 - 1..=MAX_SLOTS / 2 + 1).contains(&ticked), "{ticked} of {MAX_SLOTS}");
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_a_wait_loses_no_tick() {
        let heartbeats = Heartbeats::new(PERIOD);
        let mut connection = heartbeats.join();
        assert_eq!(poll!(Box::pin(connection.next())), Poll::Pending);
        tokio::time::sleep(PERIOD).await;
        assert!(connection.next().now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_tick() {
        let heartbeats = Heartbeats::new(Duration::from_millis(3));
        let mut connection = heartbeats.join();
        tokio::time::timeout(PERIOD * 4, connection.next()).await.expect("there is a tick within the period");
    }
}
