//! Tests the rates of sessions with a known difference between the builds.

use ::gate::paired::Arm;

use super::{rates::Verdicts, *};
use crate::fixture;

fn one_shape(sessions: &[Session], made: usize, seed: u64) -> (Shape, String) {
    let study = Study::from_sessions(sessions, made, seed).unwrap();
    let text = study.text();
    let [shape] = <[Shape; 1]>::try_from(study.shapes).unwrap();
    (shape, text)
}

#[test]
fn equal_builds_fail_at_most_once_in_a_hundred() {
    let sessions = [fixture::noisy(16, 3, 1, 0.3), fixture::noisy(16, 3, 2, 0.3)];
    let (shape, text) = one_shape(&sessions, 1_000, 5);
    let Rates { measured_blocks, blocks, made, tests, .. } = &shape.equal;
    assert_eq!((*measured_blocks, *blocks, tests.len(), made.failed.sessions), (32, 16, 6, 1_000));
    assert!(made.failed.times <= 20, "{made:?}");
    assert!((1..=40).contains(&made.invalid.times), "the control can fail in both directions: {made:?}");
    assert_eq!(made.passed.times + shape.equal.as_measured.passed.times, 0, "noise hides any slowdown");
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("2 sessions, measured with 32 blocks, 1,000 sessions"), "{text}");
}

#[test]
fn finds_a_known_slowdown_in_its_metric() {
    let mut session = fixture::session(16, 2, 3);
    fixture::slower(&mut session, Arm::Head, "variant-1", 1.3);
    session.plan.injected = Some("+30 % CPU time".to_owned());
    let (shape, text) = one_shape(&[session], 100, 6);
    let slowed = &shape.slowed["+30 % CPU time"];
    let rates: Vec<u64> = slowed.tests.iter().map(|test| test.failed.times).collect();
    assert!(rates[2] >= 90 && rates[0] <= 2 && slowed.made.failed.times >= rates[2], "{rates:?}");
    assert!((slowed.tests[2].shift.exp() - 1.3).abs() < 0.05, "{slowed:?}");
    assert_eq!((slowed.made.passed.times, slowed.as_measured.passed.times), (0, 0), "a slower build never passes");
    assert!(slowed.tests[0].passed.times > 50 && slowed.tests[2].passed.times == 0, "{slowed:?}");
    assert!(shape.equal.made.failed.times <= 4);
    assert!(text.contains("+30 % CPU time") && text.contains("variant-1"), "{text}");
}

#[test]
fn equal_builds_pass_on_a_quiet_machine() {
    let passed = |spread| {
        let sessions = [fixture::noisy(16, 1, 8, spread), fixture::noisy(16, 1, 9, spread)];
        let Rates { made, as_measured, .. } = one_shape(&sessions, 100, 7).0.equal;
        assert!(made.failed.times <= 1 && as_measured.failed.times == 0, "{spread}: {made:?}");
        (made.passed.times, as_measured.passed.times)
    };
    let [quiet, noisy] = [0.02, 0.12].map(passed);
    assert_eq!(quiet, (100, 2));
    assert!(noisy.0 <= 10 && noisy.1 == 0, "{noisy:?}");
}

#[test]
fn a_failing_copy_is_counted() {
    let mut session = fixture::session(16, 1, 3);
    fixture::slower(&mut session, Arm::Copy, "variant-0", 1.3);
    let mut slowed = session.clone();
    slowed.plan.injected = Some("nothing".to_owned());
    let (shape, text) = one_shape(&[session, slowed], 100, 1);
    let of = |verdicts: Verdicts| [verdicts.failed, verdicts.passed, verdicts.invalid].map(|rate| rate.times);
    assert_eq!(of(shape.equal.as_measured), [2, 0, 0], "the copy is the head");
    assert!(text.contains("2 failed, 0 passed of 2"), "{text}");
    let Rates { made, as_measured, .. } = shape.slowed["nothing"];
    assert_eq!((of(made), of(as_measured)), ([0, 0, 100], [0, 0, 1]), "the copy is the control");
}

#[test]
fn other_shapes_are_studied_separately_and_seeds_repeat() {
    let session = |blocks, cells, seed| fixture::session(blocks, cells, seed);
    let sessions = [session(16, 1, 4), session(17, 1, 5), session(16, 1, 6), session(16, 2, 7)];
    let study = Study::from_sessions(&sessions, 100, 1).unwrap();
    assert_eq!(Study::from_sessions(&sessions, 100, 1).unwrap(), study);
    let shapes = study.shapes.iter().map(|shape| (shape.blocks, shape.cells.len(), shape.equal.measured_blocks));
    assert_eq!(shapes.collect::<Vec<_>>(), [(16, 1, 32), (17, 1, 17), (16, 2, 16)]);
}

#[test]
fn too_few_sessions_are_refused() {
    let session = fixture::session(16, 1, 4);
    assert_eq!(Study::from_sessions(&[], 100, 1), Err(StudyError::Nothing));
    assert_eq!(Study::from_sessions(std::slice::from_ref(&session), 99, 1), Err(StudyError::FewSessions(99)));
    let many = Study::from_sessions(std::slice::from_ref(&session), 1_000_000_000, 1).unwrap_err().to_string();
    assert!(many.starts_with("1000000000 sessions of 2 tests in 16 blocks are too many"), "{many}");
    let mut cut = session;
    cut.trials.pop();
    assert!(matches!(Study::from_sessions(&[cut], 100, 1), Err(StudyError::Session { session: 1, .. })));
}
