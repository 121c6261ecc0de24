//! Tests that the page recommends the same as `advise` for typical needs, and names the variants that it leaves out.

mod support;

use std::fs;

use reports::{
    advice::{Need, Standing, advise, models},
    page,
};
use results::{schema::Status, store::Run};
use serde_json::json;

fn html_of(run: &Run) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::read_to_string(page::write(run, folder.path()).unwrap().page).unwrap()
}

#[test]
fn the_page_recommends_what_the_verb_recommends() {
    let run = support::run();
    let advice = advise(&models(&run).unwrap(), &Need::default());
    let recommended = advice.choices.iter().find(|choice| choice.standing == Standing::Recommended).unwrap();
    let html = html_of(&run);
    let (_, table) =
        html.split_once("quotes: an event every four seconds").expect("the table has a row for the article's need");
    let (row, _) = table.split_once("</tr>").unwrap();
    assert!(row.contains(&recommended.name), "{}: {row}", recommended.name);
    assert!(!html.contains("<form") && html.matches("<script").count() == 1);
}

#[test]
fn the_page_names_variants_without_a_valid_trial() {
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
