//! The page recommends for typical needs what the verb recommends, and says what it leaves out.

mod support;

use std::fs;

use reports::page;
use results::{schema::Status, store::Run};
use serde_json::json;

fn html_of(run: &Run) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::read_to_string(page::write(run, folder.path()).unwrap().page).unwrap()
}

#[test]
fn the_table_of_needs_is_on_the_page_and_no_form() {
    let html = html_of(&support::run());
    assert!(html.contains("id=\"advice\"") && html.contains("Advice for typical needs"));
    assert!(!html.contains("<form") && html.matches("<script").count() == 1);
}

#[test]
fn what_has_no_valid_trial_is_on_the_page() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "websocket") {
        trial.status = Status::Invalid;
    }
    let html = html_of(&run);
    assert!(html.contains("<p>3 of 33 trials of the run are not valid and left out.</p>"));
    assert!(html.contains("The choice was not among all: websocket had no valid trial."));
}

#[test]
fn a_run_without_constants_has_no_advice() {
    let mut run = support::run();
    run.run.scenario["faults"] = json!({ "drop": 0.01 });
    assert!(!html_of(&run).contains("id=\"advice\""));
}
