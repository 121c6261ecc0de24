//! `--until` adds rounds until every row would show a ratio to the floor, and says what it would take if the budget ends.

mod command;

use command::bench;
use tempfile::tempdir;

#[test]
fn rounds_are_added_until_every_row_would_show_the_ratio() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    // The least ratio needs eight rounds, however noisy they are; it is far below 1,000.
    let finished = bench(&[
        "run",
        "smoke",
        "--approach",
        "sse,raw-tcp",
        "--measure",
        "500ms",
        "--until",
        "1000",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!([0, 4].contains(&finished.code), "{finished:?}");
    let run = results::store::read(&out).unwrap();
    let rounds = run.trials.iter().map(|trial| trial.round).max();
    let is_valid = finished.code == 0;
    assert!(rounds >= Some(8) && (!is_valid || rounds == Some(8)), "{finished:?}");
}

#[test]
fn a_budget_that_ends_first_is_inconclusive_and_says_what_it_would_take() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    let finished = bench(&[
        "run",
        "smoke",
        "--approach",
        "sse,raw-tcp",
        "--measure",
        "500ms",
        "--until",
        "1.2",
        "--budget",
        "1s",
        "--out",
        out.to_str().unwrap(),
    ]);
    // A busy machine may spoil a trial, which is the graver outcome.
    assert!([4, 5].contains(&finished.code), "{finished:?}");
    if finished.code == 5 {
        for said in ["not every row would show a ratio of 1.20", "after 1 rounds", "it would take about 8 rounds"] {
            assert!(finished.stderr.contains(said), "{finished:?}");
        }
    }
    assert_eq!(results::store::read(&out).unwrap().trials.len(), 2, "what was measured is kept");
}

#[test]
fn impossible_goals_are_refused() {
    for (options, said) in [
        (&["--until", "1"][..], "expected a ratio from 1.001 to 1,000, such as 1.2"),
        (&["--until", "NaN"], "expected a ratio"),
        (&["--until", "-2"], "expected a ratio"),
        (&["--until", "1.2", "--budget", "20"], "--budget"),
        (&["--budget", "20m"], "--until"),
        (&["--until", "1.2", "--approach", "sse"], "--until compares with the floor: measure raw-tcp"),
        (&["--until", "1.2", "--approach", "raw-tcp"], "measure raw-tcp and another approach"),
    ] {
        let finished = bench(&[&["run", "smoke"], options].concat());
        assert!(finished.code == 2 && finished.stderr.contains(said), "{options:?}: {finished:?}");
    }
}
