//! Holds each event back on its way from the publisher to the hub, as a fault. When an event leaves is computed from the
//! feed alone, never measured; a thread lets it leave then, by absolute deadlines.
//!
//! The hub takes events in the order of their sequence numbers, so an event leaves no earlier than the one before it. That
//! wait counts as part of its delay. The line must not know who compares.

use std::{io, sync::mpsc, thread};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use scenario::{
    faults::Delay,
    feed::{Feed, FeedSpec, Phases, sample::Sample, uniform},
};

use super::{hub_sink::HubSink, publisher::Outgoing};
use crate::host::clock;

/// Keeps the delays' randomness apart from the feed's.
const SEED_SALT: u64 = 0x4445_4c41_5953;
/// Share of the events that have the longer one of two delays.
const LONGER_SHARE: f64 = 0.1;

/// Each event's sequence number, and how long it is held back after its scheduled time, in nanoseconds.
pub(crate) fn injected(spec: &FeedSpec, delay: Delay) -> Vec<(u64, u64)> {
    releases(spec, delay).map(|release| (release.sequence, release.due_ns - release.scheduled_ns)).collect()
}

/// Delays events, and keeps the delayed ones in memory.
pub(crate) struct DelayLine {
    entrance: mpsc::Sender<Outgoing>,
    releaser: thread::JoinHandle<Vec<(u64, u64)>>,
}

impl DelayLine {
    /// Starts the thread that passes the events of this feed on to the sink. The start is a time on the monotonic clock.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn start(
        spec: &FeedSpec,
        delay: Delay,
        phases: Phases,
        start_ns: u64,
        sink: HubSink,
    ) -> io::Result<Self> {
        let (entrance, held) = mpsc::channel();
        let (releases, sample) = (releases(spec, delay), Sample::new(spec, phases));
        let releaser = thread::Builder::new()
            .name("delay line".into())
            .spawn(move || release(releases, phases, sample, start_ns, &held, &sink))?;
        Ok(Self { entrance, releaser })
    }

    /// Takes the next event of the feed.
    pub(crate) fn hold(&self, event: Outgoing) {
        // A failed thread is reported when its result is read.
        let _ = self.entrance.send(event);
    }

    /// Waits until all events have left. Returns the sequence number of each event of the window with an entry, and
    /// how late it left, in nanoseconds.
    ///
    /// # Errors
    /// The thread failed.
    pub(crate) fn finish(self) -> thread::Result<Vec<(u64, u64)>> {
        drop(self.entrance);
        self.releaser.join()
    }
}

/// The time at which an event leaves, after the start.
#[derive(Debug, Clone, Copy)]
struct Release {
    sequence: u64,
    scheduled_ns: u64,
    due_ns: u64,
}

fn releases(spec: &FeedSpec, delay: Delay) -> impl Iterator<Item = Release> + use<> {
    let mut random = ChaCha8Rng::seed_from_u64(spec.seed ^ SEED_SALT);
    let mut newest_ns = 0;
    Feed::new(spec).map(move |event| {
        let wanted_ns = event.scheduled_ns + wanted(delay, event.scheduled_ns, &mut random);
        newest_ns = wanted_ns.max(newest_ns);
        Release { sequence: event.sequence, scheduled_ns: event.scheduled_ns, due_ns: newest_ns }
    })
}

/// Returns the delay of an event without others on the line.
fn wanted(delay: Delay, scheduled_ns: u64, random: &mut impl Rng) -> u64 {
    match delay {
        Delay::ConstantUs(us) => us * 1_000,
        Delay::UniformUs(most_us) => (uniform(random) * most_us as f64 * 1_000.0) as u64,
        Delay::BimodalUs([shorter_us, longer_us]) => {
            1_000 * if uniform(random) < LONGER_SHARE { longer_us } else { shorter_us }
        }
        Delay::Stall { at_ms, for_ms } => {
            let (begin_ns, end_ns) = (at_ms * 1_000_000, (at_ms + for_ms) * 1_000_000);
            if scheduled_ns < begin_ns { 0 } else { end_ns.saturating_sub(scheduled_ns) }
        }
    }
}

fn release(
    releases: impl Iterator<Item = Release>,
    phases: Phases,
    sample: Sample,
    start_ns: u64,
    held: &mpsc::Receiver<Outgoing>,
    sink: &HubSink,
) -> Vec<(u64, u64)> {
    clock::be_punctual();
    let mut lateness_ns = Vec::new();
    for (event, release) in held.iter().zip(releases) {
        let due_ns = start_ns + release.due_ns;
        clock::block_until(due_ns);
        if phases.in_window(release.scheduled_ns) && sample.keeps(release.sequence) {
            lateness_ns.push((release.sequence, clock::now_ns() - due_ns));
        }
        sink.accept(event);
    }
    lateness_ns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sut::publisher::Fate;
    use scenario::feed::Arrival;

    /// One event per 10 ms, with a phase from the seed.
    fn spec() -> FeedSpec {
        FeedSpec {
            seed: 1,
            symbols: 1,
            events_per_second: 100.0,
            arrival: Arrival::Constant,
            payload_bytes: 0,
            duration_ns: 20_000_000_000,
            epoch_ms: 0,
        }
    }

    fn delays_us(delay: Delay) -> Vec<u64> {
        let injected = injected(&spec(), delay);
        assert!((1..).zip(&injected).all(|(sequence, one)| sequence == one.0));
        injected.into_iter().map(|(_, delay_ns)| delay_ns / 1_000).collect()
    }

    #[test]
    fn a_constant_delay_applies_to_every_event() {
        assert!(delays_us(Delay::ConstantUs(5_000)).iter().all(|delay_us| *delay_us == 5_000));
    }

    #[test]
    fn delays_shorter_than_the_gap_are_exact() {
        let delays = delays_us(Delay::UniformUs(9_000));
        let mean = delays.iter().sum::<u64>() / delays.len() as u64;
        assert!(delays.iter().all(|delay_us| *delay_us < 9_000) && (4_200..4_800).contains(&mean), "{mean}");
        let delays = delays_us(Delay::BimodalUs([2_000, 9_000]));
        let longer = delays.iter().filter(|delay_us| **delay_us == 9_000).count();
        assert!(delays.iter().all(|delay_us| [2_000, 9_000].contains(delay_us)) && (150..250).contains(&longer));
    }

    #[test]
    fn no_event_overtakes_another() {
        // The events 10 and 20 ms after one that is delayed by 25 ms leave together with it.
        let delays = delays_us(Delay::BimodalUs([1_000, 25_000]));
        let at = delays.windows(5).position(|five| five[0] == 1_000 && five[1] == 25_000 && five[4] == 1_000);
        let five = &delays[at.expect("there is one that is alone")..][..5];
        assert_eq!(five, [1_000, 25_000, 15_000, 5_000, 1_000]);
    }

    #[test]
    fn a_stall_holds_due_events_until_it_ends() {
        let spec = spec();
        let first_ns = Feed::new(&spec).next().unwrap().scheduled_ns;
        for ((_, delay_ns), event) in
            injected(&spec, Delay::Stall { at_ms: 100, for_ms: 200 }).iter().zip(Feed::new(&spec))
        {
            let expected_ns = match event.scheduled_ns {
                before if before < 100_000_000 => 0,
                inside => 300_000_000_u64.saturating_sub(inside),
            };
            assert_eq!(*delay_ns, expected_ns);
        }
        assert!(first_ns < 10_000_000);
    }

    #[test]
    fn the_same_seed_gives_the_same_delays() {
        let delay = Delay::UniformUs(9_000);
        assert_eq!(injected(&spec(), delay), injected(&spec(), delay));
        assert_ne!(injected(&spec(), delay), injected(&FeedSpec { seed: 2, ..spec() }, delay));
    }

    #[tokio::test]
    async fn events_leave_in_order_and_not_before_they_are_due() {
        let spec = FeedSpec { duration_ns: 200_000_000, events_per_second: 500.0, ..spec() };
        let phases = Phases { warmup_ns: 0, measure_ns: spec.duration_ns, drain_ns: 0 };
        let hub = servers::Hub::new(&spec.symbol_names(), servers::Limits::default());
        let sink = HubSink::new(std::sync::Arc::clone(&hub));
        let line = DelayLine::start(&spec, Delay::UniformUs(20_000), phases, clock::now_ns(), sink).unwrap();
        let count = Feed::new(&spec)
            .map(|event| line.hold(Outgoing { quote: event.quote(&spec), fate: Fate::Published }))
            .count();
        let lateness_ns = line.finish().unwrap();
        assert!((1..).zip(&lateness_ns).all(|(sequence, one)| sequence == one.0));
        assert_eq!((lateness_ns.len(), hub.head()), (count, count as u64));
    }
}
