//! Selects the events of a window that have an entry of their own. Counts and distributions cover all events, but entries
//! are joined between processes and must not grow with the length of a run.
//!
//! Publisher, worker and coordinator compute the same selection from the plan. Each event is selected independently at
//! random, so the sample has no period that could match one of the feed.

use super::{FeedSpec, Phases};

/// Approximate number of entries. With fewer events, every event has an entry.
pub const MOST_ENTRIES: u64 = 131_072;
/// Makes these random numbers independent of the feed's.
const SEED_SALT: u64 = 0x5341_4d50_4c45;

/// The selection of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// One event in this many is selected; a power of two.
    pub one_of: u64,
    /// Expected number of entries.
    entries: usize,
    seed: u64,
}

impl Sample {
    /// Returns the selection for this feed: the expected number of events is halved until it is small enough.
    pub fn new(feed: &FeedSpec, phases: Phases) -> Self {
        let expected = feed.events_per_second * phases.measure_ns as f64 / 1e9;
        let halvings = (expected / MOST_ENTRIES as f64).log2().ceil().clamp(0.0, 63.0);
        let one_of = 1 << halvings as u32;
        Self { one_of, entries: (expected / one_of as f64).ceil() as usize, seed: feed.seed ^ SEED_SALT }
    }

    /// Allocates room for all entries. Writes each place once, so that memory that grows during a window has another
    /// cause.
    pub fn room<Entry: Clone>(self, blank: Entry) -> Vec<Entry> {
        let mut room = vec![blank; self.entries];
        room.clear();
        room
    }

    /// Returns whether the event with this sequence number has an entry.
    pub fn keeps(self, sequence: u64) -> bool {
        mixed(sequence ^ self.seed).is_multiple_of(self.one_of)
    }
}

/// Mixes the bits of a number. Source: the finalizer of SplitMix64 (Steele, Lea and Flood, Fast Splittable
/// Pseudorandom Number Generators, 2014).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Arrival;

    fn sample(events_per_second: f64, seconds: u64) -> Sample {
        let phases = Phases { warmup_ns: 0, measure_ns: seconds * 1_000_000_000, drain_ns: 0 };
        let feed = FeedSpec {
            seed: 1,
            symbols: 1,
            events_per_second,
            arrival: Arrival::Poisson,
            payload_bytes: 0,
            duration_ns: phases.measure_ns,
            epoch_ms: 0,
        };
        Sample::new(&feed, phases)
    }

    #[test]
    fn a_short_window_keeps_every_event() {
        for sample in [sample(0.001, 1), sample(1_000.0, 131)] {
            assert_eq!(sample.one_of, 1);
            assert!((1..10_000).all(|sequence| sample.keeps(sequence)));
        }
    }

    #[test]
    fn a_long_window_keeps_at_most_its_share() {
        for (events_per_second, seconds) in [(1_000.0, 132), (1_000.0, 600), (5_000.0, 2_000)] {
            let sample = sample(events_per_second, seconds);
            let events = events_per_second as u64 * seconds;
            let kept = (1..=events).filter(|sequence| sample.keeps(*sequence)).count() as u64;
            let expected = events / sample.one_of;
            // The tolerance is four standard deviations of a random selection.
            assert!(kept.abs_diff(expected) < 4 * expected.isqrt(), "{kept} of {expected}");
            assert!(expected <= MOST_ENTRIES && 2 * expected >= MOST_ENTRIES, "{expected}");
        }
    }

    #[test]
    fn the_sample_follows_no_period() {
        let sample = sample(1_000.0, 600);
        for period in [2, 5, 10, 64] {
            let kept = (1..=100_000 * period).step_by(usize::try_from(period).unwrap());
            let kept = kept.filter(|sequence| sample.keeps(*sequence)).count() as u64;
            assert!(kept.abs_diff(100_000 / sample.one_of) < 500, "{kept} of each {period}th");
        }
    }
}
