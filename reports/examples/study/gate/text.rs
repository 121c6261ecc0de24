//! Renders one shape as text, as `docs/gate.md` shows it.

use ::gate::paired;
use results::{format, unique::unique};

use super::{
    Shape,
    rates::{Rate, Rates, Verdicts},
};

/// Renders the origin of the blocks, and one line per head and test.
pub(super) fn render(shape: &Shape) -> String {
    let Rates { measured_blocks, made, as_measured, tests, .. } = &shape.equal;
    let cells = unique(shape.cells.iter().map(|cell| cell.variant.as_str())).join(", ");
    let said = format!(
        "{cells} in {} blocks, {} tests. From {}, measured with {measured_blocks} blocks, {} are resampled for each kind of \
         head and judged by the rule. The copy is the base itself: each block exchanges the labels of the two at random, so \
         every failure is false. Sessions that neither failed nor passed are inconclusive, or invalid because their control \
         failed. The interval is that of the failures.",
        shape.blocks,
        tests.len(),
        sessions(as_measured.failed.sessions),
        sessions(made.failed.sessions),
    );
    let headings = ["head, and each of its tests", "estimate", "failed", "95 % interval", "passed", "as measured"];
    let slowed = shape.slowed.iter().map(|(what, rates)| (what.as_str(), rates));
    let lines = std::iter::once(("copy", &shape.equal)).chain(slowed).flat_map(|(head, rates)| lines(head, rates));
    let all: Vec<[String; 6]> = std::iter::once(headings.map(str::to_owned)).chain(lines).collect();
    format!("{}\n{}", format::wrapped(&said, format::WIDTH, "", ""), format::aligned(&all, 1, format::WIDTH))
}

/// Returns one line for the session and one per test.
fn lines(head: &str, rates: &Rates) -> Vec<[String; 6]> {
    let line = |what: String, estimate: String, [failed, passed]: [&Rate; 2], as_measured: String| {
        let share = |rate: &Rate| format::percent(rate.times as f64 / rate.sessions as f64);
        let [lower, upper] = failed.interval.map(format::percent);
        [what, estimate, share(failed), format!("{lower} to {upper}"), share(passed), as_measured]
    };
    let Verdicts { failed, passed, .. } = rates.as_measured;
    let as_measured = format!("{} failed, {} passed of {}", failed.times, passed.times, failed.sessions);
    let session = line(head.to_owned(), String::new(), [&rates.made.failed, &rates.made.passed], as_measured);
    let each = rates.tests.iter().map(|test| {
        let what = format!("  {}, {}", test.cell.variant, test.metric.name());
        line(what, paired::change(test.shift), [&test.failed, &test.passed], String::new())
    });
    std::iter::once(session).chain(each).collect()
}

fn sessions(number: u64) -> String {
    format!("{} session{}", format::count(number), if number == 1 { "" } else { "s" })
}
