//! Renders outcomes as workflow commands of GitHub Actions, which annotate the run.
//!
//! GitHub shows ten annotations per type and step, and drops the others silently. So at most ten are printed, and the last one
//! says how many more there are.

use results::sanitize;

use super::words::{findings, name, whole, word};
use crate::{Outcome, Verdict};

/// Maximum number of annotations per type.
pub const MOST: usize = 10;

/// Maximum length of a message, in characters.
const MESSAGE: usize = 1_000;

/// Renders the outcomes as commands, one per line. Returns an empty text if everything passed without notes.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    let outcomes = whole(outcomes);
    let [mut errors, mut warnings, mut notices] = [const { Vec::new() }; 3];
    for outcome in outcomes.iter() {
        let gate = format!("gate {}", name(outcome.tier));
        for finding in findings(outcome).iter().filter(|finding| finding.verdict != Verdict::Pass) {
            let blocks = finding.verdict > Verdict::Inconclusive;
            let title = format!("{gate}: {}", word(finding.verdict));
            let of_type = if blocks { &mut errors } else { &mut warnings };
            of_type.push((title, finding.explanation.clone()));
        }
        notices.extend(outcome.notes.iter().map(|note| (gate.clone(), note.clone())));
    }
    let types = [("error", errors), ("warning", warnings), ("notice", notices)];
    types.into_iter().map(|(command, messages)| commands(command, &messages)).collect()
}

fn commands(command: &str, messages: &[(String, String)]) -> String {
    let shown = if messages.len() > MOST { MOST - 1 } else { messages.len() };
    let mut lines: String = messages[..shown].iter().map(|(title, message)| line(command, title, message)).collect();
    if messages.len() > shown {
        let rest = format!("and {} more: the summary of the step has them", messages.len() - shown);
        lines += &line(command, "gate", &rest);
    }
    lines
}

fn line(command: &str, title: &str, message: &str) -> String {
    format!(
        "::{command} title={}::{}\n",
        property(&printable(title)),
        data(&printable(&sanitize::cut(message, MESSAGE)))
    )
}

/// Replaces control characters other than line breaks, which can be escaped.
fn printable(text: &str) -> String {
    text.chars().map(|it| if matches!(it, '\n' | '\r') { it } else { sanitize::printable(it) }).collect()
}

/// Escapes the text of a command. The percent sign goes first, or it would escape the results of the others.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property, which a colon or a comma would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_an_annotation_command() {
        assert_eq!(
            line("error", "a:b,c", "100 %\r\n::stop-commands::x\u{1b}"),
            "::error title=a%3Ab%2Cc::100 %25%0D%0A::stop-commands::x\u{fffd}\n"
        );
    }

    #[test]
    fn the_tenth_annotation_counts_the_rest() {
        let messages = |count: usize| vec![("t".to_owned(), "m".to_owned()); count];
        assert_eq!(commands("error", &messages(10)).lines().count(), 10);
        let many = commands("error", &messages(12));
        assert_eq!(many.lines().count(), 10);
        assert!(many.ends_with("::and 3 more: the summary of the step has them\n"), "{many}");
    }
}
