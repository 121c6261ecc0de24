//! The open-loop schedule of polls: when each client polls is fixed before the run, at a random phase of its own. A
//! poll that cannot start when it is due starts as soon as it can, and says how late it was.

use std::time::Duration;

use clients::Ticks;
use futures_util::stream;

use crate::{clock, load::recorder::SharedRecorder};

/// Ticks at `first_ns` on the monotonic clock and at each interval after it.
pub(crate) fn polls(first_ns: u64, interval: Duration, recorder: SharedRecorder) -> Ticks {
    let interval_ns = u64::try_from(interval.as_nanos()).expect("an interval lasts less than centuries");
    Ticks::new(stream::unfold((first_ns, recorder), move |(due_ns, recorder)| async move {
        clock::sleep_until(due_ns).await;
        let started_ns = clock::now_ns();
        recorder.lock().expect("no holder panics").poll(due_ns, started_ns);
        Some(((), (due_ns + interval_ns, recorder)))
    }))
}
