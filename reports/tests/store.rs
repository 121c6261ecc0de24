//! Tests that the store reads back what it wrote. Errors about other files say where the problem is and what to do.

mod support;

use std::{fs, path::Path};

use results::{
    schema::{Interrupted, Record},
    store::{self, Run, Store, StoreError},
};
use tempfile::TempDir;

fn written(run: &Run) -> TempDir {
    let directory = TempDir::new().unwrap();
    support::written::results(run, &directory.path().join("run"));
    directory
}

fn read(directory: &TempDir) -> Result<Run, StoreError> {
    store::read(&directory.path().join("run"))
}

/// Writes a run, changes its file, and reads it. An error names the file as `FILE`.
fn changed(change: impl FnOnce(String) -> String) -> Result<Run, String> {
    let directory = written(&support::run());
    let path = directory.path().join("run/results.jsonl");
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    read(&directory).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

/// Writes a run, changes its file, and returns the error of reading it.
fn complaint(change: impl FnOnce(String) -> String) -> String {
    changed(change).unwrap_err()
}

/// Replaces the first occurrence of a text in the file, and returns the error of reading it.
fn complaint_about(from: &str, to: &str) -> String {
    complaint(|text| {
        assert!(text.contains(from), "{from} is not in the file");
        text.replacen(from, to, 1)
    })
}

#[test]
fn reads_back_what_was_written() {
    let mut run = support::run();
    assert!(read(&written(&run)).unwrap() == run);
    run.interrupted = Some(Interrupted { recorded_trials: 33, planned_trials: 40 });
    assert!(read(&written(&run)).unwrap() == run);
}

#[test]
fn results_are_never_overwritten() {
    let directory = written(&support::run());
    let again = Store::create(&directory.path().join("run"));
    assert!(matches!(again, Err(StoreError::Exists { .. })));
}

#[test]
fn missing_results_are_named() {
    let error = store::read(Path::new("/nowhere")).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }));
    assert!(error.to_string().contains("expected a directory that holds results.jsonl"), "{error}");
}

#[test]
fn a_broken_line_in_the_middle_is_located() {
    let said = complaint_about("\"round\":1", "\"round\":!");
    assert!(said.starts_with("FILE:2:") && said.contains("expected value"), "{said}");
}

#[test]
fn a_mistyped_measurement_is_located_by_its_field() {
    let directory = written(&support::run());
    let text = fs::read_to_string(directory.path().join("run/results.jsonl")).unwrap();
    let column = text.lines().nth(1).unwrap().find("\"p50\":").unwrap() + "\"p50\":".len() + 1;
    let said = complaint_about("\"p50\":", "\"p50\":-");
    assert!(said.starts_with(&format!("FILE:2:{column}: latency_ns.p50: invalid value: integer `-")), "{said}");
}

#[test]
fn unknown_and_missing_fields_are_errors() {
    let said = complaint_about("\"shards\":1", "\"shards\":1,\"shrads\":1");
    assert!(said.contains("shrads: unknown field"), "{said}");
    let said = complaint_about("\"reconnects\":0,", "");
    assert!(said.contains("missing field `reconnects`"), "{said}");
    let said = complaint_about("\"cores\":2", "\"cores\":2,\"corse\":2");
    assert!(said.starts_with("FILE:1:") && said.contains("environment.corse: unknown field `corse`"), "{said}");
}

#[test]
fn another_schema_version_is_refused() {
    let said = complaint_about("\"schema_version\":5", "\"schema_version\":999");
    assert!(said.contains("schema version 999; expected schema version 4 to 5"), "{said}");
}

#[test]
fn the_version_before_can_be_read() {
    let read = changed(|text| {
        assert!(!text.contains("\"part\""), "the table is the default, which version 4 does not name");
        text.replacen("\"schema_version\":5", "\"schema_version\":4", 1)
    });
    assert!(read.is_ok());
}

#[test]
fn the_run_record_must_be_there_first_and_once() {
    let said = complaint(|text| text.split_once('\n').unwrap().1.to_owned());
    assert!(said.starts_with("FILE:1:1: the run record is missing"), "{said}");
    let said = complaint(|text| format!("{}\n{text}", text.lines().next().unwrap()));
    assert!(said.starts_with("FILE:2:1: a second run record"), "{said}");
}

#[test]
fn impossible_numbers_are_errors() {
    let said = complaint_about("\"missed\":0", "\"missed\":7");
    assert!(said.contains("delivered + missed + coalesced"), "{said}");
    let said = complaint_about("\"timed_out\":0", "\"timed_out\":999999999");
    assert!(said.contains("not_modified + timed_out"), "{said}");
    let said = complaint_about("\"seconds\":0.2", "\"seconds\":-0.2");
    assert!(said.contains("connect.seconds: -0.2; expected a finite number"), "{said}");
    let said = complaint_about("\"effective_events\":", "\"effective_events\":9");
    assert!(said.contains("effective_events: 9251 of 251 events; expected at most the events"), "{said}");
    let said = complaint_about("\"median_interval_ns\":null", "\"median_interval_ns\":[2,1]");
    assert!(said.contains("median_interval_ns: from 2 to 1"), "{said}");
    let said = complaint_about("\"steal_share\":", "\"steal_share\":-");
    assert!(said.contains("host.steal_share: -0.001"), "{said}");
    let said = complaint_about("\"latency_ns\":{\"count\":", "\"latency_ns\":{\"count\":9");
    assert!(said.contains("but the histogram holds"), "{said}");
    let said = complaint_about("\"histogram\":\"", "\"histogram\":\"A");
    assert!(said.contains("latency_ns.histogram: not "), "{said}");
    let said = complaint_about("\"max\":", "\"max\":0,\"min\":");
    assert!(said.contains("duplicate field") || said.contains("out of order"), "{said}");
}

#[test]
fn records_that_contradict_each_other_are_errors() {
    let said = complaint_about("\"cores\":2", "\"cores\":0");
    assert!(said.contains("environment.cores: 0; expected at least 1"), "{said}");
    let said = complaint_about("\"variant\":\"sse\"", "\"variant\":\"websocket\"");
    assert!(said.contains("\"websocket\" of approach \"sse\"; expected the approach, and settings"), "{said}");
    let run = support::run();
    let max = run.trials[0].measured.as_ref().unwrap().latency_ns.max.unwrap();
    let said = complaint_about(&format!("\"max\":{max}"), &format!("\"max\":{}", max * 2));
    assert!(said.contains("but the histogram from "), "{said}");
    let mut run = support::run();
    run.interrupted = Some(Interrupted { recorded_trials: 5, planned_trials: 40 });
    let directory = TempDir::new().unwrap();
    support::written::results(&run, directory.path());
    let said = store::read(directory.path()).unwrap_err().to_string();
    assert!(said.contains("recorded_trials: 5, but the file has 33; expected all trials"), "{said}");
    let said = complaint(|text| {
        text.replacen("\"schema_version\":5", "\"schema_version\":4", 1).replacen(
            "\"round\"",
            "\"part\":\"cost\",\"round\"",
            1,
        )
    });
    assert!(said.contains("part: a part, in a file of schema version 4; expected schema version 5 or later"), "{said}");
}

#[test]
fn a_field_may_be_written_with_its_default() {
    let with_defaults = "\"part\":\"table\",\"encoding\":null,\"round\"";
    assert!(changed(|text| text.replace("\"round\"", with_defaults)).is_ok());
}

#[test]
fn an_ok_trial_without_measurements_is_an_error() {
    let said = complaint(|text| {
        let mut run = support::run();
        run.trials[0].measured = None;
        let line = serde_json::to_string(&Record::Trial(Box::new(run.trials[0].clone()))).unwrap();
        format!("{}\n{line}\n", text.lines().next().unwrap())
    });
    assert!(said.contains("status: measured, without measurements"), "{said}");
}

#[test]
fn repeated_trials_and_unknown_approaches_are_errors() {
    let said = complaint(|text| format!("{text}{}\n", text.lines().nth(1).unwrap()));
    assert!(said.starts_with("FILE:35:") && said.contains("recorded before in round 1"), "{said}");
    let said = complaint_about("\"approach\":\"short-poll\"", "\"approach\":\"pigeon\"");
    assert!(said.contains("approach: \"pigeon\"; expected an approach that the run record describes"), "{said}");
}

#[test]
fn an_endless_line_is_not_read_into_memory() {
    let said = complaint(|text| format!("{text}{}", "x".repeat(17 << 20)));
    assert!(said.starts_with("FILE:35:1: the line is longer than 16 MiB"), "{said}");
}
