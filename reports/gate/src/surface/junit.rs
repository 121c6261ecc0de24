//! Outcomes as JUnit XML: a suite per gate, a test case per finding. A regression is a failure; a finding that could not be
//! compared is an error. No case is skipped, because a skipped test fails no pipeline.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use results::sanitize;

use super::words::{findings, line, name, whole, word};
use crate::{Finding, Outcome, Verdict};

/// Renders the outcomes as one document.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    let mut report = Report::new("delivery-bench gate");
    for outcome in whole(outcomes).iter() {
        let mut suite = TestSuite::new(format!("delivery-bench gate {}", name(outcome.tier)));
        suite.add_test_cases(findings(outcome).iter().map(|finding| test_case(outcome, finding)));
        let notes = [&outcome.compared, &outcome.reason].into_iter().chain(&outcome.notes);
        let notes: Vec<&str> = notes.map(String::as_str).collect();
        suite.set_system_out(printable(&notes.join("\n")));
        report.add_test_suite(suite);
    }
    report.to_string().expect("text and numbers can be written as XML")
}

fn test_case(outcome: &Outcome, finding: &Finding) -> TestCase {
    let status = match finding.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Regression => not_passed(NonSuccessKind::Failure, finding),
        Verdict::Inconclusive | Verdict::Invalid => not_passed(NonSuccessKind::Error, finding),
    };
    let mut case = TestCase::new(attribute(&finding.metric), status);
    case.set_classname(attribute(&format!("{}.{}", name(outcome.tier), finding.cell)));
    case
}

fn not_passed(kind: NonSuccessKind, finding: &Finding) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word(finding.verdict)).set_message(attribute(&finding.explanation));
    status.set_description(printable(&finding.explanation));
    status
}

/// Returns text for an attribute, in which XML turns a line break into a space.
fn attribute(text: &str) -> String {
    printable(&line(text))
}

/// Replaces characters that XML does not allow. The library would drop them, and names that differ by them would be the
/// same.
fn printable(text: &str) -> String {
    let shown = |character| match character {
        '\n' | '\t' => character,
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        other => sanitize::printable(other),
    };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}
