//! Protects a webhook consumer from replayed messages. An attacker who captured a message can send it again as long as
//! its timestamp is accepted, so every id is remembered until then. If there are too many ids, the oldest are forgotten
//! early, and unknown messages of their age are refused. The producer's own retries are not affected: each has a new
//! timestamp.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

use proto::wire::WEBHOOK_TOLERANCE;

/// Most ids that are remembered: as many as one producer, which sends one message at a time, can send in a few seconds.
const CAPACITY: usize = 65_536;

/// The ids of recent messages, as hashes with a random key.
#[derive(Default)]
pub(super) struct Memory {
    key: RandomState,
    known: HashSet<u64>,
    /// Timestamps in seconds and hashes, in order of arrival.
    order: VecDeque<(u64, u64)>,
    /// Newest timestamp, in seconds, of an id that was forgotten while its timestamp was still accepted.
    forgotten_seconds: Option<u64>,
}

/// Whether a message was received before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The message is new.
    New,
    /// The message was received before.
    Duplicate,
    /// Unknown, because ids of the same age have been forgotten.
    Unknown,
}

impl Memory {
    /// Returns whether a message was received before, and remembers it if it is new.
    pub(super) fn record(&mut self, id: &str, timestamp_seconds: u64, now_seconds: u64) -> Seen {
        let hash = self.key.hash_one(id);
        if self.known.contains(&hash) {
            return Seen::Duplicate;
        }
        if self.forgotten_seconds.is_some_and(|forgotten| timestamp_seconds <= forgotten) {
            return Seen::Unknown;
        }
        while self.order.front().is_some_and(|(seconds, _)| seconds + WEBHOOK_TOLERANCE.as_secs() < now_seconds) {
            self.forget();
        }
        if self.order.len() == CAPACITY {
            let forgotten = self.forget();
            self.forgotten_seconds = self.forgotten_seconds.max(forgotten);
        }
        self.known.insert(hash);
        self.order.push_back((timestamp_seconds, hash));
        Seen::New
    }

    /// Forgets the oldest id. Returns its timestamp, in seconds.
    fn forget(&mut self) -> Option<u64> {
        let (seconds, hash) = self.order.pop_front()?;
        self.known.remove(&hash);
        Some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_SECONDS: u64 = 1_700_000_000;

    #[test]
    fn remembers_a_message_as_long_as_its_timestamp_is_accepted() {
        let mut memory = Memory::default();
        for number in 0..1_000 {
            assert_eq!(memory.record(&format!("msg_{number}"), NOW_SECONDS, NOW_SECONDS), Seen::New);
        }
        let last = NOW_SECONDS + WEBHOOK_TOLERANCE.as_secs();
        for now_seconds in [NOW_SECONDS, last] {
            assert_eq!(memory.record("msg_0", NOW_SECONDS, now_seconds), Seen::Duplicate);
        }
        assert_eq!(memory.record("msg_late", last + 1, last + 1), Seen::New);
        assert_eq!(memory.order.len(), 1, "messages that can no longer be replayed are forgotten");
    }

    #[test]
    fn refuses_messages_of_an_age_that_was_forgotten_early() {
        let mut memory = Memory::default();
        assert_eq!(memory.record("captured", NOW_SECONDS, NOW_SECONDS), Seen::New);
        for number in 0..CAPACITY {
            assert_eq!(memory.record(&format!("msg_{number}"), NOW_SECONDS + 1, NOW_SECONDS + 1), Seen::New);
        }
        assert_eq!(memory.record("captured", NOW_SECONDS, NOW_SECONDS + 1), Seen::Unknown);
        assert_eq!(memory.record("repeated", NOW_SECONDS + 1, NOW_SECONDS + 1), Seen::New);
        assert_eq!((memory.order.len(), memory.known.len()), (CAPACITY, CAPACITY));
    }
}
