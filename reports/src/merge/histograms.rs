//! Merges the distributions of several rounds.

use results::{
    schema::{Measured, Status, Summary, TrialRecord},
    statistics::{self, Counts, Histogram},
};

/// Returns the histogram of a summary. It is empty if its text is invalid, which the store refuses.
#[must_use]
pub fn histogram(summary: &Summary) -> Histogram {
    statistics::decode(&summary.histogram).unwrap_or_else(|_| statistics::new_histogram())
}

/// Merges one distribution of all rounds. Returns `None` if no round has it. Pass [`u64::MAX`] as `observations` if
/// every sample is an observation.
pub(crate) fn merge<'a>(
    all: &[&'a Measured],
    observations: u64,
    of: impl Fn(&'a Measured) -> Option<&'a Summary>,
) -> Option<Summary> {
    let whole = added(all, of)?;
    Some(statistics::summarise(&whole, observations.min(whole.len())))
}

/// Adds the histograms of one distribution of all rounds. Returns `None` if no round has it.
pub(super) fn added<'a>(all: &[&'a Measured], of: impl Fn(&'a Measured) -> Option<&'a Summary>) -> Option<Histogram> {
    let mut parts = all.iter().filter_map(|one| of(one)).peekable();
    parts.peek()?;
    let mut whole = statistics::new_histogram();
    // An invalid text adds nothing; the store refuses it.
    for counts in parts.filter_map(|summary| Counts::read(&summary.histogram).ok()) {
        statistics::add(&mut whole, &counts);
    }
    Some(whole)
}

/// Merges how late a sleeping thread woke in the valid trials. Returns `None` without one.
pub(crate) fn wake_up(trials: &[&TrialRecord]) -> Option<Summary> {
    let valid = trials.iter().filter(|trial| trial.status == Status::Ok);
    let valid: Vec<&Measured> = valid.filter_map(|trial| trial.measured.as_ref()).collect();
    merge(&valid, u64::MAX, |one| Some(&one.hiccup_ns))
}
