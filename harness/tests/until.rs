//! Tests that `--until` adds rounds until every row would show a ratio to the floor, and names the rounds needed if the
//! budget ends first.

mod command;

use command::{Finished, bench};
use tempfile::tempdir;

/// Runs `smoke` with two approaches and this goal. Returns the outcome and the recorded rounds of each trial.
fn smoke_until(goal: &[&str]) -> (Finished, Vec<u32>) {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    let common = ["run", "smoke", "--approach", "sse,raw-tcp", "--measure", "500ms", "--out", out.to_str().unwrap()];
    let finished = bench(&[&common, goal].concat());
    let run = results::store::read(&out).unwrap();
    (finished, run.trials.iter().map(|trial| trial.round).collect())
}

#[test]
fn rounds_are_added_until_every_row_would_show_the_ratio() {
    // Any ratio needs eight rounds, and 1,000 needs no more.
    let (finished, rounds) = smoke_until(&["--until", "1000"]);
    assert!([0, 4].contains(&finished.code), "{finished:?}");
    let last = rounds.into_iter().max().unwrap();
    // If a busy machine spoiled a trial, there are more rounds.
    assert!(last == 8 || (last > 8 && finished.code == 4), "{last} rounds: {finished:?}");
}

#[test]
fn a_budget_that_ends_first_is_inconclusive_and_names_the_rounds_needed() {
    let (finished, rounds) = smoke_until(&["--until", "1.2", "--budget", "1s"]);
    // An invalid trial on a busy machine has precedence.
    assert!([4, 5].contains(&finished.code), "{finished:?}");
    if finished.code == 5 {
        for said in ["not every row would show a ratio of 1.20", "after 1 round and", "it would take about 8 rounds"] {
            assert!(finished.stderr.contains(said), "{finished:?}");
        }
    }
    assert_eq!(rounds, [1, 1], "the measured round is kept");
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
