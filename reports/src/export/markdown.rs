//! The terminal's table in Markdown, for a pull request, with the same cells and notes.

use results::{
    format::{self, WIDTH},
    sanitize,
};

use crate::{headline, report::Report, table};

/// Renders the table of each load, the notes, and the commit.
pub(super) fn table(report: &Report) -> String {
    let several = report.loads.len() > 1;
    let mut text = String::new();
    let mut notes = String::new();
    for point in &report.loads {
        let load = headline::describe(&point.load);
        if several {
            text += &format!("**{load}**\n\n");
        }
        text += &line(table::headings(point).iter().map(|heading| heading.join(" ").trim().to_owned()));
        text += &line(
            table::headings(point)
                .iter()
                .enumerate()
                .map(|(index, _)| if index == 0 { ":--" } else { "--:" }.to_owned()),
        );
        for row in &point.rows {
            let cells = table::cells(row);
            text += &line(
                cells
                    .into_iter()
                    .enumerate()
                    .map(|(index, cell)| if index == 0 { sanitize::code(&cell) } else { cell }),
            );
        }
        text += &table::wake_up(point).map_or_else(String::new, |cells| line(cells.into_iter()));
        text.push('\n');
        let own = table::notes(point, WIDTH);
        if several && !own.is_empty() {
            notes += &format!("{load}:\n");
        }
        notes += &own;
    }
    let tool = &report.run.tool;
    notes += &format::wrapped(&sanitize::text(&report.verdict), WIDTH, "", "");
    notes += &table::below(report, WIDTH);
    notes += &format!("{}, started {}, commit {}", report.run.scenario_name, report.run.started, tool.git_revision);
    notes += if tool.dirty { " with uncommitted changes\n" } else { "\n" };
    text + &block(&notes.lines().map(short).collect::<String>())
}

/// Renders a note, wrapped if it is long.
fn short(note: &str) -> String {
    if note.chars().count() <= WIDTH { format!("{note}\n") } else { format::wrapped(note, WIDTH, "", "  ") }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Fences a text with a fence that it does not contain.
fn block(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(block("x\n"), "```text\nx\n```\n");
        assert!(block("````").starts_with("`````text\n"));
    }
}
