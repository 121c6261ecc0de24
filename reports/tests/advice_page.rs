//! The form's script answers as the `advise` verb does, over a grid of needs.
//!
//! The script that is tested is cut out of a page that was written. It needs `node`; where there is none the test judges
//! nothing, unless `CI` is set, where it fails. A reader is guarded without it: the form compares its own answers for the
//! needs of the table with the table's, and stays hidden where they differ.

mod support;

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use reports::{
    advice::{Advice, Need, Standing, advise, models, render},
    page,
};
use results::{schema::Status, statistics, store::Run};
use serde_json::{Value, json};

/// Reads needs, one JSON text a line, and writes the answers.
const DRIVER: &str = "
const { choices, sensitivities, isUnknown } = require(process.argv[2]);
const given = JSON.parse(require('fs').readFileSync(process.argv[3], 'utf8'));
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');
console.log(JSON.stringify(lines.map((line) => {
  const need = JSON.parse(line);
  return { choices: choices(given, need), unknown: isUnknown(choices(given, need)), sensitivities: sensitivities(given, need) };
})));
";

fn grid() -> Vec<Need> {
    let mut needs = Vec::new();
    for clients in [50.0, 1_000.0, 80_000.0] {
        for events_per_client in [0.002, 0.25, 7.0] {
            for staleness_ms in [1.0, 300.0, 45_000.0] {
                for conditions in 0..8_u32 {
                    let [sends, persistent, every_event] = [1, 2, 4].map(|bit| conditions & bit != 0);
                    let payload_bytes = if sends { 0.0 } else { 300.0 };
                    let inbound = conditions % 3 == 0;
                    let browser = conditions == 5;
                    let need = Need {
                        clients,
                        events_per_client,
                        payload_bytes,
                        staleness_ms,
                        sends,
                        browser,
                        inbound,
                        persistent,
                        every_event,
                    };
                    needs.push(need);
                }
            }
        }
    }
    needs
}

/// The constants and the script, as a page has them.
fn of_page(run: &Run) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    let written = page::write(run, folder.path()).unwrap();
    let html = fs::read_to_string(written.page).unwrap();
    let after = |mark: &str| html.split_once(mark).unwrap_or_else(|| panic!("no {mark}")).1.to_owned();
    let element = |text: &str| text.split_once("</script>").unwrap().0.to_owned();
    let constants = element(&after("<script type=\"application/json\" id=\"advice-constants\">"));
    let script = element(&after("<script id=\"advice-script\">"));
    [constants, script]
}

fn answers(run: &Run, needs: &[Need]) -> Option<Vec<Value>> {
    let [constants, script] = of_page(run);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, text) in [("driver.js", DRIVER), ("advice.js", &script), ("constants.json", &constants)] {
        fs::write(path(name), text).unwrap();
    }
    let mut command = Command::new("node");
    command.args([path("driver.js"), path("advice.js"), path("constants.json")]);
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "node cannot be started: {error}");
            return None;
        }
    };
    let lines: Vec<String> = needs.iter().map(|need| serde_json::to_string(need).unwrap()).collect();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn close(own: &Value, other: &Value) -> bool {
    match (own.as_f64(), other.as_f64()) {
        (Some(own), Some(other)) => (own - other).abs() <= 1e-6 * own.abs().max(1e-9),
        _ => own == other,
    }
}

fn compare(own: &Advice, other: &Value) {
    let choices = other["choices"].as_array().unwrap();
    assert_eq!(choices.len(), own.choices.len());
    for (own, other) in own.choices.iter().zip(choices) {
        assert_eq!(other["model"]["name"], own.name, "{other} {own:?}");
        let by = if let Standing::Dominated { by } = &own.standing { json!(by) } else { Value::Null };
        let reasons = if let Standing::Excluded { reasons } = &own.standing { json!(reasons) } else { json!([]) };
        assert_eq!((&other["by"], &other["reasons"]), (&by, &reasons), "{other} {own:?}");
        let standing = serde_json::to_value(&own.standing).unwrap()["standing"].clone();
        assert_eq!(other["standing"], standing, "{other} {own:?}");
        let prediction = serde_json::to_value(&own.prediction).unwrap();
        for (key, value) in prediction.as_object().unwrap() {
            assert!(close(value, &other["prediction"][key]), "{key}: {value} {other}");
        }
        assert!(own.score.is_none_or(|score| close(&json!(score), &other["score"])), "{own:?} {other}");
    }
    assert_eq!(other["unknown"], render(own).contains("Whether anything meets this need is not known"));
    let sensitivities = serde_json::to_value(&own.sensitivities).unwrap();
    let (own, other) = (sensitivities.as_array().unwrap(), other["sensitivities"].as_array().unwrap());
    assert_eq!(own.len(), other.len(), "{own:?} {other:?}");
    for (own, other) in own.iter().zip(other) {
        for key in ["input", "value", "above", "instead"] {
            assert!(close(&own[key], &other[key]), "{own} {other}");
        }
    }
}

#[test]
fn the_form_answers_as_the_verb_does() {
    // Too few events for a p99: of what pushes, and of the answers that polls are taken to wait for.
    let mut few = support::run_under(&[100, 1_000, 10_000]);
    for trial in &mut few.trials {
        let is_few = trial.approach == "websocket" && trial.load.clients < 10_000 || trial.approach == "long-poll";
        if let Some(measured) = trial.measured.as_mut().filter(|_| is_few) {
            measured.event_median_ns = statistics::summarise(&support::histogram(0..100), 100);
            measured.effective_events = 50;
        }
    }
    let mut unknown = support::run();
    for measured in unknown.trials.iter_mut().filter_map(|trial| trial.measured.as_mut()) {
        measured.event_median_ns = statistics::summarise(&support::histogram(0..100), 100);
        measured.effective_events = 50;
    }
    for run in [support::run(), support::run_under(&[100, 1_000, 10_000]), few, unknown] {
        let needs = grid();
        let Some(answers) = answers(&run, &needs) else { return };
        let models = models(&run).unwrap();
        for (need, answer) in needs.iter().zip(&answers) {
            compare(&advise(&models, need), answer);
        }
    }
}

#[test]
fn names_cannot_end_the_constants() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        trial.variant = "</script><script>alert(1)</script>".into();
    }
    let [constants, script] = of_page(&run);
    assert!(!constants.contains('<') && constants.contains("alert(1)"));
    let constants: Value = serde_json::from_str(&constants).unwrap();
    assert!(constants["models"].as_array().is_some_and(|models| models.len() == support::APPROACHES.len()));
    assert!(script.trim_start().starts_with("// Advice for the need"));
}

#[test]
fn what_has_no_valid_trial_is_on_the_page() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "websocket") {
        trial.status = Status::Invalid;
    }
    let [constants, _] = of_page(&run);
    let constants: Value = serde_json::from_str(&constants).unwrap();
    assert_eq!(constants["absent"], json!([{ "name": "websocket", "why": "no valid trial (0 of 3)" }]));
    assert_eq!(constants["notes"][1], "The choice was not among all: websocket had no valid trial.");
    let folder = tempfile::tempdir().unwrap();
    let html = fs::read_to_string(page::write(&run, folder.path()).unwrap().page).unwrap();
    assert!(html.contains("<p>3 of 33 trials of the run are not valid and left out.</p>"));
}

#[test]
fn a_run_without_constants_has_no_advice() {
    let mut run = support::run();
    run.run.scenario["faults"] = json!({ "drop": 0.01 });
    let folder = tempfile::tempdir().unwrap();
    let html = fs::read_to_string(page::write(&run, folder.path()).unwrap().page).unwrap();
    assert!(!html.contains("advice-constants") && !html.contains("id=\"advice\""));
}
