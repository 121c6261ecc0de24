//! Renders outcomes for the terminal: the verdict, a table of the findings that did not pass with their explanations, the
//! number that passed, and the notes.

use results::{format, sanitize};

use super::words::{change, figure, line, name, whole, word};
use crate::{Finding, Outcome, Verdict};

/// Maximum number of explanations below a table.
const SENTENCES: usize = 20;

/// Renders the outcomes as text. With `verbose`, the table includes the findings that passed.
#[must_use]
pub fn render(outcomes: &[Outcome], verbose: bool) -> String {
    let blocks: Vec<String> = whole(outcomes).iter().map(|outcome| block(outcome, verbose)).collect();
    blocks.join("\n").trim_end().to_owned()
}

fn block(outcome: &Outcome, verbose: bool) -> String {
    let verdict = word(outcome.verdict).to_uppercase();
    let mut text = paragraph(&format!("{verdict}: gate {}, {}", name(outcome.tier), outcome.compared), "");
    text += &paragraph(&outcome.reason, "  ");
    let is_told = |it: &&Finding| verbose || it.verdict > Verdict::Pass;
    let told: Vec<&Finding> = outcome.findings.iter().filter(is_told).collect();
    if !told.is_empty() {
        text += &format!("\n{}\n", table(&told));
    }
    let grave: Vec<&&Finding> = told.iter().filter(|finding| finding.verdict > Verdict::Pass).collect();
    for finding in grave.iter().take(SENTENCES) {
        text += &paragraph(&format!("{}: {}", word(finding.verdict), finding.explanation), "");
    }
    if grave.len() > SENTENCES {
        text += &format!("and {} more, which are in the table\n", grave.len() - SENTENCES);
    }
    let passed = outcome.findings.iter().filter(|finding| finding.verdict == Verdict::Pass).count();
    if !outcome.findings.is_empty() {
        text += &format!("{passed} of {} comparisons passed.\n", outcome.findings.len());
    }
    let notes = outcome.notes.iter().map(|note| paragraph(&format!("· {note}"), ""));
    text + &notes.collect::<String>()
}

fn table(findings: &[&Finding]) -> String {
    let cell_width = findings.iter().map(|finding| shown(&finding.cell).chars().count()).max().unwrap_or(0).max(4);
    let beside = rows(findings, |cell, metric| format!("{:<cell_width$}  {}", shown(cell), shown(metric)));
    if beside.lines().all(|line| line.chars().count() <= format::WIDTH) {
        return beside;
    }
    // If the table is too wide, each cell has its own line above its metrics.
    let below = rows(findings, |_, metric| format!("  {}", shown(metric)));
    let (headings, figures) = (below.lines().take(2), below.lines().skip(2));
    let mut text: String = headings.map(|line| format!("{line}\n")).collect();
    let mut above = None;
    for (finding, line) in findings.iter().zip(figures) {
        if above.replace(&finding.cell) != Some(&finding.cell) {
            text += &format!("{}\n", shown(&finding.cell));
        }
        text += &format!("{line}\n");
    }
    text
}

/// A line for each finding, below the headings and a rule.
fn rows(findings: &[&Finding], name: impl Fn(&str, &str) -> String) -> String {
    let mut lines = vec![[name("cell", "metric"), "before".into(), "after".into(), "change".into(), "verdict".into()]];
    lines.extend(findings.iter().map(|finding| {
        let [before, after] = [finding.before, finding.after].map(|value| shown(&figure(value, &finding.unit)));
        let verdict = word(finding.verdict).to_owned();
        [name(&finding.cell, &finding.metric), before, after, change(finding), verdict]
    }));
    format::aligned(&lines, 1, format::WIDTH)
}

fn paragraph(text: &str, indent: &str) -> String {
    format::wrapped(&tame(&line(text)), format::WIDTH, indent, &format!("{indent}  "))
}

fn shown(name: &str) -> String {
    sanitize::short(&tame(&line(name)))
}

/// Removes prefixes that the log of a CI service treats as a command.
fn tame(text: &str) -> String {
    text.replace("::", ": :").replace("##[", "# #[")
}
