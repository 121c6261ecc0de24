//! Joins the shards' measurements of the events of a window: due time, lateness of publication, and arrivals. Clients
//! that receive one event observe one moment of the machine, so statistics are per event. A pure function.

use std::collections::BTreeMap;

use results::statistics::{Histogram, median, new_histogram};
use scenario::{
    feed::{
        Feed,
        sample::{MOST_ENTRIES, Sample},
    },
    plan::Trial,
};
use stats::inference::effective_size;

use super::trial::ShardResult;

/// The events of a window.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventsOfWindow {
    /// Number of scheduled events.
    pub(crate) scheduled: u64,
    /// The scheduled times of the first events, in nanoseconds after the start; as many as a window may have entries.
    pub(crate) first_scheduled_ns: Vec<u64>,
    /// One of this many events has an entry.
    pub(crate) one_of: u64,
    /// The events with an entry, by scheduled time.
    pub(crate) kept: Vec<Event>,
}

/// One event of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// Scheduled time, in nanoseconds after the start.
    pub(crate) scheduled_ns: u64,
    /// Published minus scheduled time. `None` if no shard published it.
    pub(crate) lateness_ns: Option<u64>,
    /// Median of its latencies. `None` if it reached no client.
    pub(crate) median_ns: Option<u64>,
    /// The same, counted from its publication. `None` if it reached no client.
    pub(crate) since_published_ns: Option<u64>,
    /// The largest of its latencies.
    pub(crate) last_ns: Option<u64>,
}

/// The shards' measurements of one event: at most one value per shard.
#[derive(Debug, Default)]
struct OfShards {
    lateness_ns: Vec<u64>,
    median_ns: Vec<u64>,
    since_published_ns: Vec<u64>,
    last_ns: Option<u64>,
}

/// Joins the events of the window. Each shard publishes all of them to its own clients. The result has the median of the
/// shards' medians and latenesses, and the last of their last arrivals.
pub(crate) fn join_window(trial: &Trial, shards: &[ShardResult]) -> EventsOfWindow {
    let mut events = BTreeMap::<u64, OfShards>::new();
    for shard in shards {
        let lateness_ns: BTreeMap<u64, u64> =
            shard.served.iter().flat_map(|served| served.lateness_ns.iter().copied()).collect();
        for (sequence, late_ns) in &lateness_ns {
            events.entry(*sequence).or_default().lateness_ns.push(*late_ns);
        }
        for reception in &shard.worked.receptions {
            let event = events.entry(reception.sequence).or_default();
            let late_ns = lateness_ns.get(&reception.sequence).copied().unwrap_or_default();
            event.median_ns.push(reception.median_ns);
            event.since_published_ns.push(reception.median_ns.saturating_sub(late_ns));
            event.last_ns = event.last_ns.max(Some(reception.last_ns));
        }
    }
    let sample = Sample::new(&trial.feed, trial.phases);
    let mut window = EventsOfWindow { one_of: sample.one_of, ..EventsOfWindow::default() };
    for event in Feed::new(&trial.feed).filter(|event| trial.phases.in_window(event.scheduled_ns)) {
        window.scheduled += 1;
        window.first_scheduled_ns.extend((window.scheduled <= MOST_ENTRIES).then_some(event.scheduled_ns));
        if sample.keeps(event.sequence) {
            window.kept.push(joined(event.scheduled_ns, events.remove(&event.sequence).unwrap_or_default()));
        }
    }
    window
}

fn joined(scheduled_ns: u64, mut of_shards: OfShards) -> Event {
    Event {
        scheduled_ns,
        lateness_ns: median(&mut of_shards.lateness_ns),
        median_ns: median(&mut of_shards.median_ns),
        since_published_ns: median(&mut of_shards.since_published_ns),
        last_ns: of_shards.last_ns,
    }
}

/// Builds the histogram of one figure of the events.
pub(super) fn histogram(events: &[Event], of: fn(&Event) -> Option<u64>) -> Histogram {
    let mut histogram = new_histogram();
    for value_ns in events.iter().filter_map(of) {
        histogram.saturating_record(value_ns.max(1));
    }
    histogram
}

/// Returns the number of independent observations behind the latencies: the events that reached a client, or fewer if
/// neighbours in time resemble each other.
pub(super) fn effective(events: &[Event]) -> u64 {
    let medians: Vec<f64> = medians(events).into_iter().map(|median_ns| median_ns as f64).collect();
    effective_size(&medians)
}

/// Returns the medians of the events that reached a client, by scheduled time.
pub(super) fn medians(events: &[Event]) -> Vec<u64> {
    events.iter().filter_map(|event| event.median_ns).collect()
}
