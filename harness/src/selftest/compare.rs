//! The rule that decides whether a measured quantile agrees with an injected one. Pure.
//!
//! An event arrives after it has left the delay line. It leaves on time, or late by an amount that the line measured; both
//! are known per event. So on any machine a measured quantile is at most a histogram bucket below that of the releases.
//!
//! It may be above it by the cost of passing an event to the worker, as far as sources other than the instrument show
//! that cost:
//!
//! - CPU time: per event, what the kernel counted on average. Events that leave together wait for each other.
//! - Waking threads: a thread that sleeps a millisecond at a time in the same window, and has no part in the trial, shows
//!   how late this machine wakes one. Only the distribution is known, so a quantile moves by the longest delay at most. If
//!   the quantile is not a tail, there is a second bound, and the smaller one counts: if all but 1 % of the events are
//!   handed over within the 99th percentile, the quantile is at most the one 1 % further on plus that percentile. For the
//!   99th percentile itself this would depend on the few events above it, so there only the longest counts.
//! - Waiting for a core that other processes use, which a thread that hardly runs does not see. The kernel counts the sum.
//!   To move the quantile q by t, a share 1 − q of the events must each have waited t, so t is at most the average wait
//!   per event ÷ (1 − q).

use results::statistics::{Histogram, QUANTILES, nearest_rank, needed};

use super::findings::{Comparison, Verdict};

/// A histogram keeps three digits, so a value is wrong by at most this share of it.
const PRECISION: f64 = 0.001;
/// If the machine's noise exceeds this share of the injected value, the comparison is inconclusive.
const RESOLUTION: f64 = 0.2;
/// Share of the events that may reach the worker later than usual.
const UNUSUAL_SHARE: f64 = 0.01;
/// From this quantile on, a quantile is a tail: about as many events decide it as may be later than usual.
const TAIL: f64 = 0.95;

/// An event of the window whose earliest arrival is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// Scheduled time, after the start.
    pub(super) scheduled_ns: u64,
    /// The injected delay.
    pub(super) injected_ns: u64,
    /// The additional delay, as the delay line measured it.
    pub(super) lateness_ns: u64,
    /// CPU time until it reaches the worker: its own and that of the events before it.
    pub(super) processing_ns: u64,
    /// Number of clients that receive it.
    pub(super) deliveries: usize,
}

impl Known {
    /// Returns the time from its schedule until it left the line.
    pub(super) fn released_ns(&self) -> u64 {
        self.injected_ns + self.lateness_ns
    }

    /// Returns the time from its schedule until it reaches the worker, if no thread must be woken.
    pub(super) fn processed_ns(&self) -> u64 {
        self.released_ns() + self.processing_ns
    }
}

/// Sets the CPU time until each event reaches the worker, if one event needs this much and all wait for one core.
pub(super) fn queue(known: &mut [Known], processing_ns: u64) {
    let mut free_ns = 0;
    for event in known {
        let left_ns = event.scheduled_ns + event.released_ns();
        free_ns = left_ns.max(free_ns) + processing_ns;
        event.processing_ns = free_ns - left_ns;
    }
}

/// The delays that the machine causes between the delay line and the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Machine {
    /// Time to wake threads for 99 % of the events.
    pub(super) usual_ns: u64,
    /// Time to wake threads for all events.
    pub(super) longest_ns: u64,
    /// Average wait per event for a core that other processes use.
    pub(super) waited_ns: u64,
}

impl Machine {
    /// Returns how late this many threads wake one after the other.
    pub(super) fn new(hiccup: &Histogram, wakes: u64, waited_ns: u64) -> Self {
        let usual_ns = wakes * hiccup.value_at_quantile(1.0 - UNUSUAL_SHARE);
        Self { usual_ns, longest_ns: wakes * hiccup.max(), waited_ns }
    }

    /// Returns the maximum that it can add to a quantile of this sorted list.
    fn explains(&self, processed: &[u64], quantile: f64) -> Option<u64> {
        let mut explicable_ns = nearest_rank(processed, quantile)? + self.longest_ns;
        if quantile < TAIL {
            explicable_ns = explicable_ns.min(nearest_rank(processed, quantile + UNUSUAL_SHARE)? + self.usual_ns);
        }
        Some(explicable_ns + (self.waited_ns as f64 / (1.0 - quantile)) as u64)
    }

    /// Returns the maximum that it can add for 99 % of the events.
    pub(super) fn worst_ns(&self) -> u64 {
        self.longest_ns + (self.waited_ns as f64 / UNUSUAL_SHARE) as u64
    }
}

/// Compares every quantile with enough events and an injected delay with the measured one.
pub(super) fn compare(known: &[Known], machine: Machine, measured: &Histogram) -> Vec<Comparison> {
    let sorted = |of: fn(&Known) -> u64| {
        let each = known.iter().flat_map(|event| std::iter::repeat_n(of(event), event.deliveries));
        let mut values: Vec<u64> = each.collect();
        values.sort_unstable();
        values
    };
    let injected = sorted(|event| event.injected_ns);
    let (released, processed) = (sorted(Known::released_ns), sorted(Known::processed_ns));
    let supported = QUANTILES.into_iter().filter(|quantile| known.len() as u64 >= needed(*quantile));
    let compared = supported.filter_map(|quantile| {
        let injected_ns = nearest_rank(&injected, quantile).filter(|injected_ns| *injected_ns > 0)?;
        let least_ns = nearest_rank(&released, quantile)?;
        let most_ns = machine.explains(&processed, quantile)?;
        let measured_ns = measured.value_at_quantile(quantile);
        let difference = |value_ns: f64| (value_ns - injected_ns as f64).round() as i64;
        let bounds = [least_ns as f64 * (1.0 - PRECISION), most_ns as f64 * (1.0 + PRECISION)].map(difference);
        let difference_ns = difference(measured_ns as f64);
        let Judged { least: least_ns, most: most_ns, verdict } = judge(difference_ns, bounds, injected_ns as f64);
        Some(Comparison { quantile, injected_ns, measured_ns, difference_ns, least_ns, most_ns, verdict })
    });
    compared.collect()
}

/// The judged difference between a measured and an injected value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// The smallest difference that is possible.
    pub(super) least: i64,
    /// The largest difference that passes.
    pub(super) most: i64,
    /// The verdict.
    pub(super) verdict: Verdict,
}

/// Decides on a difference. It must be between the smallest possible one and the largest that the machine explains.
/// If these are far apart, it must also be near the smallest, or the comparison is inconclusive.
pub(super) fn judge(difference: i64, [least, explicable]: [i64; 2], injected: f64) -> Judged {
    let most = explicable.min(least + (RESOLUTION * injected) as i64);
    let verdict = match difference {
        difference if difference < least => Verdict::Failed,
        difference if difference <= most => Verdict::Ok,
        difference if difference <= explicable => Verdict::TooNoisy,
        _ => Verdict::Failed,
    };
    Judged { least, most, verdict }
}

#[cfg(test)]
mod tests {
    use results::statistics::new_histogram;

    use super::*;

    const MS: u64 = 1_000_000;
    const NOW: Known = Known { scheduled_ns: 0, injected_ns: 0, lateness_ns: 0, processing_ns: 0, deliveries: 1 };
    const MACHINE: Machine = Machine { usual_ns: MS / 10, longest_ns: MS, waited_ns: 0 };

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = new_histogram();
        values.into_iter().for_each(|value_ns| histogram.record(value_ns).unwrap());
        histogram
    }

    /// Returns this many events, delayed by 5.00, 5.01, 5.02 … ms, and a little more by the line.
    fn known(events: u64) -> Vec<Known> {
        let delay =
            |index: u64| Known { injected_ns: 5 * MS + index * MS / 100, lateness_ns: MS / 50, deliveries: 2, ..NOW };
        (0..events).map(delay).collect()
    }

    fn measured(events: &[Known], extra_ns: impl Fn(usize) -> u64) -> Histogram {
        let one = |(index, event): (usize, &Known)| [event.injected_ns + event.lateness_ns + extra_ns(index); 2];
        histogram(events.iter().enumerate().flat_map(one))
    }

    fn verdicts(events: &[Known], machine: Machine, measured: &Histogram) -> Vec<Verdict> {
        compare(events, machine, measured).iter().map(|comparison| comparison.verdict).collect()
    }

    #[test]
    fn quantiles_need_enough_samples_and_a_delay() {
        let quantiles = |events: &[Known]| -> Vec<f64> {
            compare(events, MACHINE, &measured(events, |_| 0)).iter().map(|one| one.quantile).collect()
        };
        assert_eq!(quantiles(&known(400)), [0.5, 0.9, 0.99]);
        assert_eq!(quantiles(&known(100)), [0.5, 0.9]);
        let mut half_of_them = known(400);
        half_of_them[..300].iter_mut().for_each(|event| event.injected_ns = 0);
        assert_eq!(quantiles(&half_of_them), [0.9, 0.99]);
    }

    #[test]
    fn a_faithful_instrument_passes() {
        let events = known(400);
        assert_eq!(verdicts(&events, MACHINE, &measured(&events, |_| 0)), [Verdict::Ok; 3]);
        assert_eq!(verdicts(&events, MACHINE, &measured(&events, |_| MS / 10)), [Verdict::Ok; 3]);
        // One disturbance of the machine affects a few events.
        assert_eq!(
            verdicts(&events, MACHINE, &measured(&events, |index| if index % 100 == 0 { MS } else { 0 })),
            [Verdict::Ok; 3]
        );
    }

    #[test]
    fn a_latency_below_the_injected_delay_always_fails() {
        let events = known(400);
        let noisy = Machine { usual_ns: 100 * MS, longest_ns: 1_000 * MS, waited_ns: MS };
        for machine in [MACHINE, noisy] {
            let clamped = histogram(events.iter().flat_map(|event| [event.injected_ns.min(8 * MS); 2]));
            assert_eq!(verdicts(&events, machine, &clamped)[1..], [Verdict::Failed; 2]);
            // The line was late by 0.02 ms, and a histogram keeps three digits of 5 ms, so a larger gap is no chance.
            let early = histogram(events.iter().flat_map(|event| [event.injected_ns - MS / 100; 2]));
            assert_eq!(verdicts(&events, machine, &early)[0], Verdict::Failed);
        }
    }

    #[test]
    fn latency_beyond_the_machines_noise_fails_the_instrument() {
        let events = known(400);
        assert_eq!(verdicts(&events, MACHINE, &measured(&events, |_| MS / 2))[..2], [Verdict::Failed; 2]);
        assert_eq!(verdicts(&events, MACHINE, &measured(&events, |_| 11 * MS / 10)), [Verdict::Failed; 3]);
    }

    #[test]
    fn a_very_noisy_machine_proves_nothing() {
        let events = known(400);
        let noisy = Machine { usual_ns: 10 * MS, longest_ns: 20 * MS, waited_ns: 0 };
        assert_eq!(verdicts(&events, noisy, &measured(&events, |_| 5 * MS)), [Verdict::TooNoisy; 3]);
        // Even that machine does not explain every difference.
        assert_eq!(verdicts(&events, noisy, &measured(&events, |_| 30 * MS)), [Verdict::Failed; 3]);
        // A correct value passes on a noisy machine, too.
        assert_eq!(verdicts(&events, noisy, &measured(&events, |_| MS / 10)), [Verdict::Ok; 3]);
    }

    #[test]
    fn every_wake_up_adds_to_the_allowance() {
        let hiccup = histogram((0..1_000).map(|index| if index < 990 { 50_000 } else { 2 * MS }));
        let machine = Machine::new(&hiccup, 2, 0);
        assert!((100_000..101_000).contains(&machine.usual_ns), "{machine:?}");
        assert!((4 * MS..4 * MS + 10_000).contains(&machine.longest_ns), "{machine:?}");
    }

    #[test]
    fn few_events_may_wait_long_and_many_only_briefly() {
        let machine = Machine { usual_ns: 0, longest_ns: 0, waited_ns: 100 };
        let explained = [0.5, 0.9].map(|quantile| machine.explains(&[7; 1_000], quantile).unwrap());
        assert_eq!((explained, machine.worst_ns()), ([207, 1_007], 10_000));
    }

    #[test]
    fn events_sent_together_wait_for_each_other() {
        let leaving_at = |left_ns: u64| Known { scheduled_ns: left_ns / 2, injected_ns: left_ns - left_ns / 2, ..NOW };
        let mut known = [10, 10, 10, 25, 100].map(leaving_at);
        queue(&mut known, 7);
        assert_eq!(known.map(|event| event.processing_ns), [7, 14, 21, 13, 7]);
    }
}
