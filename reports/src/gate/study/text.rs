//! The gate's study as plain text, aligned, as the documents print it.

use super::{Equals, Power, Rate};
use crate::format;

/// Columns that sentences keep within.
const WIDTH: usize = 100;

/// How often equal builds fail, in sentences.
#[must_use]
pub fn render_equals(study: &Equals) -> String {
    let said = format!(
        "{} blocks of {} sessions in which a copy of the base ran beside it were made into sessions of {} blocks and {} \
         tests, with the labels of the two exchanged at random in each block: the same build on both sides, so that each \
         failure is a false one.",
        format::count(study.measured_blocks as u64),
        format::count(study.measured_sessions as u64),
        study.blocks,
        study.tests
    );
    let failures = format!("False failures: {}.", rate(study.failed));
    let measured = format!(
        "Of the sessions as they were measured, {} of {} would have failed with the copy as the head.",
        study.as_measured.times, study.as_measured.sessions
    );
    [said, failures, measured].map(|sentence| format::wrapped(&sentence, WIDTH, "", "")).concat()
}

/// How often what was injected is found, a line a test and one for any of them.
#[must_use]
pub fn render_power(studies: &[Power]) -> String {
    let headings = ["injected", "cell", "metric", "blocks", "sessions", "failed", "95 % interval"].map(str::to_owned);
    let line = |study: &Power, cell: String, metric: &str, rate: &Rate| {
        [
            study.injected.clone(),
            cell,
            metric.to_owned(),
            study.blocks.to_string(),
            format::count(rate.sessions),
            format::percent(rate.times as f64 / rate.sessions as f64),
            interval(rate),
        ]
    };
    let lines = studies.iter().flat_map(|study| {
        let any = line(study, "any".to_owned(), "any", &study.failed);
        let each =
            study.of_tests.iter().map(|(cell, metric, rate)| line(study, cell.variant.clone(), metric.name(), rate));
        std::iter::once(any).chain(each).collect::<Vec<_>>()
    });
    let all: Vec<[String; 7]> = std::iter::once(headings).chain(lines).collect();
    format::aligned(&all, 1, usize::MAX)
}

fn rate(rate: Rate) -> String {
    let share = format::percent(rate.times as f64 / rate.sessions as f64);
    format!(
        "{} of {} sessions, {share}; 95 % interval {}",
        format::count(rate.times),
        format::count(rate.sessions),
        interval(&rate)
    )
}

fn interval(rate: &Rate) -> String {
    let [lower, upper] = rate.interval.map(format::percent);
    format!("{lower} to {upper}")
}
