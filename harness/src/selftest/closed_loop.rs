//! What a closed loop would have reported of events that an open loop measured. Pure.
//!
//! A client that sends its next request when the last one was answered sends nothing while the system stalls: what was
//! to happen meanwhile is left out, and the stall is one sample instead of all that it delayed. This is coordinated
//! omission (Tene, How NOT to Measure Latency, 2013).

use results::statistics::nearest_rank;

use super::findings::Loop;

/// One event: when it was due, and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) scheduled_ns: u64,
    pub(super) latency_ns: u64,
}

/// The samples that a closed loop would have taken: none that was due while the one before it was under way.
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

/// The distribution of the samples' latencies; none of no samples.
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
    fn what_is_due_while_a_request_is_under_way_is_never_sent() {
        let open = samples(&[(0, 1), (10, 100), (20, 90), (60, 50), (110, 1), (111, 5), (113, 1)]);
        assert_eq!(closed_loop(&open), samples(&[(0, 1), (10, 100), (110, 1), (111, 5)]));
        assert_eq!(closed_loop(&[]), []);
    }

    #[test]
    fn a_stall_is_one_sample_of_a_closed_loop() {
        // An event each millisecond for a second; those of 200 ms wait until the stall ends.
        let latency = |at: u64| if (300..500).contains(&at) { 500 - at } else { 0 };
        let open: Vec<Sample> = (0..1_000).map(|at| Sample { scheduled_ns: at, latency_ns: latency(at) }).collect();
        let (open, closed) = (summary(&open).unwrap(), summary(&closed_loop(&open)).unwrap());
        assert_eq!((open.events, open.p90_ns, open.p99_ns, open.max_ns), (1_000, 100, 190, 200));
        assert_eq!((closed.events, closed.p90_ns, closed.p99_ns, closed.max_ns), (801, 0, 0, 200));
    }
}
