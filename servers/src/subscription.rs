//! A reader's place in the log: a cursor and a wake-up, and nothing that could fill up. It must not know any protocol.

use std::sync::Arc;

use proto::Cursor;

use crate::{
    fanout::Membership,
    hub::{Hub, Page, SymbolId, TooOld},
};

/// Why a subscription gives no more events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The cursor has left the ring, or was never in it.
    #[error(transparent)]
    TooOld(#[from] TooOld),
    /// The reader fell further behind than the queue limit; it may resume from its cursor.
    #[error("the subscriber fell too far behind: resume from {cursor}")]
    Overflow {
        /// Where to resume.
        cursor: Cursor,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

/// A reader's place in the log.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) hub: Arc<Hub>,
    pub(crate) symbols: Vec<SymbolId>,
    pub(crate) cursor: Cursor,
    pub(crate) membership: Membership,
}

impl Subscription {
    /// Waits for the next events: at least one, at most `Limits::batch_events`. Safe to drop while it waits.
    ///
    /// # Errors
    /// The subscription has ended.
    pub async fn next(&mut self) -> Result<Page, Ended> {
        loop {
            self.go_on()?;
            let pending = self.membership.pending();
            // The membership was registered before this read, so an event between the two leaves a wake-up behind.
            let page = self.hub.read(&self.symbols, self.cursor)?;
            self.cursor = page.cursor;
            // An event is in the ring before it is signalled: where there is no more, all that was pending is read.
            // What was signalled since stays counted, read or not, until the next time.
            self.membership.take(if page.has_more { page.entries.len() as u64 } else { pending });
            if !page.entries.is_empty() {
                return Ok(page);
            }
            self.membership.woken().await;
        }
    }

    /// Waits, without reading, until the subscription ends: for a reader that may take no more for now. Safe to drop
    /// while it waits.
    pub async fn ended(&mut self) -> Ended {
        loop {
            if let Err(ended) = self.go_on() {
                return ended;
            }
            self.membership.woken().await;
        }
    }

    /// Everything up to here has been read.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Whether the server and the queue limit let this go on. The count of pending events is cheap, and may be too
    /// high, since a crowd is signalled late; so the ring has the last word.
    fn go_on(&self) -> Result<(), Ended> {
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
        self.membership.take(pending.saturating_sub(backlog));
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
    /// More than the publisher wakes by itself, in every shard.
    const CROWD: usize = 4_096;

    fn hub() -> Arc<Hub> {
        Hub::new(&["BTC".into()], LIMITS)
    }

    fn publish(hub: &Hub, count: u64) {
        for sequence in hub.head() + 1..=hub.head() + count {
            hub.publish(Quote { symbol: "BTC".into(), sequence, ..Quote::default() });
        }
    }

    #[tokio::test]
    async fn a_reader_that_takes_less_than_comes_overflows_and_may_resume() {
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
        let page = hub.subscribe(vec![0], Some(cursor)).next().await.expect("nothing is lost yet");
        assert_eq!(page.entries[0].quote.sequence, cursor.sequence + 1);
    }

    #[tokio::test]
    async fn a_reader_that_keeps_up_or_catches_up_goes_on() {
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
    async fn a_cursor_beyond_the_newest_event_is_reset() {
        let hub = hub();
        assert!(hub.read(&[0], 0).expect("nothing has happened yet").entries.is_empty());
        assert!(hub.subscribe(vec![0], Some(0.into())).next().now_or_never().is_none());
        publish(&hub, 3);
        assert!(hub.read(&[0], 3).expect("all is read").entries.is_empty());
        let beyond = TooOld { after: hub.cursor(4), head: hub.cursor(3) };
        assert_eq!(hub.read(&[0], hub.cursor(4)).unwrap_err(), beyond);
        assert_eq!(hub.subscribe(vec![0], Some(4.into())).next().await.unwrap_err(), Ended::TooOld(beyond));
    }

    #[tokio::test]
    async fn a_cursor_of_another_log_is_reset_wherever_it_lies() {
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
    async fn a_crowd_that_is_signalled_late_does_not_overflow_for_what_it_has_read() {
        let hub = hub();
        let mut crowd: Vec<_> = (0..CROWD).map(|_| hub.subscribe(vec![0], Some(0.into()))).collect();
        // The tasks that wake the crowd have no turn before the test waits.
        for _ in 0..400 {
            publish(&hub, 8);
            crowd[0].next().await.expect("it reads whatever there is");
        }
        tokio::task::yield_now().await;
        assert!(crowd[0].next().now_or_never().is_none());
        assert_eq!(hub.overflows(), 0);
        assert!(matches!(crowd[1].ended().await, Ended::Overflow { cursor: Cursor { sequence: 0, .. } }));
    }
}
