//! The events of a window, one entry each: when it was due, how late it was published, when it had arrived. Clients that
//! hear one event observe one moment of the machine, so what is said of a distribution is said of these.
//!
//! Pure: it puts together what the shards measured and judges nothing.

use std::collections::BTreeMap;

use reports::{
    inference::effective_size,
    statistics::{Histogram, new_histogram},
};

use super::trial::ShardResult;
use crate::{feed::Feed, load::account::median, plan::Trial};

/// One event of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// After the start.
    pub(crate) scheduled_ns: u64,
    /// Published minus scheduled time; none where no shard published it.
    pub(crate) lateness_ns: Option<u64>,
    /// Median of its latencies; none where it reached nobody.
    pub(crate) median_ns: Option<u64>,
    /// The largest of its latencies.
    pub(crate) last_ns: Option<u64>,
}

/// All events of the window, in the order of their times. Each shard publishes all of them to clients of its own: of the
/// shards' medians and latenesses it takes the median, of their last arrivals the last.
pub(crate) fn of_window(trial: &Trial, shards: &[ShardResult]) -> Vec<Event> {
    let mut lateness_ns = BTreeMap::<u64, Vec<u64>>::new();
    let mut medians_ns = BTreeMap::<u64, Vec<u64>>::new();
    let mut last_ns = BTreeMap::<u64, u64>::new();
    for shard in shards {
        for &(sequence, late_ns) in &shard.served.lateness_ns {
            lateness_ns.entry(sequence).or_default().push(late_ns);
        }
        for reception in &shard.worked.receptions {
            medians_ns.entry(reception.sequence).or_default().push(reception.median_ns);
            let last_ns = last_ns.entry(reception.sequence).or_default();
            *last_ns = reception.last_ns.max(*last_ns);
        }
    }
    let window = Feed::new(&trial.feed).filter(|event| trial.phases.in_window(event.scheduled_ns));
    window
        .map(|event| Event {
            scheduled_ns: event.scheduled_ns,
            lateness_ns: lateness_ns.get_mut(&event.sequence).and_then(|of_shards| median(of_shards)),
            median_ns: medians_ns.get_mut(&event.sequence).and_then(|of_shards| median(of_shards)),
            last_ns: last_ns.get(&event.sequence).copied(),
        })
        .collect()
}

/// The distribution of one of an event's figures.
pub(super) fn histogram(events: &[Event], of: fn(&Event) -> Option<u64>) -> Histogram {
    let mut histogram = new_histogram();
    for value_ns in events.iter().filter_map(of) {
        histogram.saturating_record(value_ns.max(1));
    }
    histogram
}

/// Independent observations behind the latencies: the events that reached anybody, fewer where neighbours in time
/// resemble each other.
pub(super) fn effective(events: &[Event]) -> u64 {
    let medians: Vec<f64> =
        events.iter().filter_map(|event| event.median_ns).map(|median_ns| median_ns as f64).collect();
    effective_size(&medians)
}
