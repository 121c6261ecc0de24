//! Tests reports of large but honest runs: their size is bounded, and they say what they leave out.
//!
//! The runs are so large that an algorithm with quadratic run time would take minutes. No assertion checks the time.

mod support;

use std::fs;

use reports::{advice, compare, export, page, table};
use results::{
    schema::{Check, Status, TrialRecord, Verdict},
    store::Run,
};
use tempfile::TempDir;

/// Returns the first round of the synthetic run, with more trials appended.
fn with(more: impl IntoIterator<Item = TrialRecord>) -> Run {
    let mut run = support::run();
    run.trials.truncate(11);
    run.trials.extend(more);
    run.run.planned_trials = run.trials.len() as u32;
    run
}

fn failed(variants: usize) -> Run {
    let like = support::run().trials.remove(0);
    with((0..variants).map(|number| TrialRecord {
        variant: format!("short-poll/{number}"),
        status: Status::Failed,
        error: Some("broken".repeat(100)),
        measured: None,
        ..like.clone()
    }))
}

/// Writes the report of a run. Returns its page and its data.
fn page_of(run: &Run) -> (String, String) {
    let folder = TempDir::new().unwrap();
    let written = page::write(run, folder.path()).unwrap();
    (fs::read_to_string(written.page).unwrap(), fs::read_to_string(written.data).unwrap())
}

#[test]
fn thousands_of_failed_variants_are_counted_and_not_listed() {
    let run = failed(4_000);
    let text = table::render(&run);
    assert_eq!(text.lines().filter(|line| line.starts_with("failed: ")).count(), 200);
    assert!(text.contains("3800 more trials are not valid; report.json lists them"));
    let flat = text.replace('\n', " ");
    assert!(flat.contains("4000 of 4011 trials are not valid and left out."), "{}", &text[text.len() - 2_000..]);
    let (page, data) = page_of(&run);
    assert!(page.len() <= 1_000_000, "{}", page.len());
    assert!(
        page.contains("Left out here to keep the page small: 3,981 variants. report.json has them."),
        "the page shows 30 variants"
    );
    assert!(data.contains("short-poll/3999"));
    assert!(compare::compare(&run, &run).is_ok());
}

#[test]
fn a_page_of_many_variants_is_bounded_and_says_so() {
    let like = support::run().trials.remove(4);
    let run = with((0..70).map(|number| TrialRecord { variant: format!("websocket/{number}"), ..like.clone() }));
    let (page, data) = page_of(&run);
    assert!(page.len() <= 1_000_000, "{}", page.len());
    assert!(page.contains("Left out here to keep the page small: 51 variants. report.json has them."));
    assert!(data.contains("websocket/69"));
    let csv = export::text(std::slice::from_ref(&run), export::Form::Csv);
    assert_eq!(csv.lines().count(), 1 + 81, "the CSV has all variants");
}

#[test]
fn a_page_of_many_rounds_is_bounded_and_says_so() {
    let like = support::run().trials.remove(3);
    let run = with((4..104).map(|round| TrialRecord { round, ..like.clone() }));
    let (page, _) = page_of(&run);
    assert!(page.len() <= 1_000_000, "{}", page.len());
    assert!(page.contains("Left out here to keep the page small: 80 rounds of those shown."), "21 of 101 are shown");
}

#[test]
fn very_many_checks_are_counted() {
    let mut run = with([]);
    let check = |number: usize| Check {
        id: format!("check-{number}"),
        value: Some(1.0),
        threshold: Some(number as f64),
        verdict: Verdict::Warn,
        note: "note".repeat(200),
    };
    run.trials[0].measured.as_mut().unwrap().checks = (0..6_000).map(check).collect();
    let text = table::render(&run);
    assert!(text.contains("5801 more checks warned; report.json has them") && text.len() < 400_000, "{}", text.len());
    let (page, _) = page_of(&run);
    assert!(page.len() <= 1_000_000, "{}", page.len());
}

#[test]
fn names_equal_as_files_are_numbered() {
    let like = support::run().trials.remove(3);
    let measured = TrialRecord { measured: None, status: Status::Failed, error: Some("x".into()), ..like };
    let name = |number: usize| format!("sse/{}{number}", "x".repeat(100));
    let run = with((0..5_000).map(|number| TrialRecord { variant: name(number), ..measured.clone() }));
    page_of(&run);
}

#[test]
fn too_many_candidates_give_no_advice() {
    let like = support::run().trials.remove(3);
    let run = with((0..95).map(|number| TrialRecord { variant: format!("sse/{number}"), ..like.clone() }));
    let said = advice::models(&run).unwrap_err().to_string();
    assert_eq!(said, "the run has 106 variants, and at most 100 can be compared; take a run of fewer with --from");
    let (page, _) = page_of(&run);
    assert!(page.contains("Nothing is advised: the run has 106 variants"), "the page gives the reason");
}
