//! The share of a stall in the tail: of events that wait until it ends, the share that waits longer than x is (stall
//! − x) ÷ window. Pure.

use super::{
    closed_loop::{Sample, closed_loop, summary},
    compare::{Known, Machine, judge},
    findings::{Beyond, Stall},
};

/// Limits for counting events, as shares of the stall.
const PARTS: [u64; 3] = [1, 2, 3];

/// The events of a window with a stall: the known delay and the arrival of each.
pub(super) fn examine(
    known: &[Known],
    arrived: &[Sample],
    machine: Machine,
    stall_ns: u64,
    window_ns: u64,
) -> Option<Stall> {
    let beyond = PARTS.map(|part| beyond(known, arrived, machine, stall_ns * part / 4, (stall_ns, window_ns)));
    Some(Stall {
        stall_ns,
        window_ns,
        beyond: beyond.to_vec(),
        open_loop: summary(arrived)?,
        closed_loop: summary(&closed_loop(arrived))?,
    })
}

fn beyond(
    known: &[Known],
    arrived: &[Sample],
    machine: Machine,
    beyond_ns: u64,
    (stall_ns, window_ns): (u64, u64),
) -> Beyond {
    let count = |of: &dyn Fn(&Known) -> u64| known.iter().filter(|event| of(event) > beyond_ns).count();
    let injected = count(&|event| event.injected_ns);
    let least = count(&Known::released_ns);
    let most = count(&|event| event.processed_ns() + machine.worst_ns());
    let measured = arrived.iter().filter(|sample| sample.latency_ns > beyond_ns).count();
    let difference = |count: usize| count as i64 - injected as i64;
    Beyond {
        beyond_ns,
        theory: (stall_ns - beyond_ns) as f64 / window_ns as f64,
        injected,
        measured,
        verdict: judge(difference(measured), [least, most].map(difference), injected as f64).verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::findings::Verdict;

    const MS: u64 = 1_000_000;
    const MACHINE: Machine = Machine { waited_ns: 0, usual_ns: MS / 10, longest_ns: MS };

    /// One event per millisecond for a second. Those of a 200 ms stall wait until it ends.
    fn known() -> Vec<Known> {
        let injected_ns = |at: u64| if (300..500).contains(&at) { (500 - at) * MS } else { 0 };
        let known = |at| Known {
            scheduled_ns: at * MS,
            injected_ns: injected_ns(at),
            lateness_ns: 0,
            processing_ns: 0,
            deliveries: 1,
        };
        (0..1_000).map(known).collect()
    }

    fn examined(latency_ns: impl Fn(u64, &Known) -> u64) -> Stall {
        let known = known();
        let sample =
            |(at, event): (u64, &Known)| Sample { scheduled_ns: event.scheduled_ns, latency_ns: latency_ns(at, event) };
        let arrived: Vec<Sample> = (0..).zip(&known).map(sample).collect();
        examine(&known, &arrived, MACHINE, 200 * MS, 1_000 * MS).unwrap()
    }

    #[test]
    fn tail_weight_matches_theory() {
        let stall = examined(|_, event| event.injected_ns + MS / 20);
        let shares: Vec<f64> = stall.beyond.iter().map(|one| (one.theory * 1_000.0).round()).collect();
        assert_eq!(shares, [150.0, 100.0, 50.0]);
        assert_eq!(stall.beyond.iter().map(|one| one.injected).collect::<Vec<_>>(), [150, 100, 50]);
        assert_eq!(stall.beyond.iter().map(|one| one.measured).collect::<Vec<_>>(), [151, 101, 51]);
        assert!(stall.beyond.iter().all(|one| one.verdict == Verdict::Ok));
        assert_eq!((stall.open_loop.p99_ns, stall.closed_loop.p99_ns), (190 * MS + MS / 20, MS / 20));
    }

    #[test]
    fn a_missing_tail_fails() {
        let stall = examined(|at, event| if (301..500).contains(&at) { MS / 20 } else { event.injected_ns });
        assert!(stall.beyond.iter().all(|one| one.verdict == Verdict::Failed), "{stall:?}");
    }
}
