//! Builds that run in turns: a session keeps its records and no copies of programs, and incomparable builds never pass.
//!
//! Lock step mostly sleeps, so these tests start it too and measure in the meantime.

use std::{fs, path::Path};

use crate::command::{Finished, bench};

/// Runs `gate paired` with this program as base against `head`, with very short trials.
fn paired(head: &str, session: &Path, more: &[&str]) -> Finished {
    let own = env!("CARGO_BIN_EXE_delivery-bench");
    let mut arguments = vec!["gate", "paired", "--base", own, "--head", head, "--session", session.to_str().unwrap()];
    for key in [
        "approaches=[\"raw-tcp\"]",
        "load.clients=20",
        "window.warmup=50ms",
        "window.measure=300ms",
        "window.drain=300ms",
    ] {
        arguments.extend(["--set", key]);
    }
    arguments.extend(more);
    bench(&arguments)
}

#[test]
fn blocks_that_cannot_decide_are_refused_before_anything_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let session = directory.path().join("session");
    let refused = paired(env!("CARGO_BIN_EXE_delivery-bench"), &session, &["--blocks", "7"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("a regression needs 8 to show"), "{}", refused.stderr);
    assert!(!session.exists());
}

#[test]
fn an_open_session_names_the_blocks_needed() {
    super::begin();
    let directory = tempfile::tempdir().expect("a directory");
    let session = directory.path().join("session");
    let own = env!("CARGO_BIN_EXE_delivery-bench");
    // The injected delay is so short that it fits between two events even on a slow machine.
    let judged = paired(own, &session, &["--blocks", "8", "--inject", "p50=0.02"]);
    // On a busy machine trials may be lost. The gate then compares nothing and exits with 4, but it never passes.
    assert!([4, 5].contains(&judged.code), "{}{}", judged.stdout, judged.stderr);
    if judged.code == 5 {
        assert!(judged.stdout.contains("raw-tcp") && judged.stdout.contains("blocks"), "{}", judged.stdout);
    }
    let lines = fs::read_to_string(session.join("session.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1 + 9 * 3, "the plan, and three arms in block 0 and in each of eight blocks");
    assert!(lines.contains("+2 % p50 latency"), "the injection is recorded");
    assert!(session.join("trials/block-01-raw-tcp-head/results.jsonl").is_file(), "the measurements are kept");
    assert!(!session.join("builds").exists(), "the copies of the programs are removed");
    let again = paired(own, &session, &[]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("never overwritten"), "{}", again.stderr);
}

#[test]
fn incomparable_builds_never_pass() {
    super::begin();
    let directory = tempfile::tempdir().expect("a directory");
    let crashed = paired("/bin/false", &directory.path().join("crashed"), &["--blocks", "8"]);
    assert_eq!(crashed.code, 4, "{}", crashed.stderr);
    assert!(crashed.stderr.contains("head ended with"), "{}", crashed.stderr);
    let again = paired("/bin/false", &directory.path().join("crashed"), &["--blocks", "8"]);
    assert!(again.stderr.contains("head ended with"), "a failed session does not block the next one: {}", again.stderr);
    let absent = paired("no-such-build", &directory.path().join("absent"), &["--blocks", "8"]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(absent.stderr.contains("cannot copy no-such-build"), "{}", absent.stderr);
    let several = paired("/bin/false", &directory.path().join("several"), &["--set", "load.clients=[1, 2]"]);
    assert_eq!(several.code, 2, "{}", several.stderr);
}
