//! Tests the comparison of counts with a baseline. A difference of one fails and is named, inexact counts are compared
//! with a bound, and missing counts never pass.

#[path = "support/lock_step.rs"]
mod lock_step;

use gate::{
    Finding, Outcome, Verdict,
    baseline::{Unfit, baseline_of},
    counts::{ALLOCATIONS, Measured},
    differences::differences,
    exact::compare,
};
use lock_step::{COMPILER, add, baseline, count, measured, origin, phases};

fn compared(change: impl FnOnce(&mut Measured)) -> Outcome {
    let mut after = measured();
    change(&mut after);
    compare(&baseline(), &after, COMPILER)
}

fn only_finding(outcome: &Outcome, verdict: Verdict) -> &Finding {
    assert_eq!(outcome.verdict, verdict, "{outcome:?}");
    let grave: Vec<&Finding> = outcome.findings.iter().filter(|finding| finding.verdict != Verdict::Pass).collect();
    let [only] = grave[..] else { panic!("{grave:?}") };
    only
}

#[test]
fn equal_counts_pass() {
    let outcome = compared(|_| ());
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert_eq!(outcome.findings.len(), 12);
    assert_eq!(outcome.notes, ["Counts gated exactly: 12; by a bound: 0."]);
    assert!(outcome.compared.contains("0123abc"), "{}", outcome.compared);
}

#[test]
fn allocations_of_another_compiler_are_not_compared() {
    let allocated = |count| {
        let mut measured = measured();
        for repeat in 0..3 {
            let deliver = phases(&mut measured, "pushing", repeat).get_mut("deliver").unwrap();
            deliver.counts.insert(ALLOCATIONS.to_owned(), count);
        }
        measured
    };
    let baseline = baseline_of(&allocated(500), origin()).unwrap();
    let failed = compare(&baseline, &allocated(501), COMPILER);
    assert_eq!(only_finding(&failed, Verdict::Regression).metric, "deliver allocations");
    let passed = compare(&baseline, &allocated(501), "rustc 1.1.0, release");
    assert_eq!((passed.verdict, passed.findings.len()), (Verdict::Pass, 12), "{passed:?}");
    assert!(passed.notes.iter().any(|note| note.contains("not compared") && note.contains("rustc 1.1.0")));
}

#[test]
fn one_more_of_any_count_fails() {
    let cases = [
        (["poll", "empty"], 1, [37.0, 38.0], "37 → 38 (0.37 → 0.38 a poll)"),
        (["deliver", "server-to-client-bytes"], 100, [8_100.0, 8_200.0], "8,100 → 8,200 (81.0 → 82.0 bytes an event)"),
        (["reconnect", "requests"], 10, [10.0, 20.0], "10 → 20 (1.0 → 2.0 a reconnect)"),
        (["deliver", "server-to-client-bytes"], 1, [8_100.0, 8_101.0], "8,100 → 8,101 (81.00 → 81.01 bytes an event)"),
    ];
    for (place, more, [before, after], said) in cases {
        let outcome = compared(|measured| add(measured, "pulling/1s", place, more));
        let finding = only_finding(&outcome, Verdict::Regression);
        assert_eq!((finding.cell.as_str(), &finding.metric), ("pulling/1s", &place.join(" ")));
        assert_eq!((finding.before, finding.after), (Some(before), Some(after)));
        assert!(finding.explanation.contains(said), "{}", finding.explanation);
        assert!(
            outcome.reason.contains("pulling/1s") && outcome.reason.contains(&finding.metric),
            "{}",
            outcome.reason
        );
    }
}

#[test]
fn one_fewer_fails_too() {
    let outcome = compared(|measured| add(measured, "pushing", ["poll", "empty"], -1));
    let finding = only_finding(&outcome, Verdict::Regression);
    let expected = "fewer than in the baseline; an improvement fails, too, until a person updates the baseline";
    assert!(finding.explanation.ends_with(expected), "{}", finding.explanation);
}

#[test]
fn a_count_that_differs_between_repeats_is_compared_with_a_bound() {
    let place = ["deliver", "server-to-client-bytes"];
    let outcome = compared(|measured| *count(measured, "pushing", 1, place) += 49);
    assert_eq!(outcome.verdict, Verdict::Pass);
    let [_, note] = &outcome.notes[..] else { panic!("{:?}", outcome.notes) };
    assert!(
        note.contains("pushing, deliver server-to-client-bytes: compared with a bound of 8,051 to 8,149"),
        "{note}"
    );
    // The bound ends at half a byte per event.
    let outcome = compared(|measured| *count(measured, "pushing", 1, place) += 50);
    only_finding(&outcome, Verdict::Regression);
    // So one more byte per event is detected, even if the repeats differ.
    let outcome = compared(|measured| {
        add(measured, "pushing", place, 100);
        *count(measured, "pushing", 0, place) -= 3;
    });
    let finding = only_finding(&outcome, Verdict::Regression);
    assert!(finding.explanation.contains("8,100 → 8,200 (81.0 → 82.0 bytes an event)"), "{}", finding.explanation);
    assert!(finding.explanation.contains("above the bound of 8,051 to 8,149"), "{}", finding.explanation);
    // One more or one fewer request per reconnect is detected too.
    for more in [10, -10] {
        let outcome = compared(|measured| {
            add(measured, "pushing", ["reconnect", "requests"], more);
            *count(measured, "pushing", 2, ["reconnect", "requests"]) += 1;
        });
        only_finding(&outcome, Verdict::Regression);
    }
}

#[test]
fn a_bound_that_is_too_wide_is_inconclusive() {
    let place = ["deliver", "server-to-client-bytes"];
    let with_spread = |spread: u64| {
        let mut before = measured();
        *count(&mut before, "pushing", 2, place) += spread;
        baseline_of(&before, origin()).unwrap()
    };
    let outcome = compare(&with_spread(20), &measured(), COMPILER);
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(outcome.notes[1].contains("is exact in this job, but was not in the baseline"), "{:?}", outcome.notes);
    let mut more = measured();
    add(&mut more, "pushing", place, 100);
    assert_eq!(compare(&with_spread(20), &more, COMPILER).verdict, Verdict::Regression);
    // From a spread of 51 on, one more byte per event would fit between the smallest repeat and the bound.
    assert_eq!(compare(&with_spread(50), &measured(), COMPILER).verdict, Verdict::Pass);
    assert_eq!(compare(&with_spread(50), &more, COMPILER).verdict, Verdict::Regression);
    let outcome = compare(&with_spread(51), &measured(), COMPILER);
    let finding = only_finding(&outcome, Verdict::Inconclusive);
    assert!(finding.explanation.contains("one more an event might not be detected"), "{}", finding.explanation);
}

#[test]
fn a_count_on_one_side_only_is_invalid() {
    type Change = fn(&mut Measured);
    let cases: [(Change, [&str; 2], &str); 9] = [
        (|it| drop(it.cells.remove("pushing")), ["pushing", "all counts"], "renamed or removed"),
        (
            |it| drop(it.cells.insert("new".into(), it.cells["pushing"].clone())),
            ["new", "all counts"],
            "add it to the baseline",
        ),
        (
            |it| (0..3).for_each(|repeat| drop(phases(it, "pushing", repeat).remove("poll"))),
            ["pushing", "poll all counts"],
            "renamed or removed",
        ),
        (
            |it| {
                for repeat in 0..3 {
                    let phases = phases(it, "pushing", repeat);
                    phases.insert("idle".into(), phases["poll"].clone());
                }
            },
            ["pushing", "idle all counts"],
            "add it to the baseline",
        ),
        (
            |it| {
                for repeat in 0..3 {
                    phases(it, "pushing", repeat).get_mut("poll").unwrap().counts.remove("empty");
                }
            },
            ["pushing", "poll empty"],
            "renamed or removed",
        ),
        (
            |it| {
                for repeat in 0..3 {
                    phases(it, "pushing", repeat).get_mut("poll").unwrap().counts.insert("hints".into(), 0);
                }
            },
            ["pushing", "poll hints"],
            "add it to the baseline",
        ),
        (
            |it| (0..3).for_each(|repeat| phases(it, "pushing", repeat).get_mut("poll").unwrap().units = 99),
            ["pushing", "poll all counts"],
            "the phase consists of 99 polls, and of 100 polls in the baseline",
        ),
        (
            |it| it.cells.get_mut("pushing").unwrap()[1] = Err("the worker died".into()),
            ["pushing", "all counts"],
            "repeat 2 of 3 crashed: the worker died",
        ),
        (|it| it.cells.get_mut("pushing").unwrap().truncate(2), ["pushing", "all counts"], "2 repeats"),
    ];
    for (change, [cell, metric], reason) in cases {
        let outcome = compared(change);
        let finding = only_finding(&outcome, Verdict::Invalid);
        assert_eq!([finding.cell.as_str(), &finding.metric], [cell, metric]);
        assert!(finding.explanation.contains(reason), "{}", finding.explanation);
    }
}

#[test]
fn an_empty_comparison_does_not_pass() {
    let outcome = compare(&baseline(), &Measured::default(), COMPILER);
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Invalid, 0));
    assert!(outcome.reason.contains("no cell was measured"), "{}", outcome.reason);
    let outcome = compare(&baseline().only(|_| false), &measured(), COMPILER);
    assert_eq!(outcome.verdict, Verdict::Invalid);
    assert!(outcome.reason.contains("the baseline holds no cell"), "{}", outcome.reason);
    assert_eq!(compare(&baseline().only(|_| false), &Measured::default(), COMPILER).verdict, Verdict::Invalid);
    let outcome = compared(|it| it.cells.values_mut().for_each(Vec::clear));
    assert_eq!(outcome.verdict, Verdict::Invalid);
}

#[test]
fn a_renamed_metric_is_graver_than_a_regression() {
    let outcome = compared(|it| {
        add(it, "pulling/1s", ["poll", "empty"], 1);
        it.cells.remove("pushing");
    });
    assert_eq!(outcome.verdict, Verdict::Invalid);
    let gravest: Vec<Verdict> = outcome.findings.iter().take(3).map(|finding| finding.verdict).collect();
    assert_eq!(gravest, [Verdict::Invalid, Verdict::Regression, Verdict::Pass]);
}

#[test]
fn incomplete_cells_do_not_become_a_baseline() {
    assert_eq!(baseline_of(&Measured::default(), origin()), Err(Unfit::Nothing));
    let mut crashed = measured();
    crashed.cells.get_mut("pushing").unwrap()[0] = Err("refused".into());
    let said = baseline_of(&crashed, origin()).unwrap_err().to_string();
    assert!(said.starts_with("pushing: repeat 1 of 3 crashed: refused"), "{said}");
}

#[test]
fn an_update_lists_its_changes() {
    assert_eq!(differences(&baseline(), &baseline()), "");
    let mut after = measured();
    add(&mut after, "pulling/1s", ["deliver", "server-to-client-bytes"], 100);
    after.cells.remove("pushing");
    let text = differences(&baseline(), &baseline_of(&after, origin()).unwrap());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 + 1 + 6, "{text}");
    let words: Vec<&str> = lines[2].split_whitespace().collect();
    let expected =
        ["pulling/1s", "deliver", "server-to-client-bytes", "8,100", "8,200", "81.0", "→", "82.0", "an", "event"];
    assert_eq!(words, expected);
    assert!(lines[3].starts_with("pushing     deliver messages"), "{text}");
}
