//! The figures after a change in the form that github-action-benchmark reads as `customSmallerIsBetter`: a list of
//! `name`, `unit`, `value` and `extra`. Every figure of the gate is better smaller, or should not change.
//!
//! An empty list is refused by the action itself, so that nothing measured is no pass there either.

use std::collections::BTreeSet;

use serde::Serialize;

use super::words::{figures, line, pretty, word};
use crate::Outcome;

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: String,
    value: f64,
    extra: String,
}

/// The figures as JSON.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    // The action finds the entry before by its name, so no two may share one.
    let mut taken = BTreeSet::new();
    let entries = figures(outcomes).map(|(finding, value)| {
        let name = line(&format!("{}: {}", finding.cell, finding.metric));
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let name = names.find(|name| taken.insert(name.clone())).expect("there is always another number");
        let extra = line(&format!("{}: {}", word(finding.verdict), finding.explanation));
        Entry { name, unit: line(&finding.unit), value, extra }
    });
    pretty(&entries.collect::<Vec<Entry>>())
}
