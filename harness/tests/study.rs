//! The published study says what its data say, and input that is none is refused.

mod command;

use std::fs;

use command::{bench, published_run};
use tempfile::tempdir;

/// Samples of runs with cores that were kept awake, and with cores that sleep.
const SAMPLES: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/studies/a-a.csv"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/studies/a-a-sleeping-cores.csv"),
];
const SESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/studies/gate");
/// The documents that show what the commands print.
const VALIDATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/validation.md");
const GATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gate.md");

/// Asserts that the document contains what the command prints.
#[track_caller]
fn assert_in(document: &str, arguments: &[&str]) {
    let printed = bench(arguments);
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(printed.stdout.lines().count() > 10, "{}", printed.stdout);
    let text = fs::read_to_string(document).unwrap();
    for line in printed.stdout.lines() {
        assert!(text.contains(line.trim_end()), "{document} lacks: {line}");
    }
}

#[test]
fn the_validation_shows_what_the_committed_samples_say() {
    for samples in SAMPLES {
        assert_in(VALIDATION, &["study", samples]);
    }
}

#[test]
fn the_gate_document_shows_what_the_committed_sessions_say() {
    let sessions = fs::read_dir(SESSIONS).unwrap().map(|entry| entry.unwrap().path().to_str().unwrap().to_owned());
    let mut sessions: Vec<String> = sessions.collect();
    sessions.sort();
    let sessions = sessions.iter().map(String::as_str);
    assert_in(GATE, &["gate", "study"].into_iter().chain(sessions).collect::<Vec<_>>());
}

#[test]
fn samples_written_from_runs_say_the_same_when_they_are_read_back() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    published_run(&folder.path().join("run"), usize::MAX - 1);
    let from_run = bench(&["study", &path("run"), "--csv", &path("samples.csv")]);
    assert_eq!(from_run.code, 0, "{from_run:?}");
    let read_back = bench(&["study", &path("samples.csv")]);
    assert_eq!((read_back.code, read_back.stdout), (0, from_run.stdout));
}

#[test]
fn what_is_no_study_is_refused_with_its_place() {
    let folder = tempdir().unwrap();
    let absent = bench(&["study", folder.path().join("absent").to_str().unwrap()]);
    assert!(absent.code == 2 && absent.stderr.contains("absent"), "{absent:?}");
    let broken = folder.path().join("broken.csv");
    fs::write(&broken, "run,variant\n1\n").unwrap();
    let refused = bench(&["study", broken.to_str().unwrap()]);
    assert!(refused.code == 2 && refused.stderr.contains("broken.csv"), "{refused:?}");
}
