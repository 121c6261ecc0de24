//! The publisher: a thread of its own that puts each event into the hub when it is due, to an absolute deadline. What
//! is late is published late and counted as lateness, never skipped, never rescheduled.

use proto::Quote;
use reports::statistics::{Histogram, new_histogram};
use servers::Hub;

use crate::{
    clock,
    faults::Faults,
    feed::{Feed, FeedSpec},
    message::Phases,
    sample::Sample,
};

/// An event on its way into the hub.
pub(crate) struct Outgoing {
    /// The event.
    pub(crate) quote: Quote,
    /// It takes its place there, and nobody is told.
    pub(crate) is_lost: bool,
}

impl Outgoing {
    /// The end of its way.
    pub(crate) fn enter(self, hub: &Hub) {
        if self.is_lost {
            hub.lose(self.quote);
        } else {
            hub.publish(self.quote);
        }
    }
}

/// What the publisher says of the events of a window.
pub(crate) struct Published {
    /// How many there were.
    pub(crate) events: u64,
    /// Published minus scheduled time, of each.
    pub(crate) lateness: Histogram,
    /// The same of those that have an entry, with their sequence numbers, in nanoseconds.
    pub(crate) lateness_ns: Vec<(u64, u64)>,
}

/// Publishes the feed from its start, a time on the monotonic clock, until its end. Blocks.
pub(crate) fn publish(
    spec: &FeedSpec,
    phases: Phases,
    faults: &Faults,
    start_ns: u64,
    mut give: impl FnMut(Outgoing),
) -> Published {
    clock::be_punctual();
    let late_ns = faults.late_publishing_ms.unwrap_or_default() * 1_000_000;
    let late_every = faults.late_publishing_every.unwrap_or(1);
    let sample = Sample::new(spec, phases);
    let mut published =
        Published { events: 0, lateness: new_histogram(), lateness_ns: sample.room((u64::MAX, u64::MAX)) };
    for event in Feed::new(spec) {
        let due_ns = start_ns + event.scheduled_ns;
        let is_late = event.sequence.is_multiple_of(late_every);
        clock::block_until(due_ns + if is_late { late_ns } else { 0 });
        let late_ns = clock::now_ns() - due_ns;
        let mut quote = event.quote(spec);
        let is = |fault| fault == Some(event.sequence);
        if is(faults.corrupt_event) {
            quote.bid += 0.01;
        }
        if let Some(work_us) = faults.publish_work_us {
            clock::spin(work_us * 1_000);
        }
        give(Outgoing { quote, is_lost: is(faults.drop_event) || is(faults.skip_event) });
        if phases.in_window(event.scheduled_ns) && !is(faults.skip_event) {
            published.events += 1;
            // A histogram begins at 1 ns.
            published.lateness.saturating_record(late_ns.max(1));
            published.lateness_ns.extend(sample.keeps(event.sequence).then_some((event.sequence, late_ns)));
        }
        if is(faults.die_after_event) {
            std::process::abort();
        }
    }
    published
}
