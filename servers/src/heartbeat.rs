//! Ticks that all connections of a server share: one task and a fixed number of slots, whatever the number of
//! connections. A connection joins a slot; the task walks the slots once in a period, so that each connection hears one
//! tick a period and the ticks of all connections are spread over it.
//!
//! It must not know what a connection does at its tick: SSE sends a comment, a WebSocket a ping.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// Most slots; fewer where the period has fewer milliseconds, which is what the timer resolves.
const SLOTS: usize = 128;
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
    /// Ticks with this period. Must be called inside a tokio runtime; its task ends when nobody can hear it any more.
    pub(crate) fn new(period: Duration) -> Self {
        let steps = usize::try_from(period.as_millis()).unwrap_or(SLOTS).clamp(1, SLOTS);
        let slots: Arc<[Slot]> = (0..steps).map(|_| Slot::default()).collect();
        tokio::spawn(walk(Arc::downgrade(&slots), period.div_f64(steps as f64).max(SHORTEST_STEP)));
        Self { slots, joined: AtomicUsize::new(0) }
    }

    /// Ticks for one connection: the first within a period, then one in each.
    pub(crate) fn join(&self) -> Heartbeat {
        let place = self.joined.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let heard = self.slots[place].beats.load(Ordering::Acquire);
        Heartbeat { slots: Arc::clone(&self.slots), place, heard }
    }
}

/// The ticks of one connection.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    slots: Arc<[Slot]>,
    place: usize,
    /// Ticks of the slot that were heard or came before the connection.
    heard: u64,
}

impl Heartbeat {
    /// Waits for the next tick; ticks that passed while nobody waited are one. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) {
        let slot = &self.slots[self.place];
        loop {
            // Made before the count is read, so that a tick between the two wakes it.
            let beat = slot.beat.notified();
            let beats = slot.beats.load(Ordering::Acquire);
            if beats != self.heard {
                self.heard = beats;
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
    async fn every_connection_hears_one_tick_a_period() {
        let heartbeats = Heartbeats::new(PERIOD);
        let mut connections: Vec<Heartbeat> = (0..3 * SLOTS).map(|_| heartbeats.join()).collect();
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
        let mut connections: Vec<Heartbeat> = (0..SLOTS).map(|_| heartbeats.join()).collect();
        tokio::time::sleep(PERIOD / 2).await;
        let heard = connections.iter_mut().filter_map(|connection| connection.next().now_or_never()).count();
        assert!((SLOTS / 2 - 1..=SLOTS / 2 + 1).contains(&heard), "{heard} of {SLOTS}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_dropped_loses_no_tick() {
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
        tokio::time::timeout(PERIOD * 4, connection.next()).await.expect("a tick comes");
    }
}
