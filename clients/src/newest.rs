//! Tracks the newest state of one symbol for a polling client: detects which responses are new, and which come from
//! another log.

use proto::Quote;

use crate::Batch;

/// The newest state of one symbol that the client has seen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Newest {
    /// No state yet. The first one is new if it is after this sequence number. With `None`, the first state is not new.
    Start(Option<u64>),
    /// The version of the newest state.
    Seen {
        /// Sequence number.
        sequence: u64,
        /// Time of the quote. It distinguishes two logs that have reached the same sequence number.
        timestamp_ms: i64,
    },
}

impl Newest {
    /// Adds a response to the batch: the quote if it is new, or else an empty response. A state that differs from the
    /// last one and is not after it belongs to another log, because the server restarted.
    pub(crate) fn accept(&mut self, quote: Quote, batch: &mut Batch) {
        let is_new = match *self {
            Self::Start(after) => after.is_some_and(|after| quote.sequence > after),
            Self::Seen { sequence, timestamp_ms } => {
                let is_other = (quote.sequence, quote.timestamp_ms) != (sequence, timestamp_ms);
                batch.cost.resets += u64::from(is_other && quote.sequence <= sequence);
                is_other && quote.sequence > 0
            }
        };
        *self = Self::Seen { sequence: quote.sequence, timestamp_ms: quote.timestamp_ms };
        if is_new {
            batch.cost.with_events += 1;
            batch.events.push(quote);
        } else {
            batch.cost.empty += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the events, empty responses and resets after each response. A response is a sequence number and a time.
    fn counts(mut newest: Newest, answers: &[(u64, i64)]) -> Vec<[u64; 3]> {
        let mut batch = Batch::default();
        let count = |&(sequence, timestamp_ms): &(u64, i64)| {
            newest.accept(Quote { sequence, timestamp_ms, ..Quote::default() }, &mut batch);
            [batch.events.len() as u64, batch.cost.empty, batch.cost.resets]
        };
        answers.iter().map(count).collect()
    }

    #[test]
    fn returns_each_version_once() {
        let counts = counts(Newest::Start(Some(2)), &[(3, 30), (3, 30), (4, 40), (4, 40)]);
        assert_eq!(counts, [[1, 0, 0], [1, 1, 0], [2, 1, 0], [2, 2, 0]]);
    }

    #[test]
    fn the_first_state_is_new_only_after_the_cursor() {
        assert_eq!(counts(Newest::Start(Some(3)), &[(3, 30), (5, 50)]), [[0, 1, 0], [1, 1, 0]]);
        assert_eq!(counts(Newest::Start(None), &[(3, 30), (5, 50)]), [[0, 1, 0], [1, 1, 0]]);
    }

    #[test]
    fn a_state_of_another_log_is_new_at_any_sequence_number() {
        assert_eq!(counts(Newest::Start(Some(0)), &[(9, 90), (2, 120)]), [[1, 0, 0], [2, 0, 1]]);
        assert_eq!(counts(Newest::Start(Some(0)), &[(9, 90), (9, 120)]), [[1, 0, 0], [2, 0, 1]]);
        // The opening quote is not an event.
        assert_eq!(counts(Newest::Start(Some(0)), &[(9, 90), (0, 0), (1, 130)]), [[1, 0, 0], [1, 1, 1], [2, 1, 1]]);
    }
}
