//! The figures after a change in the Bencher Metric Format: of each benchmark, which is a cell, its measures with their
//! `value`. The adapter `json` reads it.
//!
//! A measure is named by its slug, which holds small letters, digits and single dashes and at most 64 characters; a
//! benchmark by its name, of at most 1,024.

use std::collections::BTreeMap;

use results::plain;
use serde::Serialize;

use super::words::{figures, line, pretty};
use crate::Outcome;

/// Most characters of a slug.
const SLUG: usize = 64;

/// Most bytes of a benchmark's name, in characters that may each take four.
const NAME: usize = 1_024 / 4 - 1;

#[derive(Serialize)]
struct Metric {
    value: f64,
}

/// The figures as JSON.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    let mut benchmarks: BTreeMap<String, BTreeMap<String, Metric>> = BTreeMap::new();
    for (finding, value) in figures(outcomes) {
        let name = plain::cut(line(&finding.cell).trim(), NAME);
        let name = if name.is_empty() { "unnamed".to_owned() } else { name };
        let measures = benchmarks.entry(name).or_default();
        let measure = unique(&finding.metric, measures);
        measures.insert(measure, Metric { value });
    }
    pretty(&benchmarks)
}

/// The slug of a metric, with a number where another has it.
fn unique(metric: &str, measures: &BTreeMap<String, Metric>) -> String {
    let numbered = (2..).map(|number| {
        let number = format!("-{number}");
        format!("{}{number}", slug(metric, SLUG - number.len()))
    });
    let mut slugs = std::iter::once(slug(metric, SLUG)).chain(numbered);
    slugs.find(|slug| !measures.contains_key(slug)).expect("there is always another number")
}

fn slug(text: &str, longest: usize) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug: String = words.collect::<Vec<&str>>().join("-").chars().take(longest).collect();
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "unnamed".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_short_and_plain() {
        assert_eq!(slug("deliver server-to-client-bytes", SLUG), "deliver-server-to-client-bytes");
        assert_eq!(slug("  P50 latency (µs)/ äö ", SLUG), "p50-latency-s");
        assert_eq!(slug("…", SLUG), "unnamed");
        assert_eq!(slug(&"abc ".repeat(100), SLUG).len(), 63, "it ends before a dash");
    }
}
