//! How a client that was cut off comes back: one policy for every approach.
//!
//! - A lost connection, an answer 408, 429 or 5xx, and a gRPC status that may pass are tried again, for as long as it
//!   takes. Everything else is final: other 4xx, redirects, other gRPC statuses, a breach of the protocol.
//! - The pause before an attempt is random, from 0 to a ceiling (full jitter). The ceiling is 50 ms at first and
//!   doubles up to 5 s with each attempt. Success resets it.
//! - A time that the server names is honoured up to 30 s. `retry` of an event stream is the mean of the first pause.
//!   `Retry-After` and gRPC's `grpc-retry-pushback-ms` are waited for in full, and the random pause comes after them.

use std::time::Duration;

use fastrand::Rng;

use crate::{ClientError, Cost};

/// Longest first pause, unless the server names another.
const FIRST: Duration = Duration::from_millis(50);
/// Longest pause, unless the server names another.
const LONGEST: Duration = Duration::from_secs(5);
/// Longest time that a server can make a client stay away.
const LONGEST_ABSENCE: Duration = Duration::from_secs(30);
/// A browser's pause, unless the server names another.
const BROWSER_PAUSE: Duration = Duration::from_secs(3);

/// Pauses between attempts, each up to twice as long as the one before.
#[derive(Debug)]
pub(crate) struct Backoff {
    /// `None` if each pause is as long as the first, to the millisecond.
    random: Option<Rng>,
    first: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Some(Rng::with_seed(seed)), first: FIRST, ceiling: FIRST }
    }

    /// Pauses as browsers do between two attempts of an EventSource: always for the reconnection time.
    pub(crate) fn as_browsers() -> Self {
        Self { random: None, first: BROWSER_PAUSE, ceiling: BROWSER_PAUSE }
    }

    /// The server names the time to stay away: the first pause is as long in the mean, and still jittered.
    pub(crate) fn begin_with(&mut self, pause: Duration) {
        let mean_to_longest = if self.random.is_some() { 2 } else { 1 };
        self.first = pause.min(LONGEST_ABSENCE).saturating_mul(mean_to_longest).min(LONGEST_ABSENCE);
        self.reset();
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&mut self) {
        self.pause_at_least(None).await;
    }

    /// Waits before the next attempt, first for as long as the server has asked for.
    pub(crate) async fn pause_at_least(&mut self, asked: Option<Duration>) {
        let asked = asked.unwrap_or_default().min(LONGEST_ABSENCE);
        tokio::time::sleep(asked + self.step()).await;
    }

    /// Counts an attempt that failed and waits before the next.
    ///
    /// # Errors
    /// The error itself, if another attempt would fail alike.
    pub(crate) async fn pause_after(&mut self, error: ClientError, cost: &mut Cost) -> Result<(), ClientError> {
        let asked = match error {
            ClientError::Connection(_) => None,
            ClientError::Busy { retry_after, .. } => retry_after,
            error => return Err(error),
        };
        cost.errors += 1;
        self.pause_at_least(asked).await;
        Ok(())
    }

    /// The connection works: the next pause is a short one again.
    pub(crate) fn reset(&mut self) {
        self.ceiling = self.first;
    }

    fn step(&mut self) -> Duration {
        let Some(random) = &mut self.random else { return self.first };
        let pause = self.ceiling.mul_f64(random.f64());
        self.ceiling = (self.ceiling * 2).min(LONGEST.max(self.first));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_begin_anew_after_success() {
        let mut backoff = Backoff::new(1);
        let mut largest = Duration::ZERO;
        for ceiling in [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Duration::from_millis) {
            let pause = backoff.step();
            assert!(pause <= ceiling, "{pause:?} is longer than {ceiling:?}");
            largest = largest.max(pause);
        }
        assert!(largest > FIRST);
        backoff.reset();
        assert!(backoff.step() <= FIRST);
    }

    #[test]
    fn the_time_that_the_server_names_is_kept_in_the_mean() {
        let mut backoff = Backoff::new(1);
        let named = Duration::from_secs(1);
        backoff.begin_with(named);
        let mut first_pause = || {
            backoff.reset();
            backoff.step()
        };
        let mean = (0..1000).map(|_| first_pause()).sum::<Duration>() / 1000;
        assert!(mean > named.mul_f64(0.9) && mean < named.mul_f64(1.1), "{mean:?}");
    }

    #[test]
    fn no_server_makes_a_client_stay_away_for_longer_than_it_may() {
        for named in [Duration::from_millis(999_999_999_999), Duration::MAX] {
            for mut backoff in [Backoff::new(1), Backoff::as_browsers()] {
                backoff.begin_with(named);
                assert!((0..100).all(|_| backoff.step() <= LONGEST_ABSENCE), "{named:?}");
            }
        }
    }

    #[test]
    fn a_browser_waits_for_the_reconnection_time_and_no_longer() {
        let mut backoff = Backoff::as_browsers();
        backoff.begin_with(Duration::from_millis(700));
        assert!((0..3).all(|_| backoff.step() == Duration::from_millis(700)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_a_busy_server_asks_for_is_waited_for_in_full_and_no_longer_than_may_be() {
        for (asked, least) in [(7, 7), (86_400, 30)].map(|(asked, least)| (asked, Duration::from_secs(least))) {
            let busy = ClientError::Busy { reason: "503".into(), retry_after: Some(Duration::from_secs(asked)) };
            let (mut backoff, mut cost) = (Backoff::new(1), Cost::default());
            let waits = backoff.pause_after(busy, &mut cost);
            // The clock is paused: this compares durations, and measures none.
            assert!(tokio::time::timeout(least + FIRST * 2, waits).await.is_ok(), "{asked} s");
            let busy = ClientError::Busy { reason: "503".into(), retry_after: Some(Duration::from_secs(asked)) };
            let waits = backoff.pause_after(busy, &mut cost);
            assert!(tokio::time::timeout(least - Duration::from_millis(1), waits).await.is_err(), "{asked} s");
        }
    }
}
