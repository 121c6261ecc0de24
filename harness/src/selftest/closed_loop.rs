//! Computes the latencies that a closed loop would have reported for events of an open loop. Pure.
//!
//! A client that sends its next request after the previous response sends nothing during a stall, so the stall is one
//! sample instead of one per delayed event. This is coordinated omission (Tene, How NOT to Measure Latency, 2013).

use results::statistics::nearest_rank;

use super::findings::Loop;

/// An event: its scheduled time and its latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) scheduled_ns: u64,
    pub(super) latency_ns: u64,
}

/// Returns the samples of a closed loop: it skips events that are due before the previous sample has arrived.
pub(super) fn closed_loop(open: &[Sample]) -> Vec<Sample> {
    let mut answered_ns = 0;
    let mut sent = open.to_vec();
    sent.retain(|sample| {
        let is_sent = sample.scheduled_ns >= answered_ns;
        if is_sent {
            answered_ns = sample.scheduled_ns + sample.latency_ns;
        }
        is_sent
    });
    sent
}

/// Returns the distribution of the samples' latencies. Returns `None` without samples.
pub(super) fn summary(samples: &[Sample]) -> Option<Loop> {
    let mut latencies: Vec<u64> = samples.iter().map(|sample| sample.latency_ns).collect();
    latencies.sort_unstable();
    Some(Loop {
        events: latencies.len(),
        p50_ns: nearest_rank(&latencies, 0.5)?,
        p90_ns: nearest_rank(&latencies, 0.9)?,
        p99_ns: nearest_rank(&latencies, 0.99)?,
        max_ns: *latencies.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(pairs: &[(u64, u64)]) -> Vec<Sample> {
        pairs.iter().map(|&(scheduled_ns, latency_ns)| Sample { scheduled_ns, latency_ns }).collect()
    }

    #[test]
    fn a_closed_loop_never_sends_what_fell_due_during_a_request() {
        let open = samples(&[(0, 1), (10, 100), (20, 90), (60, 50), (110, 1), (111, 5), (113, 1)]);
        assert_eq!(closed_loop(&open), samples(&[(0, 1), (10, 100), (110, 1), (111, 5)]));
        assert_eq!(closed_loop(&[]), []);
    }

    #[test]
    fn a_stall_is_one_sample_of_a_closed_loop() {
        // One event per millisecond for a second. Those of a 200 ms stall wait until it ends.
        let latency = |at: u64| if (300..500).contains(&at) { 500 - at } else { 0 };
        let open: Vec<Sample> = (0..1_000).map(|at| Sample { scheduled_ns: at, latency_ns: latency(at) }).collect();
        let (open, closed) = (summary(&open).unwrap(), summary(&closed_loop(&open)).unwrap());
        assert_eq!((open.events, open.p90_ns, open.p99_ns, open.max_ns), (1_000, 100, 190, 200));
        assert_eq!((closed.events, closed.p90_ns, closed.p99_ns, closed.max_ns), (801, 0, 0, 200));
    }
}
