//! The gate's study as plain text, aligned, as the documents print it.

use super::{Rate, Rates, Shape};
use crate::{
    format,
    gate::{counts::several, paired},
    lists::unique,
};

/// Columns that sentences keep within.
const WIDTH: usize = 100;

/// What sessions of one shape say: where the blocks come from, and a line for each kind of head and test.
pub(super) fn render(shape: &Shape) -> String {
    let Rates { measured_blocks, as_measured, tests, failed, .. } = &shape.equal;
    let cells = unique(shape.cells.iter().map(|cell| cell.variant.as_str())).join(", ");
    let said = format!(
        "{cells} in {} blocks, {} tests. Of {}, measured with {measured_blocks} blocks, {} are made for each kind \
         of head, and judged by the rule. The copy is the base itself: in each block the labels of the two are exchanged \
         at random, so that whatever fails, fails falsely.",
        shape.blocks,
        tests.len(),
        several(as_measured.sessions, "session"),
        several(failed.sessions, "session"),
    );
    let headings = ["head", "cell", "metric", "estimate", "failed", "95 % interval", "as measured"];
    let slowed = shape.slowed.iter().map(|(what, rates)| (what.as_str(), rates));
    let lines = std::iter::once(("copy", &shape.equal)).chain(slowed).flat_map(|(head, rates)| lines(head, rates));
    let all: Vec<[String; 7]> = std::iter::once(headings.map(str::to_owned)).chain(lines).collect();
    format!("{}\n{}", format::wrapped(&said, WIDTH, "", ""), format::aligned(&all, 1, usize::MAX))
}

/// A line for any test, and one for each.
fn lines(head: &str, rates: &Rates) -> Vec<[String; 7]> {
    let line = |cell: &str, metric: &str, estimate: String, rate: &Rate, as_measured: String| {
        let share = format::percent(rate.times as f64 / rate.sessions as f64);
        let [lower, upper] = rate.interval.map(format::percent);
        let interval = format!("{lower} to {upper}");
        [head.to_owned(), cell.to_owned(), metric.to_owned(), estimate, share, interval, as_measured]
    };
    let Rate { times, sessions, .. } = rates.as_measured;
    let any = line("any", "any", String::new(), &rates.failed, format!("{times} of {sessions}"));
    let each = rates.tests.iter().map(|test| {
        let estimate = paired::change(test.shift);
        line(&test.cell.variant, test.metric.name(), estimate, &test.failed, String::new())
    });
    std::iter::once(any).chain(each).collect()
}
