//! Renders a comparison for the terminal: first the differences of the conditions, then three lines per variant. Control
//! characters in names are replaced.

use results::{
    format::{self, NONE, WIDTH, or_none},
    sanitize,
};

use super::{Brief, Comparison, Figure, Judgement, LoadPair, Pair};
use crate::headline;

const HEADINGS: [[&str; 11]; 2] = [
    ["variant", "", "p50", "p99", "× floor", "CPU µs/event", "", "KB/client", "", "bytes", "empty"],
    ["", "", "", "", "p50", "server", "client", "server", "client", "/event", "%"],
];

/// Renders the comparison.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let mut text = brief("A", &comparison.a) + &brief("B", &comparison.b);
    text += &differing(comparison);
    for notice in &comparison.notices {
        text += &format::wrapped(&sanitize::text(notice), WIDTH, "! ", "  ");
    }
    for load in &comparison.loads {
        text += "\n";
        text += &block(load, comparison.loads.len() > 1);
    }
    for (name, lone) in [("A", &comparison.only_in_a), ("B", &comparison.only_in_b)] {
        for one in lone {
            text += &format::wrapped(&format!("only in {name}: {}", sanitize::text(one)), WIDTH, "\n", "  ");
        }
    }
    text += &format!("\n{}", format::wrapped(&summary(comparison), WIDTH, "", ""));
    for rule in &comparison.rules {
        text += &format::wrapped(rule, WIDTH, "  ", "    ");
    }
    text.trim_end().to_owned()
}

fn brief(name: &str, run: &Brief) -> String {
    let said = format!("{name}: {}, {}, commit {}; {}", run.scenario, run.started, run.commit, run.validity);
    format::wrapped(&sanitize::text(&said), WIDTH, "", "   ")
}

fn differing(comparison: &Comparison) -> String {
    if comparison.apart.is_empty() {
        return String::new();
    }
    let mut text = "NOT LIKE WITH LIKE: what differs below may come from what differs here\n".to_owned();
    for apart in &comparison.apart {
        let said = format!("{}: {} in A, {} in B", apart.what, sanitize::short(&apart.a), sanitize::short(&apart.b));
        text += &format::wrapped(&sanitize::text(&said), WIDTH, "  ", "    ");
    }
    text
}

fn block(load: &LoadPair, several: bool) -> String {
    if load.variants.is_empty() {
        return "no variant has figures in both\n".to_owned();
    }
    let mut lines = HEADINGS.map(|line| line.map(str::to_owned)).to_vec();
    for pair in &load.variants {
        lines.extend(three(pair));
    }
    let title = if several { format!("{}\n", headline::describe(&load.load_a)) } else { String::new() };
    title + &format::aligned(&lines, HEADINGS.len(), WIDTH)
}

/// Renders the lines of the first run, the second run, and the ratios.
fn three(pair: &Pair) -> [[String; 11]; 3] {
    let mut lines = [const { String::new() }; 3].map(|_| [const { String::new() }; 11]);
    lines[0][0] = sanitize::short(&sanitize::text(&pair.variant));
    for (index, name) in ["A", "B"].into_iter().enumerate() {
        lines[index][1] = format!("{name}{}", if pair.overloaded[index] { " OVERLOAD" } else { "" });
    }
    lines[2][1] = "B÷A".to_owned();
    for (index, figure) in pair.figures.iter().enumerate() {
        let cells = [or_none(figure.a, |a| value(index, a)), or_none(figure.b, |b| value(index, b)), ratio(figure)];
        for (line, cell) in lines.iter_mut().zip(cells) {
            line[index + 2] = cell;
        }
    }
    lines
}

/// Formats a value in the unit of its column.
fn value(index: usize, value: f64) -> String {
    match index {
        0 | 1 => format::duration(value as u64),
        5 | 6 => format::significant(value / 1e3),
        8 => format::percent(value).replace(" %", ""),
        _ => format::significant(value),
    }
}

fn ratio(figure: &Figure) -> String {
    let text = or_none(figure.ratio, format::significant);
    match figure.judgement {
        Judgement::Less => format!("↓ {text}"),
        Judgement::More => format!("↑ {text}"),
        Judgement::NoneShown if text == NONE => "≈".to_owned(),
        Judgement::NoneShown => format!("≈ {text}"),
        Judgement::NotJudged => text,
    }
}

fn summary(comparison: &Comparison) -> String {
    match (comparison.judged, comparison.shown) {
        (0, _) => {
            "No difference shown: no figure has an interval, which needs eight rounds in each run. A ratio without a \
                   mark is what was measured, and no more."
                .to_owned()
        }
        (judged, shown) => {
            let count = if shown == 0 { "No difference shown".to_owned() } else { format!("{shown} shown") };
            format!(
                "{count}, of {judged} figures with an interval. ↓ less in B, ↑ more in B, ≈ no difference \
                 shown, no mark: not judged. Of a hundred figures that are equal, about one is called different by \
                 chance."
            )
        }
    }
}
