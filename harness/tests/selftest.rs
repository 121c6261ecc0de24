//! Runs the self-test as a user does. An inconclusive verdict passes, because this machine may wake threads late. A
//! wrong instrument fails.

mod command;

use command::bench;

/// Rows that every table has.
const ROWS: [&str; 8] = [
    "in memory, constant 5 ms",
    "in memory, uniform 0..20 ms",
    "in memory, bimodal 2 / 20 ms",
    "in memory, stall of 200 ms",
    "raw-tcp, constant 5 ms",
    "closed",
    "adds 10 ms a second",
    "webhook",
];

#[test]
fn the_instrument_shows_what_was_injected() {
    let finished = bench(&["selftest", "--quick"]);
    assert!([0, 5].contains(&finished.code), "{}\n{}", finished.stdout, finished.stderr);
    for row in ROWS {
        assert!(finished.stdout.lines().any(|line| line.starts_with(row)), "`{row}` is not in: {}", finished.stdout);
    }
    // A recorder that truncates latencies reports less than was injected. No machine can cause that.
    let clamped = finished.stdout.lines().find(|line| line.starts_with("records at most 3 ms"));
    assert!(clamped.is_some_and(|line| line.ends_with("found out")), "{}", finished.stdout);
    assert!(!finished.stdout.contains("FAILED") && !finished.stdout.contains("NOT FOUND OUT"), "{}", finished.stdout);
}

#[test]
fn a_stop_scheduled_after_the_feed_fails_its_trial() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let late = ["run", "smoke", "--approach", "raw-tcp", "--set", "faults.stop_servers_at_ms=3600000"];
    let finished = bench(&[late.as_slice(), &["--no-report", "--out", out.to_str().unwrap()]].concat());
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(finished.stderr.contains("cannot be stopped at 3600000 ms"), "{finished:?}");
}
