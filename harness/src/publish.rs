//! The publisher: a thread of its own that puts each event into the hub when it is due, to an absolute deadline. What
//! is late is published late and counted as lateness, never skipped, never rescheduled.

use reports::statistics::{Histogram, new_histogram};
use servers::Hub;

use crate::{
    clock,
    feed::{Feed, FeedSpec},
    message::{Phases, ServerFaults},
};

/// What one publisher did.
#[derive(Debug)]
pub(crate) struct Publication {
    /// Events of the window that were published.
    pub published: u64,
    /// Published minus scheduled time of the window's events, in nanoseconds.
    pub lateness: Histogram,
}

/// Publishes the feed from its start, a time on the monotonic clock, until its end. Blocks.
pub(crate) fn publish(spec: &FeedSpec, phases: Phases, faults: ServerFaults, start_ns: u64, hub: &Hub) -> Publication {
    clock::be_punctual();
    let mut publication = Publication { published: 0, lateness: new_histogram() };
    for event in Feed::new(spec) {
        let due_ns = start_ns + event.scheduled_ns;
        clock::block_until(due_ns);
        let lateness_ns = clock::now_ns() - due_ns;
        let quote = event.quote(spec);
        if faults.drop_event == Some(event.sequence) {
            hub.lose(quote);
        } else {
            hub.publish(quote);
        }
        if phases.in_window(event.scheduled_ns) {
            publication.published += 1;
            publication.lateness.saturating_record(lateness_ns.max(1));
        }
        if faults.die_after_event == Some(event.sequence) {
            std::process::abort();
        }
    }
    publication
}
