//! Remembers which messages have come before. Somebody who captured a message can send it again as long as its
//! timestamp is accepted, so every id is remembered until then. If there are too many, the oldest are forgotten, and
//! every message of their age is refused: the producer gives its own repetitions a new timestamp.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

use proto::wire::WEBHOOK_TOLERANCE;

/// Most ids: what one producer, which sends one message at a time, can send in a few seconds.
const CAPACITY: usize = 65_536;

/// Ids of messages, as hashes under a key that nobody knows.
#[derive(Default)]
pub(super) struct Memory {
    key: RandomState,
    known: HashSet<u64>,
    /// Timestamps in seconds and hashes, in the order of their arrival.
    order: VecDeque<(u64, u64)>,
    /// Newest timestamp, in seconds, of an id that was forgotten before its time.
    forgotten_seconds: Option<u64>,
}

/// Whether a message has come before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It has not.
    New,
    /// It has.
    Before,
    /// It is as old as some that are forgotten.
    Perhaps,
}

impl Memory {
    /// Looks for a message, and remembers it if it is new.
    pub(super) fn see(&mut self, id: &str, timestamp_seconds: u64, now_seconds: u64) -> Seen {
        let hash = self.key.hash_one(id);
        if self.known.contains(&hash) {
            return Seen::Before;
        }
        if self.forgotten_seconds.is_some_and(|forgotten| timestamp_seconds <= forgotten) {
            return Seen::Perhaps;
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

    /// Forgets the oldest; returns its timestamp.
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
    fn a_message_is_remembered_as_long_as_its_timestamp_is_accepted() {
        let mut memory = Memory::default();
        for number in 0..1_000 {
            assert_eq!(memory.see(&format!("msg_{number}"), NOW_SECONDS, NOW_SECONDS), Seen::New);
        }
        let last = NOW_SECONDS + WEBHOOK_TOLERANCE.as_secs();
        for now_seconds in [NOW_SECONDS, last] {
            assert_eq!(memory.see("msg_0", NOW_SECONDS, now_seconds), Seen::Before);
        }
        assert_eq!(memory.see("msg_late", last + 1, last + 1), Seen::New);
        assert_eq!(memory.order.len(), 1, "what can no longer be repeated is forgotten");
    }

    #[test]
    fn what_was_forgotten_too_early_is_refused() {
        let mut memory = Memory::default();
        assert_eq!(memory.see("captured", NOW_SECONDS, NOW_SECONDS), Seen::New);
        for number in 0..CAPACITY {
            assert_eq!(memory.see(&format!("msg_{number}"), NOW_SECONDS + 1, NOW_SECONDS + 1), Seen::New);
        }
        assert_eq!(memory.see("captured", NOW_SECONDS, NOW_SECONDS + 1), Seen::Perhaps);
        assert_eq!(memory.see("repeated", NOW_SECONDS + 1, NOW_SECONDS + 1), Seen::New);
        assert_eq!((memory.order.len(), memory.known.len()), (CAPACITY, CAPACITY));
    }
}
