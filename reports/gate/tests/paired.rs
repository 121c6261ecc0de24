//! Tests the verdicts on paired sessions, and the advice that comes with them.

#[path = "support/session.rs"]
mod fixture;

use std::sync::LazyLock;

use gate::{
    Outcome, Verdict,
    paired::{Arm, Session, SessionError, TestResult, Trial, judge},
};
use results::schema::Status;
use stats::random::Random;

fn verdict(session: &Session) -> Verdict {
    judge(session).outcome.verdict
}

/// Changes a valid session, and returns the reason why it is invalid.
fn invalid(change: impl FnOnce(&mut Session)) -> String {
    static SOUND: LazyLock<Session> = LazyLock::new(|| {
        let session = fixture::session(16, 2, 1);
        assert_eq!(verdict(&session), Verdict::Pass);
        session
    });
    let mut session = SOUND.clone();
    change(&mut session);
    let Outcome { verdict, reason, .. } = judge(&session).outcome;
    assert_eq!(verdict, Verdict::Invalid, "{reason}");
    reason
}

/// Returns a trial of the first cell.
fn trial(session: &mut Session, block: u32, arm: Arm) -> &mut Trial {
    let found = session
        .trials
        .iter_mut()
        .find(|trial| (trial.block, trial.arm, trial.cell.variant.as_str()) == (block, arm, "variant-0"));
    found.expect("the fixture has the trial")
}

#[test]
fn equal_builds_pass_with_the_least_detectable_change() {
    let judgement = judge(&fixture::session(16, 2, 1));
    assert_eq!(judgement.outcome.verdict, Verdict::Pass);
    assert_eq!((judgement.outcome.findings.len(), judgement.tests.len()), (4, 4));
    let explanation = &judgement.outcome.findings[0].explanation;
    assert!(explanation.starts_with("variant-0 under 10 clients: CPU time per event changed by "), "{explanation}");
    assert!(explanation.contains("tolerated 10 %"), "{explanation}");
    for said in ["80 of 100", "p99 latency"] {
        assert!(judgement.outcome.notes.iter().any(|note| note.contains(said)), "{said}");
    }
    assert_eq!(judge(&fixture::session(16, 2, 1)), judgement, "random numbers are reproducible");
}

#[test]
fn a_slowdown_of_thirty_percent_fails() {
    let mut session = fixture::session(16, 6, 2);
    fixture::slower(&mut session, Arm::Head, "variant-4", 1.3);
    let outcome = judge(&session).outcome;
    assert_eq!(outcome.verdict, Verdict::Regression);
    let first = &outcome.findings[0];
    assert_eq!((first.cell.as_str(), first.metric.as_str()), ("variant-4", "CPU time per event"));
    assert!((first.change().unwrap() - 0.3).abs() < 0.05);
    assert!(outcome.reason.contains("+3") || outcome.reason.contains("+2"), "{}", outcome.reason);
    assert_eq!(outcome.findings.iter().filter(|one| one.verdict == Verdict::Regression).count(), 1);
}

#[test]
fn an_improvement_is_noted_and_passes() {
    let mut session = fixture::session(16, 2, 3);
    fixture::slower(&mut session, Arm::Head, "variant-1", 0.7);
    let outcome = judge(&session).outcome;
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(
        outcome.notes.iter().any(|note| note.contains("variant-1") && note.contains("less")),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn a_slowdown_within_the_tolerance_is_noted() {
    let slowdowns = |factor: f64| {
        let mut session = fixture::noisy(16, 2, 3, 0.01);
        fixture::slower(&mut session, Arm::Head, "variant-1", factor);
        let outcome = judge(&session).outcome;
        let notes: Vec<String> = outcome.notes.into_iter().filter(|note| note.starts_with("Slowdown")).collect();
        (outcome.verdict, notes)
    };
    let (verdict, notes) = slowdowns(1.08);
    assert_eq!((verdict, notes.len()), (Verdict::Pass, 1));
    let said = "Slowdown: variant-1 under 10 clients, CPU time per event is more";
    assert!(notes[0].starts_with(said) && notes[0].contains(": +"), "{}", notes[0]);
    assert!(notes[0].ends_with("within the tolerance, but such changes add up."), "{}", notes[0]);
    assert_eq!(slowdowns(1.0), (Verdict::Pass, Vec::new()));
    assert_eq!(slowdowns(1.3), (Verdict::Regression, Vec::new()), "the finding reports it, so there is no note");
}

#[test]
fn a_copy_that_differs_makes_the_session_invalid() {
    for factor in [1.3, 1.0 / 1.3] {
        let mut session = fixture::session(16, 2, 4);
        fixture::slower(&mut session, Arm::Copy, "variant-0", factor);
        fixture::slower(&mut session, Arm::Head, "variant-1", 1.5);
        let outcome = judge(&session).outcome;
        assert_eq!(outcome.verdict, Verdict::Invalid);
        assert!(outcome.reason.contains("copy"), "{}", outcome.reason);
        assert!(outcome.findings.iter().all(|one| one.verdict == Verdict::Invalid), "no finding counts");
    }
}

#[test]
fn noise_is_inconclusive_and_names_the_blocks_needed() {
    let judgement = judge(&fixture::noisy(16, 2, 5, 0.15));
    assert_eq!(judgement.outcome.verdict, Verdict::Inconclusive);
    let open = judgement.tests.iter().find(|test| matches!(test.result, TestResult::Open { .. }));
    assert!(open.is_some(), "{:?}", judgement.tests);
    assert!(judgement.outcome.reason.contains("blocks"), "{}", judgement.outcome.reason);
}

#[test]
fn a_blind_gate_does_not_pass() {
    // The head is stable but the copy is noisy. The bound on the head's change is low, but pairs that are as noisy as
    // the copy would detect little.
    let mut session = fixture::noisy(16, 1, 6, 0.001);
    let mut random = Random::new(6, 0);
    for trial in session.trials.iter_mut().filter(|trial| trial.arm == Arm::Copy) {
        trial.cpu_us_per_event = trial.cpu_us_per_event.map(|figure| figure * (0.15 * random.normal()).exp());
    }
    let judgement = judge(&session);
    assert_eq!(judgement.outcome.verdict, Verdict::Inconclusive);
    assert!(matches!(judgement.tests[0].result, TestResult::Blind { needed: Some(17..) }), "{:?}", judgement.tests[0]);
    assert!(judgement.outcome.reason.contains("The gate is blind"), "{}", judgement.outcome.reason);
}

#[test]
fn too_few_blocks_are_inconclusive() {
    let judgement = judge(&fixture::session(8, 6, 7));
    assert_eq!(judgement.outcome.verdict, Verdict::Inconclusive);
    assert!(judgement.tests.iter().all(|test| test.result == TestResult::Few { needed: 11 }));
    assert!(judgement.outcome.reason.contains("11 blocks"), "{}", judgement.outcome.reason);
}

#[test]
fn a_missing_trial_is_invalid() {
    assert!(invalid(|it| it.trials.clear()).contains("missing"));
    assert!(invalid(|it| it.plan.cells.clear()).contains("no cells"));
    assert!(invalid(|it| it.plan.blocks = 0).contains("no blocks"));
    assert!(invalid(|it| it.plan.blocks = 15).contains("the plan ends"));
    assert!(invalid(|it| it.plan.blocks = 17).contains("ended early"));
    assert!(invalid(|it| it.plan.tolerated.p50 = f64::NAN).contains("tolerated"));
    assert!(invalid(|it| it.trials.retain(|trial| trial.arm != Arm::Copy)).contains("the copy of the base"));
    assert!(invalid(|it| it.trials.retain(|trial| trial.arm != Arm::Head)).contains("the head"));
    assert!(invalid(|it| it.plan.cells.truncate(1)).contains("not in the plan"));
    let renamed = invalid(|it| trial(it, 3, Arm::Head).cell.variant = "other".to_owned());
    assert!(renamed.contains("not in the plan"));
    let twice = invalid(|it| {
        let again = trial(it, 3, Arm::Head).clone();
        it.trials.push(again);
    });
    assert!(twice.contains("ran twice"));
    let cell = invalid(|it| it.plan.cells[1] = it.plan.cells[0].clone());
    assert!(cell.contains("twice"));
}

#[test]
fn values_that_cannot_be_compared_are_invalid() {
    assert!(invalid(|it| trial(it, 2, Arm::Head).cpu_us_per_event = None).contains("has no CPU time"));
    assert!(invalid(|it| trial(it, 2, Arm::Base).p50_ns = None).contains("has no p50"));
    assert!(invalid(|it| trial(it, 2, Arm::Base).p50_ns = Some(0)).contains("of 0"));
    let constant = invalid(|it| it.trials.iter_mut().for_each(|trial| trial.cpu_us_per_event = Some(20.0)));
    assert!(constant.contains("every trial has the same CPU time"), "{constant}");
    for figure in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        let reason = invalid(|it| trial(it, 2, Arm::Base).cpu_us_per_event = Some(figure));
        assert!(reason.contains("cannot be compared"), "{reason}");
    }
}

#[test]
fn a_crash_is_invalid() {
    for (block, arm) in [(5, Arm::Head), (0, Arm::Head), (5, Arm::Base)] {
        let reason = invalid(|it| {
            let failed = trial(it, block, arm);
            (failed.status, failed.reason) = (Status::Failed, Some("the server exited".to_owned()));
            (failed.cpu_us_per_event, failed.p50_ns) = (None, None);
        });
        assert!(reason.contains("the server exited") && reason.contains(&format!("block {block}")), "{reason}");
    }
}

#[test]
fn too_many_invalid_trials_make_the_session_invalid() {
    let lose = |session: &mut Session, blocks: u32| {
        for block in 1..=blocks {
            trial(session, block, Arm::Head).status = Status::Invalid;
        }
    };
    let mut session = fixture::session(16, 2, 1);
    lose(&mut session, 4);
    let judgement = judge(&session);
    assert_eq!(judgement.outcome.verdict, Verdict::Pass);
    assert_eq!([0, 1, 2, 3].map(|test| judgement.tests[test].head.more.pairs), [12, 12, 16, 16]);
    assert!(judgement.outcome.notes.iter().any(|note| note.contains("4 trials are invalid")));
    assert!(invalid(|it| lose(it, 5)).contains("a quarter"));
}

#[test]
fn a_fixed_order_is_invalid() {
    let fixed = invalid(|it| {
        for trial in &mut it.trials {
            trial.position = [(Arm::Base, 1), (Arm::Head, 2), (Arm::Copy, 3)]
                .iter()
                .find(|(arm, _)| *arm == trial.arm)
                .map_or(0, |(_, position)| *position);
        }
    });
    assert!(fixed.contains("not random"), "{fixed}");
    assert!(invalid(|it| trial(it, 3, Arm::Head).position = 7).contains("positions"));
}

#[test]
fn a_session_is_written_and_read_back() {
    let session = fixture::session(2, 1, 1);
    let text = session.text();
    assert_eq!(Session::read(&text).as_ref(), Ok(&session));
    assert_eq!(text.lines().count(), 1 + 2 * 3 + 3);
    let as_edited = text.replace('\n', " \r\n") + "\r\n\n";
    assert_eq!(Session::read(&as_edited).as_ref(), Ok(&session));
    let cut = Session::read(&text[..text.len() - 20]).unwrap();
    assert_eq!(cut.trials, session.trials[..session.trials.len() - 1], "the truncated last line is left out");
}

#[test]
fn invalid_session_files_are_refused() {
    let session = fixture::session(1, 1, 1);
    let (plan, rest) = session.text().split_once('\n').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(Session::read(""), Err(SessionError::NoPlan));
    assert_eq!(Session::read(&rest), Err(SessionError::NoPlan));
    assert_eq!(Session::read(&format!("{plan}\n{plan}\n")), Err(SessionError::SecondPlan(2)));
    let other = plan.replace("\"version\":1", "\"version\":7");
    assert_eq!(Session::read(&other), Err(SessionError::Version(7)));
    let broken = format!("{plan}\n{{!\n");
    assert!(matches!(Session::read(&broken), Err(SessionError::Unreadable { line: 2, .. })));
    let large = plan.replace("\"blocks\":1", "\"blocks\":1000");
    assert_eq!(Session::read(&large), Err(SessionError::Large { blocks: 1000, cells: 1 }));
    let misspelt = format!("{plan}\n{}", rest.replace("p50_ns", "p50"));
    assert!(matches!(Session::read(&misspelt), Err(SessionError::Unreadable { line: 2, .. })), "a renamed metric");
}
