//! Builds that are run in turns: what a session leaves behind, and that what cannot be compared never passes.
//!
//! These tests measure while lock step sleeps, so they begin it too.

use std::{fs, path::Path};

use crate::command::{Finished, bench};

/// `gate paired` of this program against another, with the shortest trials that can be.
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
fn too_few_blocks_are_inconclusive_and_name_the_blocks_needed() {
    super::begin();
    let directory = tempfile::tempdir().expect("a directory");
    let session = directory.path().join("session");
    let own = env!("CARGO_BIN_EXE_delivery-bench");
    // So little that it fits between two events however slow the machine is.
    let judged = paired(own, &session, &["--blocks", "1", "--inject", "p50=0.02"]);
    // A busy machine may lose trials, and then nothing is compared; it never passes.
    assert!([4, 5].contains(&judged.code), "{}{}", judged.stdout, judged.stderr);
    if judged.code == 5 {
        assert!(judged.stdout.contains("raw-tcp") && judged.stdout.contains("blocks"), "{}", judged.stdout);
    }
    let lines = fs::read_to_string(session.join("session.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1 + 2 * 3, "a plan, and three arms in block 0 and in the one that counts");
    assert!(lines.contains("+2 % p50 latency"), "what was injected is recorded");
    assert!(session.join("trials/block-01-raw-tcp-head/results.jsonl").is_file(), "what was measured is kept");
    assert!(!session.join("builds").exists(), "the copies of the programs are not");
    let again = paired(own, &session, &[]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("never overwritten"), "{}", again.stderr);
}

#[test]
fn incomparable_builds_never_pass() {
    super::begin();
    let directory = tempfile::tempdir().expect("a directory");
    let crashed = paired("/bin/false", &directory.path().join("crashed"), &["--blocks", "1"]);
    assert_eq!(crashed.code, 4, "{}", crashed.stderr);
    assert!(crashed.stderr.contains("head ended with"), "{}", crashed.stderr);
    let again = paired("/bin/false", &directory.path().join("crashed"), &["--blocks", "1"]);
    assert!(again.stderr.contains("head ended with"), "nothing is in the way of another: {}", again.stderr);
    let absent = paired("no-such-build", &directory.path().join("absent"), &["--blocks", "1"]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(absent.stderr.contains("cannot copy no-such-build"), "{}", absent.stderr);
    let several = paired("/bin/false", &directory.path().join("several"), &["--set", "load.clients=[1, 2]"]);
    assert_eq!(several.code, 2, "{}", several.stderr);
}
