//! The expected effect of stopped servers, for every approach: events scheduled during the stop arrive after it, none
//! is lost, and each is late by the rest of the stop, so latency falls by one second per second. Pure.

use results::{schema::Events, statistics::median};

use super::findings::{Stop, Verdict};
use crate::coordinator::{events::Event, stop::Stopped};

/// Maximum distance of the slope from −1. Catching up takes the servers time, which flattens the slope.
const SLOPE_TOLERANCE: f64 = 0.15;
/// Minimum number of events for a slope or a median.
const FEWEST: usize = 10;
/// Events scheduled this long before a stop have arrived when it begins.
const WELL_BEFORE_NS: u64 = 100_000_000;
/// Maximum median latency well before the stop, as a share of the stop.
const UNAFFECTED: f64 = 0.1;

/// The window of an approach whose servers were stopped. `noise_ns` is the maximum delay that the machine explains.
pub(super) fn examine(approach: &str, events: &[Event], account: &Events, stopped: Stopped, noise_ns: u64) -> Stop {
    let within: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| (stopped.from_ns..stopped.until_ns).contains(&event.scheduled_ns))
        .filter_map(|event| Some((event.scheduled_ns, event.median_ns?)))
        .collect();
    let stop_ns = (stopped.until_ns - stopped.from_ns) as f64;
    let slope = slope(&within).filter(|_| within.len() >= FEWEST);
    let before_ns = median_before(events, stopped.from_ns.saturating_sub(WELL_BEFORE_NS));
    let early = within.iter().filter(|(scheduled_ns, latency_ns)| scheduled_ns + latency_ns < stopped.until_ns).count();
    let is_off = slope.is_some_and(|slope| (slope + 1.0).abs() > SLOPE_TOLERANCE);
    let is_affected = before_ns.is_some_and(|before_ns| before_ns as f64 > UNAFFECTED * stop_ns);
    let is_untold = within.len() < FEWEST;
    let (complaint, verdict) = if let Some(complaint) = incomplete(account) {
        (Some(complaint), Verdict::Failed)
    } else if early > 0 {
        (Some(format!("{early} events arrived while no server ran")), Verdict::Failed)
    } else if is_untold {
        (Some("too few events in it".into()), Verdict::TooNoisy)
    } else if is_off || is_affected {
        // A machine that delays events by as much as the tolerance explains both.
        let is_noisy = noise_ns as f64 > UNAFFECTED * stop_ns;
        let what = if is_off { "the latencies do not fall by a second in each second" } else { "late before the stop" };
        (Some(what.into()), if is_noisy { Verdict::TooNoisy } else { Verdict::Failed })
    } else {
        (None, Verdict::Ok)
    };
    Stop {
        approach: approach.to_owned(),
        events: within.len(),
        largest_ns: within.iter().map(|(_, latency_ns)| *latency_ns).max().unwrap_or_default(),
        slope,
        missed: account.missed,
        before_ns,
        complaint,
        verdict,
    }
}

/// Returns the events that did not arrive exactly once and in order.
pub(super) fn incomplete(account: &Events) -> Option<String> {
    let Events { scheduled, published, expected, delivered, missed, duplicate, reordered, corrupt, .. } = *account;
    let counts = [
        (scheduled.saturating_sub(published.unwrap_or_default()), "not published"),
        (missed, "missed"),
        (duplicate, "duplicate"),
        (reordered, "reordered"),
        (corrupt, "corrupt"),
        (expected.abs_diff(delivered + missed), "unaccounted for"),
    ];
    let wrong: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

fn median_before(events: &[Event], before_ns: u64) -> Option<u64> {
    let before = events.iter().filter(|event| event.scheduled_ns < before_ns);
    let mut latencies_ns: Vec<u64> = before.filter_map(|event| event.median_ns).collect();
    if latencies_ns.len() < FEWEST { None } else { median(&mut latencies_ns) }
}

/// Returns the slope of latency over scheduled time, by least squares. Returns `None` if all events have the same
/// scheduled time.
fn slope(points: &[(u64, u64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(u64, u64)) -> u64| points.iter().map(|point| of(point) as f64).sum::<f64>() / count;
    let (middle_x, middle_y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().map(|&(x, y)| of(x as f64 - middle_x, y as f64 - middle_y)).sum()
    };
    let variation = sum(&|x, _| x * x);
    (variation > 0.0).then(|| sum(&|x, y| x * y) / variation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const STOPPED: Stopped = Stopped { from_ns: 400 * MS, until_ns: 700 * MS };
    const COMPLETE: Events = Events {
        scheduled: 100,
        published: Some(100),
        expected: 100,
        delivered: 100,
        missed: 0,
        duplicate: 0,
        reordered: 0,
        corrupt: 0,
        coalesced: 0,
        arrived: 100,
    };

    /// One event per 10 ms for a second, with these latencies.
    fn events(latency_ns: impl Fn(u64) -> u64) -> Vec<Event> {
        let event = |at: u64| Event {
            scheduled_ns: at * 10 * MS,
            lateness_ns: None,
            median_ns: Some(latency_ns(at * 10)),
            since_published_ns: None,
            last_ns: None,
        };
        (0..100).map(event).collect()
    }

    fn as_stopped(at_ms: u64) -> u64 {
        if (400..700).contains(&at_ms) { (700 - at_ms) * MS + MS } else { MS }
    }

    #[test]
    fn a_stop_seen_at_full_length_passes() {
        let stop = examine("any", &events(as_stopped), &COMPLETE, STOPPED, 0);
        assert_eq!((stop.verdict, stop.events, stop.largest_ns, stop.before_ns), (Verdict::Ok, 30, 301 * MS, Some(MS)));
        assert!((stop.slope.unwrap() + 1.0).abs() < 1e-9, "{stop:?}");
    }

    #[test]
    fn arrivals_during_the_stop_fail_on_any_machine() {
        // Latencies from the publication instead of the schedule would hide the stop.
        let stop = examine("any", &events(|_| MS), &COMPLETE, STOPPED, u64::MAX);
        assert_eq!(stop.verdict, Verdict::Failed);
        assert!(stop.complaint.unwrap().contains("30 events"));
    }

    #[test]
    fn a_lost_event_fails() {
        let account = Events { delivered: 97, missed: 2, reordered: 1, ..COMPLETE };
        let stop = examine("any", &events(as_stopped), &account, STOPPED, u64::MAX);
        assert_eq!(stop.verdict, Verdict::Failed);
        assert_eq!(stop.complaint.unwrap(), "2 missed, 1 reordered, 1 unaccounted for");
    }

    #[test]
    fn latencies_the_stop_does_not_explain_are_blamed_on_machine_or_instrument() {
        let slow = |at_ms: u64| if at_ms >= 400 { as_stopped(at_ms) + (at_ms - 400) * MS / 2 } else { MS };
        let verdict = |noise_ns| examine("any", &events(slow), &COMPLETE, STOPPED, noise_ns).verdict;
        assert_eq!((verdict(MS), verdict(40 * MS)), (Verdict::Failed, Verdict::TooNoisy));
        let late_before = |at_ms: u64| if at_ms < 300 { 40 * MS } else { as_stopped(at_ms) };
        assert_eq!(examine("any", &events(late_before), &COMPLETE, STOPPED, MS).verdict, Verdict::Failed);
    }

    #[test]
    fn slope_matches_a_value_worked_out_by_hand() {
        assert_eq!(slope(&[(0, 10), (1, 8), (2, 6)]), Some(-2.0));
        assert_eq!(slope(&[(5, 1), (5, 2)]), None);
    }
}
