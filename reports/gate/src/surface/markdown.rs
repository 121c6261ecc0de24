//! Renders outcomes as Markdown, for the summary of a step. It stays below the mebibyte that GitHub accepts; a line says how much
//! was left out.

use results::sanitize::{self, code};

use super::words::{OUTCOME, change, figure, line, name, overall, whole, word};
use crate::{Finding, Outcome, Verdict};

/// Maximum size of the text, in bytes. A step may write 1,048,576, including what other programs write.
pub const LIMIT_BYTES: usize = 900_000;

/// Room for the line that says how much was left out, in bytes.
const RESERVE_BYTES: usize = 500;

/// Maximum length of a sentence and of a table cell, in characters.
const SENTENCE: usize = 1_000;
const CELL: usize = 120;

/// Renders the outcomes as Markdown.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    let mut page = Page::default();
    page.put(&format!("## Delivery gate: {}\n", word(overall(outcomes))));
    for outcome in whole(outcomes).iter() {
        block(&mut page, outcome);
    }
    page.finish()
}

fn block(page: &mut Page, outcome: &Outcome) {
    let mark = match outcome.verdict {
        Verdict::Pass => "✅",
        Verdict::Inconclusive => "❔",
        Verdict::Regression => "❌",
        Verdict::Invalid => "⛔",
    };
    page.put(&format!("\n### {mark} {}: {}\n", name(outcome.tier), word(outcome.verdict)));
    page.put(&format!("\n{}\n", sentence(&outcome.reason)));
    page.put(&format!("\nCompared: {}\n", sentence(&outcome.compared)));
    let told = || outcome.findings.iter().filter(|finding| finding.verdict != Verdict::Pass);
    if told().next().is_some() {
        page.put(
            "\n| verdict | cell | metric | before | after | change | what was found |\n\
             |:--|:--|:--|--:|--:|--:|:--|\n",
        );
        for finding in told() {
            page.put(&row(finding));
        }
    }
    if !outcome.findings.is_empty() {
        let passed = outcome.findings.len() - told().count();
        page.put(&format!("\n{passed} of {} comparisons passed.\n", outcome.findings.len()));
    }
    for (index, note) in outcome.notes.iter().enumerate() {
        let before = if index == 0 { "\n" } else { "" };
        page.put(&format!("{before}- {}\n", sentence(note)));
    }
}

fn row(finding: &Finding) -> String {
    let [before, after] = [finding.before, finding.after].map(|value| cell(&figure(value, &finding.unit)));
    let [cell_name, metric] = [&finding.cell, &finding.metric].map(|name| code(&sanitize::cut(&line(name), CELL)));
    let [verdict, change] = [word(finding.verdict), &change(finding)].map(cell);
    let found = sentence(&finding.explanation);
    format!("| {verdict} | {cell_name} | {metric} | {before} | {after} | {change} | {found} |\n")
}

fn cell(text: &str) -> String {
    escape(&sanitize::cut(text, CELL))
}

fn sentence(text: &str) -> String {
    escape(&sanitize::cut(text, SENTENCE))
}

/// Escapes text: one line without markup, column separators, links or mentions.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in line(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Separated from the following text, it mentions no user.
            '@' => escaped.push_str("@\u{200b}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    // A scheme before slashes would become a link without any markup.
    escaped.replace("://", ":\u{200b}//")
}

/// Text that grows up to its limit, and knows how many pieces it had no place for.
#[derive(Default)]
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    fn put(&mut self, piece: &str) {
        // After the first that does not fit none does, so that nothing stands under the wrong heading.
        if self.left_out > 0 || self.text.len() + piece.len() > LIMIT_BYTES - RESERVE_BYTES {
            self.left_out += 1;
        } else {
            self.text += piece;
        }
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let left_out = self.left_out;
            self.text += &format!(
                "\n**{left_out} lines are left out**, since a summary must stay below a mebibyte: `{OUTCOME}` has everything.\n"
            );
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_escaped() {
        assert_eq!(escape("a|b <c> `d`\n*e* @f"), "a\\|b &lt;c&gt; \\`d\\` \\*e\\* @\u{200b}f");
        assert_eq!(escape("https://x [y](z)"), "https:\u{200b}//x \\[y\\](z)");
    }
}
