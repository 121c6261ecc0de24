//! The distributions of several rounds as one.

use results::{
    schema::{Measured, Summary},
    statistics::{self, Counts, Histogram},
};

/// The histogram of a summary; empty if its text is not a histogram, which the store refuses.
#[must_use]
pub fn histogram(summary: &Summary) -> Histogram {
    statistics::decode(&summary.histogram).unwrap_or_else(|_| statistics::new_histogram())
}

/// Merges one distribution of all rounds. Returns `None` if no round has it. Observations are at most the samples, so
/// that `observations` may be [`u64::MAX`] where each sample is one.
pub(crate) fn merge<'a>(
    all: &[&'a Measured],
    observations: u64,
    of: impl Fn(&'a Measured) -> Option<&'a Summary>,
) -> Option<Summary> {
    let whole = added(all, of)?;
    Some(statistics::summarise(&whole, observations.min(whole.len())))
}

/// Adds up one distribution of all rounds. Returns `None` if no round has it.
pub(super) fn added<'a>(all: &[&'a Measured], of: impl Fn(&'a Measured) -> Option<&'a Summary>) -> Option<Histogram> {
    let mut parts = all.iter().filter_map(|one| of(one)).peekable();
    parts.peek()?;
    let mut whole = statistics::new_histogram();
    // A text that is not a histogram adds nothing; the store refuses it.
    for counts in parts.filter_map(|summary| Counts::read(&summary.histogram).ok()) {
        statistics::add(&mut whole, &counts);
    }
    Some(whole)
}
