//! Tests every output format of the gate. Each shows all findings and escapes names, and an empty outcome is not a
//! pass.

use std::fs;

use gate::{
    Finding, Outcome, Tier, Verdict,
    surface::{self, annotations, junit, markdown, text},
};
use serde_json::Value;
use tempfile::TempDir;

const HOSTILE: &str = "a\"b'<c>&|`d`\r\n::error::x %0A @e \u{0}\u{1b}[2J\u{202e}\u{fffe}\u{ffff}]]>##[group]";

fn finding(cell: &str, metric: &str, verdict: Verdict) -> Finding {
    Finding {
        cell: cell.to_owned(),
        metric: metric.to_owned(),
        unit: if metric.ends_with("bytes") { "bytes" } else { "count" }.to_owned(),
        before: Some(8_100.0),
        after: Some(if verdict == Verdict::Regression { 8_200.0 } else { 8_100.0 }),
        verdict,
        explanation: format!("{cell}, {metric}: so it is"),
    }
}

fn outcome(tier: Tier, verdicts: &[Verdict]) -> Outcome {
    let findings = verdicts.iter().enumerate();
    let findings = findings.map(|(index, verdict)| finding("pushing", &format!("deliver {index} bytes"), *verdict));
    Outcome::from_findings(tier, "this with that".to_owned(), findings.collect(), vec!["one note".to_owned()])
}

fn every_verdict() -> Outcome {
    outcome(Tier::Exact, &[Verdict::Pass, Verdict::Inconclusive, Verdict::Regression, Verdict::Invalid, Verdict::Pass])
}

fn hostile() -> Outcome {
    let findings = vec![finding(HOSTILE, HOSTILE, Verdict::Regression), finding("", "", Verdict::Invalid)];
    Outcome::from_findings(Tier::Paired, HOSTILE.to_owned(), findings, vec![HOSTILE.to_owned()])
}

/// Returns an outcome whose findings pass, but which is invalid because the gate's own control failed.
fn against_its_findings() -> Outcome {
    let passing = outcome(Tier::Paired, &[Verdict::Pass]);
    Outcome { verdict: Verdict::Invalid, reason: "the control failed".to_owned(), ..passing }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_terminal_shows_the_gravest_findings_first() {
    let shown = text::render(&[every_verdict()], false);
    assert!(shown.starts_with("INVALID: gate exact, this with that\n"), "{shown}");
    let places: Vec<usize> = ["deliver 3 bytes", "deliver 2 bytes", "deliver 1 bytes"]
        .iter()
        .map(|metric| shown[shown.find("cell").unwrap()..].find(metric).unwrap())
        .collect();
    assert!(places.is_sorted(), "{shown}");
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains("pushing deliver 2 bytes 8,100 8,200 +1.23 % regression"), "{shown}");
    assert!(shown.contains("2 of 5 comparisons passed.") && shown.contains("· one note"), "{shown}");
    assert!(!shown.contains("deliver 0 bytes"), "{shown}");
    assert!(text::render(&[every_verdict()], true).contains("deliver 0 bytes"));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let shown = text::render(&[hostile()], true);
    let obeyed = |character: char| character.is_control() && character != '\n';
    assert!(!shown.contains(obeyed) && !shown.contains("::") && !shown.contains("##["), "{shown}");
}

#[test]
fn a_summary_escapes_what_failed() {
    let shown = markdown::render(&[every_verdict()]);
    assert!(shown.starts_with("## Delivery gate: invalid\n"), "{shown}");
    let row =
        "| regression | `pushing` | `deliver 2 bytes` | 8,100 | 8,200 | +1.23 % | pushing, deliver 2 bytes: so it is |";
    assert!(shown.contains(row), "{shown}");
    let shown = markdown::render(&[hostile()]);
    let row = shown.lines().find(|line| line.starts_with("| regression")).unwrap();
    let bars = row.replace("\\|", "").matches('|').count();
    assert_eq!(bars, 8, "{row}");
    let outside_code: String = row.split('`').step_by(2).collect();
    assert!(!outside_code.contains("<c>") && !outside_code.contains("@e"), "{shown}");
}

#[test]
fn a_summary_stays_below_its_size_limit() {
    let mut outcome = outcome(Tier::Exact, &[Verdict::Regression; 2_000]);
    for finding in &mut outcome.findings {
        finding.explanation = "ä".repeat(5_000);
    }
    outcome.notes = vec!["&".repeat(100_000); 50];
    outcome.reason = "x".repeat(3_000_000);
    let shown = markdown::render(&vec![outcome; 3]);
    assert!(shown.len() <= markdown::LIMIT_BYTES, "{}", shown.len());
    assert!(shown.contains("lines are left out") && shown.contains("outcome.json"));
    assert!(!markdown::render(&[every_verdict()]).contains("left out"));
}

#[test]
fn at_most_ten_annotations_per_type_are_printed() {
    let shown = annotations::render(&[every_verdict()]);
    let expected = "::error title=gate exact%3A invalid::pushing, deliver 3 bytes: so it is\n\
                    ::error title=gate exact%3A regression::pushing, deliver 2 bytes: so it is\n\
                    ::warning title=gate exact%3A inconclusive::pushing, deliver 1 bytes: so it is\n\
                    ::notice title=gate exact::one note\n";
    assert_eq!(shown, expected);
    let many = annotations::render(&[
        outcome(Tier::Exact, &[Verdict::Regression; 8]),
        outcome(Tier::Paired, &[Verdict::Regression; 8]),
    ]);
    assert_eq!(many.lines().filter(|line| line.starts_with("::error")).count(), annotations::MOST);
    assert!(many.contains("::and 7 more: "), "{many}");
    let hostile = annotations::render(&[hostile()]);
    assert!(
        hostile.lines().all(|line| line.starts_with("::error title=") || line.starts_with("::notice title=")),
        "{hostile}"
    );
    assert_eq!(hostile.lines().count(), 3);
}

#[test]
fn junit_is_well_formed_with_hostile_names() {
    let outcomes = [every_verdict(), hostile(), against_its_findings(), outcome(Tier::Paired, &[Verdict::Regression])];
    let shown = junit::render(&outcomes);
    let document = roxmltree::Document::parse(&shown).unwrap_or_else(|error| panic!("{error}\n{shown}"));
    let of = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!([of("testsuite"), of("testcase"), of("failure"), of("error"), of("skipped")], [4, 10, 3, 4, 0]);
    let root = document.root_element();
    let counts = ["tests", "failures", "errors"].map(|name| root.attribute(name).unwrap());
    assert_eq!(counts, ["10", "3", "4"]);
    let types = document.descendants().filter(|node| node.has_tag_name("error")).map(|node| node.attribute("type"));
    assert_eq!(types.flatten().collect::<Vec<_>>(), ["invalid", "inconclusive", "invalid", "invalid"]);
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failure.attribute("message"), Some("pushing, deliver 2 bytes: so it is"));
    assert!(document.descendants().any(|node| node.attribute("message") == Some("the control failed")), "{shown}");
    let mut named = document.descendants().filter_map(|node| node.attribute("name"));
    let kept = HOSTILE.replace(['\r', '\n', '\0', '\u{1b}'], " ");
    let kept = kept.replace(['\u{202e}', '\u{fffe}', '\u{ffff}'], "\u{fffd}");
    assert!(named.any(|name| name == kept), "{shown}");
}

#[test]
fn the_gravest_outcome_decides() {
    let [pass, regression] = [Verdict::Pass, Verdict::Regression].map(|verdict| outcome(Tier::Exact, &[verdict]));
    assert_eq!(surface::overall(&[regression, pass]), Verdict::Regression);
    assert_eq!(surface::overall(&[]), Verdict::Invalid);
}

#[test]
fn no_outcome_is_shown_as_invalid() {
    assert!(text::render(&[], false).starts_with("INVALID"));
    assert!(markdown::render(&[]).starts_with("## Delivery gate: invalid"));
    assert!(annotations::render(&[]).starts_with("::error title=gate exact%3A invalid::no gate has run"));
    assert!(junit::render(&[]).contains("errors=\"1\""));
    assert_eq!(parsed(&surface::json(&[]))["verdict"], "invalid");
    for shown in [text::render(&[against_its_findings()], false), markdown::render(&[against_its_findings()])] {
        assert!(shown.contains("the control failed"), "{shown}");
    }
    assert!(
        annotations::render(&[against_its_findings()]).starts_with("::error title=gate paired%3A invalid::the control")
    );
}

#[test]
fn every_file_is_written() {
    let directory = TempDir::new().unwrap();
    let target = directory.path().join("a/gate");
    let outcomes = [every_verdict(), hostile()];
    let written = surface::write_all(&outcomes, &target).unwrap();
    let names: Vec<&str> = written.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["outcome.json", "summary.md", "junit.xml"]);
    let outcome = parsed(&fs::read_to_string(target.join("outcome.json")).unwrap());
    assert_eq!(outcome["verdict"], "invalid");
    let back: Vec<Outcome> = serde_json::from_value(outcome["outcomes"].clone()).unwrap();
    assert_eq!(back, outcomes);
    fs::write(directory.path().join("file"), "").unwrap();
    let error = surface::write_all(&outcomes, &directory.path().join("file")).unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
}
