//! Outcomes as JUnit XML: a suite per gate, a test case per finding. A regression is a failure; a finding that could not be
//! compared is an error. No case is skipped, because a skipped test fails no pipeline.

use results::plain;

use super::words::{findings, name, whole, word};
use crate::{Finding, Outcome, Verdict};

/// What becomes of a test case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Passed,
    Failed,
    Error,
}

/// The outcomes as one document.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    let outcomes = whole(outcomes);
    let mut cases = Vec::new();
    let mut suites = String::new();
    for outcome in outcomes.iter() {
        let findings = findings(outcome);
        let own: Vec<Case> = findings.iter().map(|finding| case(finding)).collect();
        let counts = counts(&own);
        let suite = attribute(&format!("delivery-bench gate {}", name(outcome.tier)));
        suites += &format!("  <testsuite name=\"{suite}\" {counts} time=\"0\">\n");
        suites.extend(own.iter().zip(&findings).map(|(case, finding)| test_case(outcome, *case, finding)));
        let said = [&outcome.compared, &outcome.reason].into_iter().chain(&outcome.notes);
        let said: Vec<&str> = said.map(String::as_str).collect();
        suites += &format!("    <system-out>{}</system-out>\n  </testsuite>\n", content(&said.join("\n")));
        cases.extend(own);
    }
    let counts = counts(&cases);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"delivery-bench gate\" {counts} time=\"0\">\n\
         {suites}</testsuites>\n"
    )
}

fn case(finding: &Finding) -> Case {
    match finding.verdict {
        Verdict::Pass => Case::Passed,
        Verdict::Regression => Case::Failed,
        Verdict::Inconclusive | Verdict::Invalid => Case::Error,
    }
}

fn counts(cases: &[Case]) -> String {
    let of = |wanted: Case| cases.iter().filter(|case| **case == wanted).count();
    let [failures, errors] = [Case::Failed, Case::Error].map(of);
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"", cases.len())
}

fn test_case(outcome: &Outcome, case: Case, finding: &Finding) -> String {
    let class = attribute(&format!("{}.{}", name(outcome.tier), finding.cell));
    let head = format!("    <testcase classname=\"{class}\" name=\"{}\" time=\"0\"", attribute(&finding.metric));
    let (kind, message) = (word(finding.verdict), attribute(&finding.explanation));
    let element = match case {
        Case::Passed => return format!("{head}/>\n"),
        Case::Failed => {
            format!("<failure type=\"{kind}\" message=\"{message}\">{}</failure>", content(&finding.explanation))
        }
        Case::Error => {
            format!("<error type=\"{kind}\" message=\"{message}\">{}</error>", content(&finding.explanation))
        }
    };
    format!("{head}>\n      {element}\n    </testcase>\n")
}

/// Text as it may stand in a quoted attribute, in which a line break would become a space.
fn attribute(text: &str) -> String {
    content(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Text as it may stand in an element. XML has no place at all for most control characters and for two others.
fn content(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(plain::printable(other)),
        }
    }
    escaped
}
