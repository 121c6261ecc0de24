//! Checks whether a client received the events that it is owed, computed from the published events.

use anyhow::{Context as _, Result, ensure};
use proto::Quote;

use super::{Fixture, Reader};

impl Fixture {
    /// Returns whether the reader has every owed event after this sequence number.
    pub fn is_complete(&self, reader: &Reader, after: u64) -> bool {
        if self.is_log() {
            reader.events.len() >= self.owed(reader, after).count()
        } else {
            reader
                .symbols
                .iter()
                .all(|symbol| reader.last_of(symbol) == self.last_of(symbol).filter(|quote| quote.sequence > after))
        }
    }

    /// Waits until the reader has every owed event, and then checks its events.
    ///
    /// # Errors
    /// The reader failed, received nothing more, or has an event that it must not have.
    pub async fn expect_complete(&self, reader: &mut Reader, after: u64) -> Result<()> {
        let what = format!("everything after {after} up to {}", self.head());
        let waited = reader.until(&what, |reader| self.is_complete(reader, after)).await;
        // A wrong event explains a failure better than a missing one.
        self.judge(reader, after, waited.is_err()).and(waited)
    }

    /// Checks that the reader has exactly the owed events after this sequence number: each once, in order, unchanged.
    /// Of a snapshot it has the newest of each symbol, and no older one after it.
    fn judge(&self, reader: &Reader, after: u64, is_partial: bool) -> Result<()> {
        self.judge_order(reader)?;
        if self.is_log() {
            let owed: Vec<u64> = self.owed(reader, after).map(|quote| quote.sequence).collect();
            let received: Vec<u64> = reader.events.iter().map(|quote| quote.sequence).collect();
            let owed = if is_partial { &owed[..received.len().min(owed.len())] } else { &owed };
            ensure!(received == owed, "received {received:?}, but owed is {owed:?}");
        }
        Ok(())
    }

    /// Checks that the reader's events are as published, and each newer than the previous one; in a snapshot, than the
    /// previous one of the same symbol.
    ///
    /// # Errors
    /// Names the first wrong event.
    pub fn judge_order(&self, reader: &Reader) -> Result<()> {
        for (index, quote) in reader.events.iter().enumerate() {
            let before = &reader.events[..index];
            let place = usize::try_from(quote.sequence).ok().and_then(|sequence| sequence.checked_sub(1));
            let original = place.and_then(|place| self.published.get(place));
            let original = original.with_context(|| format!("{} was never published", describe(quote)))?;
            ensure!(quote == original, "{} was changed on the way from {}", describe(quote), describe(original));
            ensure!(reader.symbols.contains(&quote.symbol), "{} was not asked for", describe(quote));
            let is_log = self.is_log();
            let last = before.iter().rev().find(|earlier| is_log || earlier.symbol == quote.symbol);
            if let Some(last) = last.filter(|last| last.sequence >= quote.sequence) {
                anyhow::bail!("{} came after {}", describe(quote), describe(last));
            }
        }
        Ok(())
    }

    fn owed(&self, reader: &Reader, after: u64) -> impl Iterator<Item = &Quote> {
        self.published.iter().filter(move |quote| quote.sequence > after && reader.symbols.contains(&quote.symbol))
    }
}

fn describe(quote: &Quote) -> String {
    format!("event {} ({} #{})", quote.sequence, quote.symbol, quote.symbol_sequence)
}
