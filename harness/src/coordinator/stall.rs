//! The longest time for which nothing was delivered although events were waiting, from the events of a window.
//!
//! Pure: it finds the stall and judges nothing.

use super::events::Event;

/// A time without deliveries while a published event was owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stall {
    /// How long it lasted, in nanoseconds.
    pub(super) length_ns: u64,
    /// Events that waited when it ended.
    pub(super) events: usize,
    /// When it ended, in nanoseconds after the start.
    pub(super) until_ns: u64,
}

/// An event that was delivered; times are in nanoseconds after the start.
#[derive(Debug, Clone, Copy)]
struct Delivery {
    published_ns: u64,
    /// When half of its receivers had it.
    delivered_ns: u64,
}

/// Finds the longest stall. Returns `None` if nothing was delivered.
///
/// An event counts as delivered at the median of its arrivals, so one slow client makes no stall. It waits from its
/// publication, so a late publisher makes none either.
pub(super) fn longest(events: &[Event]) -> Option<Stall> {
    let delivery = |event: &Event| {
        let published_ns = event.scheduled_ns + event.lateness_ns.unwrap_or_default();
        Some(Delivery { published_ns, delivered_ns: event.scheduled_ns + event.median_ns? })
    };
    let mut deliveries: Vec<Delivery> = events.iter().filter_map(delivery).collect();
    deliveries.sort_unstable_by_key(|delivery| delivery.delivered_ns);
    let mut oldest_ns = u64::MAX;
    // Its index among the deliveries, and its length.
    let mut longest: Option<(usize, u64)> = None;
    // From the last delivery to the first: `oldest_ns` is the first publication among those that were still to come.
    for (index, delivery) in deliveries.iter().enumerate().rev() {
        oldest_ns = oldest_ns.min(delivery.published_ns);
        let before_ns = index.checked_sub(1).map_or(0, |before| deliveries[before].delivered_ns);
        let length_ns = delivery.delivered_ns.saturating_sub(before_ns.max(oldest_ns));
        if longest.is_none_or(|(_, longest_ns)| length_ns >= longest_ns) {
            longest = Some((index, length_ns));
        }
    }
    let (index, length_ns) = longest?;
    let until_ns = deliveries[index].delivered_ns;
    let events = deliveries[index..].iter().filter(|delivery| delivery.published_ns < until_ns).count();
    Some(Stall { length_ns, events, until_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Events by when they are scheduled, how late they are published, and their latency, in milliseconds.
    fn events(times_ms: &[(u64, u64, u64)]) -> Vec<Event> {
        let event = |&(scheduled_ms, late_ms, latency_ms): &(u64, u64, u64)| Event {
            scheduled_ns: scheduled_ms * MS,
            lateness_ns: Some(late_ms * MS),
            median_ns: Some(latency_ms * MS),
            since_published_ns: Some((latency_ms - late_ms) * MS),
            last_ns: None,
        };
        times_ms.iter().map(event).collect()
    }

    #[test]
    fn a_stall_ends_at_the_next_delivery() {
        let quick_then_stalled =
            events(&[(0, 0, 1), (10, 0, 1), (20, 0, 481), (30, 0, 471), (490, 0, 12), (510, 0, 1)]);
        let stall = longest(&quick_then_stalled).unwrap();
        assert_eq!(stall, Stall { length_ns: 481 * MS, events: 3, until_ns: 501 * MS });
    }

    #[test]
    fn slow_but_steady_delivery_is_not_a_stall() {
        let slow: Vec<_> = (0..100).map(|at| (10 * at, 0, 2_000)).collect();
        // The first event waits for its whole latency, since nothing was delivered before it.
        assert_eq!(longest(&events(&slow[..1])).unwrap().length_ns, 2_000 * MS);
        let busy: Vec<_> = (0..100).map(|at| (10 * at, 0, 5 * at + 1)).collect();
        assert_eq!(longest(&events(&busy)).unwrap().length_ns, 15 * MS);
    }

    #[test]
    fn silence_or_a_late_publisher_is_not_a_stall() {
        assert_eq!(longest(&[]), None);
        let silent = events(&[(0, 0, 1), (5_000, 0, 1)]);
        let late = events(&[(0, 0, 1), (10, 800, 801)]);
        assert_eq!([silent, late].map(|events| longest(&events).unwrap().length_ns), [MS, MS]);
    }
}
