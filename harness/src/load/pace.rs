//! The open-loop schedule of polls. Each client's poll times are fixed before the run, with a random phase. No client polls
//! before the start, so polls do not compete with subscriptions. A poll that cannot start when it is due starts as soon as
//! possible and reports its lateness.

use std::{sync::Arc, time::Duration};

use clients::Ticks;
use futures_util::stream;
use tokio::sync::SetOnce;

use crate::{host::clock, load::recorder::SharedRecorder};

/// Start of a trial, on the monotonic clock in nanoseconds. It is unknown until all clients have subscribed.
pub(crate) type Start = Arc<SetOnce<u64>>;

/// Ticks at `first_ns` after the start, and then at each interval.
pub(crate) fn polls(start: Start, first_ns: u64, interval: Duration, recorder: SharedRecorder) -> Ticks {
    let interval_ns = u64::try_from(interval.as_nanos()).expect("an interval lasts less than centuries");
    Ticks::new(stream::unfold((first_ns, start, recorder), move |(after_ns, start, recorder)| async move {
        let due_ns = start.wait().await + after_ns;
        clock::sleep_until(due_ns).await;
        let started_ns = clock::now_ns();
        recorder.lock().expect("no holder panics").poll(due_ns, started_ns);
        Some(((), (after_ns + interval_ns, start, recorder)))
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use approaches::registry::Delivery;
    use futures_util::FutureExt;
    use scenario::feed::{Arrival, FeedSpec, Phases, sample::Sample};

    use super::*;
    use crate::load::{
        expectation::Expectation,
        oracle::{Audience, Oracle},
        recorder::{Recorder, Theory},
    };

    fn recorder() -> SharedRecorder {
        let phases = Phases { warmup_ns: 0, measure_ns: 1_000_000_000, drain_ns: 0 };
        let spec = FeedSpec {
            seed: 1,
            symbols: 1,
            events_per_second: 1.0,
            arrival: Arrival::Constant,
            payload_bytes: 0,
            duration_ns: phases.measure_ns,
            epoch_ms: 0,
        };
        let audience = Audience { first_client: 0, clients: 1, symbols_per_client: 1, delivery: Delivery::Log };
        Arc::new(Mutex::new(Recorder::new(
            Oracle::new(Expectation::from_feed(&spec), Sample::new(&spec, phases), phases, audience),
            phases,
            Theory::Push,
            1,
        )))
    }

    #[tokio::test]
    async fn no_client_polls_before_the_start() {
        let start = Start::default();
        let mut ticks = polls(Start::clone(&start), 5_000_000, Duration::from_secs(3_600), recorder());
        assert_eq!(ticks.next().now_or_never(), None, "nobody has said when the start is");
        start.set(clock::now_ns() - 5_000_000).expect("it is said once");
        ticks.next().await;
        assert_eq!(ticks.next().now_or_never(), None, "the second one is due an interval later");
    }
}
