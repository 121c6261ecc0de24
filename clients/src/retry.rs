//! How a client that was cut off comes back: exponential backoff with full jitter.

use std::time::Duration;

use fastrand::Rng;

/// Longest first pause.
const FIRST: Duration = Duration::from_millis(50);
/// Longest pause of all.
const LONGEST: Duration = Duration::from_secs(5);

/// Pauses between attempts, each up to twice as long as the one before.
#[derive(Debug)]
pub(crate) struct Backoff {
    random: Rng,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Rng::with_seed(seed), ceiling: FIRST }
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&mut self) {
        let pause = self.ceiling.mul_f64(self.random.f64());
        self.ceiling = (self.ceiling * 2).min(LONGEST);
        tokio::time::sleep(pause).await;
    }

    /// The connection works: the next pause is a short one again.
    pub(crate) fn reset(&mut self) {
        self.ceiling = FIRST;
    }
}
