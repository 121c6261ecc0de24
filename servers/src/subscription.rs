//! A reader's position in the log: a cursor and a wake-up, without a queue. This module must not know any protocol.

use std::sync::Arc;

use proto::Cursor;

use crate::{
    fanout::Membership,
    hub::{Hub, Page, SymbolId, TooOld},
};

/// Why a subscription has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The log cannot resume from the cursor.
    #[error(transparent)]
    TooOld(#[from] TooOld),
    /// The reader fell further behind than the queue limit. It may resume from its cursor.
    #[error("the subscriber fell too far behind: resume from {cursor}")]
    Overflow {
        /// The cursor to resume from.
        cursor: Cursor,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

/// A reader's position in the log.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) hub: Arc<Hub>,
    pub(crate) symbols: Vec<SymbolId>,
    pub(crate) cursor: Cursor,
    pub(crate) membership: Membership,
}

impl Subscription {
    /// Waits for the next events: at least one, at most `Limits::batch_events`. Cancel safe.
    ///
    /// # Errors
    /// The subscription has ended.
    pub async fn next(&mut self) -> Result<Page, Ended> {
        loop {
            self.check_limits()?;
            let pending = self.membership.pending();
            // The membership was registered before this read, so an event in between leaves a wake-up.
            let page = self.hub.read(&self.symbols, self.cursor)?;
            self.cursor = page.cursor;
            // An event is in the ring before it is signalled. So if there are no more events, this page has all pending
            // ones. Events signalled after `pending` was read stay counted until the next iteration.
            self.membership.mark_read(if page.has_more { page.entries.len() as u64 } else { pending });
            if !page.entries.is_empty() {
                return Ok(page);
            }
            self.membership.woken().await;
        }
    }

    /// Waits until the subscription ends, without reading events. For a reader that cannot accept more events now.
    /// Cancel safe.
    pub async fn ended(&mut self) -> Ended {
        loop {
            if let Err(ended) = self.check_limits() {
                return ended;
            }
            self.membership.woken().await;
        }
    }

    /// Returns the cursor after the last event that was read.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Returns an error if the server is shutting down or the reader exceeds the queue limit.
    ///
    /// The count of pending events is cheap, but may be too high, because a shard's task signals late. So if it exceeds
    /// the limit, the events in the ring are counted.
    fn check_limits(&self) -> Result<(), Ended> {
        if self.hub.is_closed() {
            return Err(Ended::Closed);
        }
        let pending = self.membership.pending();
        if pending <= self.hub.limits().queue_events {
            return Ok(());
        }
        let backlog = self.hub.backlog(&self.symbols, self.cursor.sequence);
        if backlog > self.hub.limits().queue_events {
            self.hub.count_overflow();
            return Err(Ended::Overflow { cursor: self.cursor });
        }
        self.membership.mark_read(pending.saturating_sub(backlog));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proto::{Epoch, Quote};

    use super::*;
    use crate::Limits;

    const LIMITS: Limits = Limits { replay_events: 4_096, queue_events: 100, batch_events: 8 };
    /// More subscriptions than the publisher wakes directly, in every shard.
    const MANY: usize = 4_096;

    fn hub() -> Arc<Hub> {
        Hub::new(&["BTC".into()], LIMITS)
    }

    fn publish(hub: &Hub, count: u64) {
        for sequence in hub.head() + 1..=hub.head() + count {
            hub.publish(Quote { symbol: "BTC".into(), sequence, ..Quote::default() });
        }
    }

    #[tokio::test]
    async fn a_slow_reader_overflows_and_may_resume() {
        let hub = hub();
        let mut subscription = hub.subscribe(vec![0], Some(0.into()));
        let mut cursor = hub.cursor(0);
        let ended = loop {
            publish(&hub, 20);
            match subscription.next().await {
                Ok(page) => cursor = page.cursor,
                Err(ended) => break ended,
            }
        };
        assert_eq!(ended, Ended::Overflow { cursor });
        assert!(hub.head() < LIMITS.replay_events as u64);
        let page = hub.subscribe(vec![0], Some(cursor)).next().await.expect("the ring still has the event");
        assert_eq!(page.entries[0].quote.sequence, cursor.sequence + 1);
    }

    #[tokio::test]
    async fn a_reader_that_keeps_up_or_catches_up_does_not_overflow() {
        let hub = hub();
        publish(&hub, 1_000);
        let mut subscription = hub.subscribe(vec![0], Some(0.into()));
        for _ in 0..1_000 {
            publish(&hub, 7);
            subscription.next().await.expect("the backlog never grows");
        }
        assert_eq!(hub.overflows(), 0);
    }

    #[tokio::test]
    async fn a_cursor_after_the_newest_event_is_too_old() {
        let hub = hub();
        assert!(hub.read(&[0], 0).expect("the log is empty").entries.is_empty());
        assert!(hub.subscribe(vec![0], Some(0.into())).next().now_or_never().is_none());
        publish(&hub, 3);
        assert!(hub.read(&[0], 3).expect("the cursor is at the newest event").entries.is_empty());
        let beyond = TooOld { after: hub.cursor(4), head: hub.cursor(3) };
        assert_eq!(hub.read(&[0], hub.cursor(4)).unwrap_err(), beyond);
        assert_eq!(hub.subscribe(vec![0], Some(4.into())).next().await.unwrap_err(), Ended::TooOld(beyond));
    }

    #[tokio::test]
    async fn a_cursor_of_another_log_is_always_too_old() {
        let before = hub();
        let hub = Hub::with_epoch(&["BTC".into()], LIMITS, Epoch::new(7));
        publish(&hub, 30);
        for sequence in [0, 20, 30, 40] {
            let gone = TooOld { after: before.cursor(sequence), head: hub.cursor(30) };
            assert_eq!(hub.read(&[0], gone.after).unwrap_err(), gone);
            let resumed = hub.subscribe(vec![0], Some(gone.after)).next().await;
            assert_eq!(resumed.unwrap_err(), Ended::TooOld(gone));
        }
        let same = Hub::with_epoch(&["BTC".into()], LIMITS, Epoch::new(7));
        publish(&same, 30);
        assert_eq!(same.read(&[0], hub.cursor(29)).expect("the same log").entries.len(), 1);
    }

    #[tokio::test]
    async fn late_signals_for_events_already_read_do_not_overflow() {
        let hub = hub();
        let mut subscriptions: Vec<_> = (0..MANY).map(|_| hub.subscribe(vec![0], Some(0.into()))).collect();
        // The tasks that wake the subscriptions do not run before the test waits.
        for _ in 0..400 {
            publish(&hub, 8);
            subscriptions[0].next().await.expect("the reader keeps up");
        }
        tokio::task::yield_now().await;
        assert!(subscriptions[0].next().now_or_never().is_none());
        assert_eq!(hub.overflows(), 0);
        assert!(matches!(subscriptions[1].ended().await, Ended::Overflow { cursor: Cursor { sequence: 0, .. } }));
    }
}
