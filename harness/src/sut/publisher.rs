//! The publisher: a thread that hands each event to a sink when it is due, by absolute deadlines. A late event is published
//! late and counted as lateness; it is never skipped or rescheduled.

use proto::Quote;
use results::statistics::{Histogram, new_histogram};
use scenario::{
    faults::{Faults, Injected, Panicking},
    feed::{Feed, FeedSpec, Phases, sample::Sample},
};

use crate::host::clock;

/// An event on its way to a sink.
pub(crate) struct Outgoing {
    /// The event.
    pub(crate) quote: Quote,
    /// The fate of the event.
    pub(crate) fate: Fate,
}

/// The fate of an event in a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The sink publishes the event.
    Published,
    /// The sink drops the event, as a fault.
    Lost,
    /// The sink publishes the event and a task of the server panics, as a fault.
    Breaking,
}

/// The publisher's measurements of the window's events.
pub(crate) struct Published {
    /// Number of events.
    pub(crate) events: u64,
    /// Published minus scheduled time, of each.
    pub(crate) lateness: Histogram,
    /// The same of those that have an entry, with their sequence numbers, in nanoseconds.
    pub(crate) lateness_ns: Vec<(u64, u64)>,
    /// Faults that were injected.
    pub(crate) injected: Injected,
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
    let mut published = Published {
        events: 0,
        lateness: new_histogram(),
        lateness_ns: sample.room((u64::MAX, u64::MAX)),
        injected: Injected::default(),
    };
    for event in Feed::new(spec) {
        let due_ns = start_ns + event.scheduled_ns;
        let is_late = late_ns > 0 && event.sequence.is_multiple_of(late_every);
        clock::block_until(due_ns + if is_late { late_ns } else { 0 });
        let late_ns = clock::now_ns() - due_ns;
        let is = |fault| fault == Some(event.sequence);
        let in_window = phases.in_window(event.scheduled_ns);
        let panicking = faults.panic.filter(|_| in_window && published.events == 0);
        note(&mut published.injected, faults, event.sequence, is_late);
        assert!(panicking != Some(Panicking::Publisher), "a fault that was asked for");
        let mut quote = event.quote(spec);
        if is(faults.corrupt_event) {
            quote.bid += 0.01;
        }
        if let Some(work_us) = faults.publish_work_us {
            clock::spin(work_us * 1_000);
        }
        let fate = match panicking {
            Some(Panicking::Connection) => {
                published.injected.note("panic");
                Fate::Breaking
            }
            _ if is(faults.drop_event) || is(faults.skip_event) => Fate::Lost,
            _ => Fate::Published,
        };
        give(Outgoing { quote, fate });
        if in_window && !is(faults.skip_event) {
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

/// Records the faults of this event.
fn note(injected: &mut Injected, faults: &Faults, sequence: u64, is_late: bool) {
    injected.note_if(faults.drop_event == Some(sequence), "drop_event");
    injected.note_if(faults.skip_event == Some(sequence), "skip_event");
    injected.note_if(faults.corrupt_event == Some(sequence), "corrupt_event");
    injected.note_if(faults.publish_work_us.is_some_and(|work_us| work_us > 0), "publish_work_us");
    injected.note_if(is_late, "late_publishing_ms");
    injected.note_if(is_late && faults.late_publishing_every.is_some(), "late_publishing_every");
}
