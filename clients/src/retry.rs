//! The retry policy of all approaches.
//!
//! - A client retries without limit after a lost connection, a response 408, 429 or 5xx, and a transient gRPC status.
//!   Everything else is final: other 4xx, redirects, other gRPC statuses, and protocol errors.
//! - The pause before an attempt is random, from 0 to a ceiling (full jitter). The ceiling starts at 50 ms and doubles
//!   with each attempt, up to 5 s. Success resets it.
//! - A client obeys a pause that the server asks for, up to 30 s. `retry` of an event stream sets the mean of the first
//!   pause. `Retry-After` and gRPC's `grpc-retry-pushback-ms` set a minimum, to which the client adds the random pause.

use std::time::Duration;

use fastrand::Rng;

use crate::{ClientError, Cost};

/// Initial ceiling of the pause, unless the server asks for another.
const FIRST_CEILING: Duration = Duration::from_millis(50);
/// Longest pause, unless the server asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause that a server can ask for.
const LONGEST_REQUESTED_PAUSE: Duration = Duration::from_secs(30);
/// Pause of a browser, unless the server asks for another.
const BROWSER_PAUSE: Duration = Duration::from_secs(3);

/// Pauses between attempts, with a ceiling that doubles each time.
#[derive(Debug)]
pub(crate) struct Backoff {
    /// `None` if every pause is exactly as long as the first.
    random: Option<Rng>,
    first: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Some(Rng::with_seed(seed)), first: FIRST_CEILING, ceiling: FIRST_CEILING }
    }

    /// Creates the backoff of an EventSource in a browser, which always pauses for the reconnection time.
    pub(crate) fn browser() -> Self {
        Self { random: None, first: BROWSER_PAUSE, ceiling: BROWSER_PAUSE }
    }

    /// Sets the mean of the first pause to the time that the server asks for. The pause is still jittered, except in a
    /// browser.
    pub(crate) fn set_first_pause(&mut self, pause: Duration) {
        let mean_to_longest = if self.random.is_some() { 2 } else { 1 };
        self.first = pause.min(LONGEST_REQUESTED_PAUSE).saturating_mul(mean_to_longest).min(LONGEST_REQUESTED_PAUSE);
        self.reset();
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&mut self) {
        self.pause_at_least(None).await;
    }

    /// Waits before the next attempt: first for the pause that the server asked for, then for the random pause.
    pub(crate) async fn pause_at_least(&mut self, asked: Option<Duration>) {
        let asked = asked.unwrap_or_default().min(LONGEST_REQUESTED_PAUSE);
        tokio::time::sleep(asked + self.next_pause()).await;
    }

    /// Counts a failed attempt and waits before the next one.
    ///
    /// # Errors
    /// Returns the error itself if it is final.
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

    /// Resets the ceiling after a success.
    pub(crate) fn reset(&mut self) {
        self.ceiling = self.first;
    }

    fn next_pause(&mut self) -> Duration {
        let Some(random) = &mut self.random else { return self.first };
        let pause = self.ceiling.mul_f64(random.f64());
        self.ceiling = (self.ceiling * 2).min(LONGEST_PAUSE.max(self.first));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_reset_after_success() {
        let mut backoff = Backoff::new(1);
        let mut largest = Duration::ZERO;
        for ceiling in [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Duration::from_millis) {
            let pause = backoff.next_pause();
            assert!(pause <= ceiling, "{pause:?} is longer than {ceiling:?}");
            largest = largest.max(pause);
        }
        assert!(largest > FIRST_CEILING);
        backoff.reset();
        assert!(backoff.next_pause() <= FIRST_CEILING);
    }

    #[test]
    fn the_pause_that_the_server_asks_for_is_the_mean_of_the_first_pause() {
        let mut backoff = Backoff::new(1);
        let named = Duration::from_secs(1);
        backoff.set_first_pause(named);
        let mut first_pause = || {
            backoff.reset();
            backoff.next_pause()
        };
        let mean = (0..1000).map(|_| first_pause()).sum::<Duration>() / 1000;
        assert!(mean > named.mul_f64(0.9) && mean < named.mul_f64(1.1), "{mean:?}");
    }

    #[test]
    fn limits_the_pause_that_a_server_can_ask_for() {
        for named in [Duration::from_millis(999_999_999_999), Duration::MAX] {
            for mut backoff in [Backoff::new(1), Backoff::browser()] {
                backoff.set_first_pause(named);
                assert!((0..100).all(|_| backoff.next_pause() <= LONGEST_REQUESTED_PAUSE), "{named:?}");
            }
        }
    }

    #[test]
    fn a_browser_waits_for_exactly_the_reconnection_time() {
        let mut backoff = Backoff::browser();
        backoff.set_first_pause(Duration::from_millis(700));
        assert!((0..3).all(|_| backoff.next_pause() == Duration::from_millis(700)));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_for_all_of_the_pause_that_a_busy_server_asks_for_up_to_the_limit() {
        for (asked, least) in [(7, 7), (86_400, 30)].map(|(asked, least)| (asked, Duration::from_secs(least))) {
            let busy = ClientError::Busy { reason: "503".into(), retry_after: Some(Duration::from_secs(asked)) };
            let (mut backoff, mut cost) = (Backoff::new(1), Cost::default());
            let waits = backoff.pause_after(busy, &mut cost);
            // The clock is paused, so this compares durations and does not measure time.
            assert!(tokio::time::timeout(least + FIRST_CEILING * 2, waits).await.is_ok(), "{asked} s");
            let busy = ClientError::Busy { reason: "503".into(), retry_after: Some(Duration::from_secs(asked)) };
            let waits = backoff.pause_after(busy, &mut cost);
            assert!(tokio::time::timeout(least - Duration::from_millis(1), waits).await.is_err(), "{asked} s");
        }
    }
}
