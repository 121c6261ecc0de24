//! The gate as its users have it: what it says, everywhere, and the exit codes that its verdicts own. What could not be
//! compared never passes.

mod command;

use std::{fs, path::Path};

use command::{Finished, bench, bench_in_a_step};
use harness::gate::lockstep::SCRIPT;

/// What is done to a baseline's text.
type Change = fn(&str) -> String;

/// `gate exact` of one approach against a baseline.
fn of_one(baseline: &Path) -> [&str; 6] {
    ["gate", "exact", "--baseline", baseline.to_str().unwrap(), "--approach", "raw-tcp"]
}

/// The committed baseline, after a change of its text.
fn committed(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/gate-baseline.json")).unwrap();
    fs::write(directory.path().join("baseline.json"), change(&text)).unwrap();
    directory
}

#[test]
fn the_command_compares_with_the_committed_baseline() {
    let directory = committed(str::to_owned);
    let (baseline, out) = (directory.path().join("baseline.json"), directory.path().join("out"));
    let passed = bench(&[&of_one(&baseline)[..], &["--out", out.to_str().unwrap()]].concat());
    assert_eq!(passed.code, 0, "{}{}", passed.stdout, passed.stderr);
    for file in ["outcome.json", "summary.md", "junit.xml", "benchmark.json", "bencher.json", "badge.json"] {
        assert!(fs::metadata(out.join(file)).unwrap().len() > 0, "{file}");
    }
    let says = |word: &str| fs::read_to_string(out.join("badge.json")).unwrap().contains(word);
    assert!(says("pass"));
    let absent = bench(&["gate", "exact", "--baseline", "no-such-file.json", "--out", out.to_str().unwrap()]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(says("invalid") && !says("pass"), "what an earlier gate said does not stay");
}

#[test]
fn a_count_that_differs_is_a_regression_either_way() {
    for by in [-1_i64, 1] {
        let directory = committed(|text| {
            let (_, own) = text.split_once("\"raw-tcp\"").unwrap();
            let (before, after) = own.split_once("\"with-events\": ").unwrap();
            let count: i64 = after.split(|other: char| !other.is_ascii_digit()).next().unwrap().parse().unwrap();
            let changed = format!("{before}\"with-events\": {}", count + by);
            text.replacen(&format!("{before}\"with-events\": {count}"), &changed, 1)
        });
        let (baseline, summary) = (directory.path().join("baseline.json"), directory.path().join("summary.md"));
        fs::write(&summary, "of the step before\n").unwrap();
        let failed = bench_in_a_step(&[&of_one(&baseline)[..], &["--github"]].concat(), &summary);
        assert_eq!(failed.code, 3, "{}{}", failed.stdout, failed.stderr);
        let (summary, annotated) = (fs::read_to_string(summary).unwrap(), failed.stdout.split_once("::error").unwrap());
        assert!(summary.starts_with("of the step before\n"), "{summary}");
        for surface in [annotated.0, annotated.1, &summary] {
            for said in ["raw-tcp", "with-events", "→"] {
                assert!(surface.contains(said), "{surface}");
            }
        }
    }
}

#[test]
fn without_anything_to_compare_with_it_never_passes() {
    let absent = bench(&["gate", "exact", "--baseline", "no-such-file.json"]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(absent.stderr.contains("no baseline at no-such-file.json"), "{}", absent.stderr);
    let cases: [(Change, i32); 5] = [
        (|_| String::new(), 2),
        (|text| text.replace("\"schema_version\": 2", "\"schema_version\": 9"), 2),
        (|text| text.replace(SCRIPT, "another script"), 2),
        (|text| text.replace("\"with-events\"", "\"with-quotes\""), 4),
        (|text| text.replace("\"raw-tcp\"", "\"raw-udp\""), 4),
    ];
    for (change, code) in cases {
        let directory = committed(change);
        let refused = bench(&of_one(&directory.path().join("baseline.json")));
        assert_eq!(refused.code, code, "{}{}", refused.stdout, refused.stderr);
    }
}

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
fn a_session_of_too_few_blocks_is_inconclusive_and_says_what_it_would_take() {
    let directory = tempfile::tempdir().expect("a directory");
    let session = directory.path().join("session");
    let own = env!("CARGO_BIN_EXE_delivery-bench");
    let judged = paired(own, &session, &["--blocks", "1", "--inject", "p50=0.5"]);
    // A busy machine may lose trials, and then nothing is compared; it never passes.
    assert!([4, 5].contains(&judged.code), "{}{}", judged.stdout, judged.stderr);
    if judged.code == 5 {
        assert!(judged.stdout.contains("raw-tcp") && judged.stdout.contains("blocks"), "{}", judged.stdout);
    }
    let lines = fs::read_to_string(session.join("session.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1 + 2 * 3, "a plan, and three arms in block 0 and in the one that counts");
    assert!(lines.contains("+50 % p50 latency"), "what was injected is recorded");
    assert!(session.join("trials/block-01-raw-tcp-head/results.jsonl").is_file(), "what was measured is kept");
    assert!(!session.join("builds").exists(), "the copies of the programs are not");
    let again = paired(own, &session, &[]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("never overwritten"), "{}", again.stderr);
}

#[test]
fn builds_that_cannot_be_compared_never_pass() {
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

#[test]
fn stored_sessions_are_judged_by_their_exit_codes() {
    for (session, code, said) in
        [("equal", 0, "2 of 2 comparisons passed"), ("cpu30", 3, "websocket"), ("p50-10", 5, "blocks")]
    {
        let session = format!("{}/../reports/studies/gate/{session}", env!("CARGO_MANIFEST_DIR"));
        let judged = bench(&["gate", "judge", &session]);
        assert_eq!(judged.code, code, "{}{}", judged.stdout, judged.stderr);
        assert!(judged.stdout.contains(said), "{}", judged.stdout);
    }
    assert_eq!(bench(&["gate", "judge", "no-such-session"]).code, 2);
}

#[test]
fn history_advises_on_the_published_runs_and_blocks_nothing() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/published");
    let advised = bench(&["gate", "history", published]);
    assert_eq!(advised.code, 0, "{}{}", advised.stdout, advised.stderr);
    assert!(advised.stdout.contains("gate history") && advised.stderr.is_empty(), "{advised:?}");
    assert_eq!(bench(&["gate", "history", "no-such-directory"]).code, 2);
}
