//! How a client that was cut off comes back: exponential backoff with full jitter.

use std::time::Duration;

use fastrand::Rng;

use crate::{ClientError, Cost};

/// Longest first pause, unless the server names another.
const FIRST: Duration = Duration::from_millis(50);
/// Longest pause of all.
const LONGEST: Duration = Duration::from_secs(5);

/// Pauses between attempts, each up to twice as long as the one before.
#[derive(Debug)]
pub(crate) struct Backoff {
    random: Rng,
    first: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), first: FIRST, ceiling: FIRST }
    }

    /// The server names the time to stay away: the first pause is as long in the mean, and still jittered.
    pub(crate) fn begin_with(&mut self, pause: Duration) {
        self.first = pause * 2;
        self.reset();
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.step()).await;
    }

    /// Counts an attempt that failed and waits before the next.
    ///
    /// # Errors
    /// The error itself, where another attempt would fail alike.
    pub(crate) async fn pause_after(&mut self, error: ClientError, cost: &mut Cost) -> Result<(), ClientError> {
        let ClientError::Connection(_) = error else { return Err(error) };
        cost.errors += 1;
        self.pause().await;
        Ok(())
    }

    /// The connection works: the next pause is a short one again.
    pub(crate) fn reset(&mut self) {
        self.ceiling = self.first;
    }

    fn step(&mut self) -> Duration {
        let pause = self.ceiling.mul_f64(self.random.f64());
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
}
