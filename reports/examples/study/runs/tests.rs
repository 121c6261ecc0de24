//! Tests that differences between equal rounds are counted, checks are summarised, and the CSV reproduces the table.

use results::{
    schema::{Status, TrialRecord, Verdict},
    store::Run,
};

use super::{self as study, samples::StudyError};
use crate::support;

fn table(samples: &[study::Sample]) -> String {
    String::from_utf8(study::csv(samples).unwrap()).unwrap()
}

/// Returns the samples of valid runs.
fn samples(runs: &[Run]) -> Vec<study::Sample> {
    study::samples(runs).unwrap()
}

/// Returns a run of two approaches with this many rounds.
fn run(rounds: u32) -> Run {
    let approaches = [&support::APPROACHES[0], &support::APPROACHES[3]];
    // The rounds cycle through three speeds.
    let trial = |approach, round| TrialRecord { round, ..support::trial(approach, 1000, 1 + round % 3) };
    let trials: Vec<TrialRecord> =
        (1..=rounds).flat_map(|round| approaches.map(|approach| trial(approach, round))).collect();
    support::of_trials(trials)
}

#[test]
fn equal_variants_are_called_different_at_most_once_in_a_hundred() {
    let study = study::build(&samples(&[run(41)]));
    assert_eq!((study.trials, study.valid), (82, 82));
    let names: Vec<&str> = study.variants.iter().map(|one| one.variant.as_str()).collect();
    assert_eq!(names, ["short-poll", "sse"]);
    for variant in &study.variants {
        let drawn = variant.drawn.unwrap();
        assert_eq!((variant.rounds, variant.pairs, drawn.runs), (41, 20, study::RUNS));
        // At most 5 of 500 are expected, with a standard deviation of 2.2.
        assert!(drawn.differences <= 11, "{variant:?}");
        assert!(drawn.found * 10 >= drawn.runs * 7 && drawn.limit > 1.0, "{variant:?}");
    }
}

#[test]
fn only_neighbouring_valid_rounds_of_one_run_are_paired() {
    let mut short = run(6);
    short.trials[1].status = Status::Invalid;
    let samples = samples(&[short, run(5)]);
    let study = study::build(&samples);
    assert_eq!((study.trials, study.valid), (22, 21));
    let pairs: Vec<usize> = study.variants.iter().map(|one| one.pairs).collect();
    assert_eq!(pairs, [5, 4], "6 and 5 rounds make 3 + 2 pairs, and 5 and 5 rounds make 2 + 2");
    assert!(study.variants.iter().all(|one| one.drawn.is_none()));
    assert!(study::render(&study).contains("No variant has the twenty rounds that a comparison needs."));
    let mut failed = run(1);
    failed.trials[0].measured = None;
    failed.trials[0].status = Status::Failed;
    assert_eq!(study::samples(&[failed]).unwrap().len(), 1, "an unmeasured trial is not a sample");
}

#[test]
fn rounds_without_a_median_are_not_paired() {
    let mut run = run(6);
    for trial in &mut run.trials {
        trial.measured.as_mut().unwrap().event_median_ns.count = 3;
    }
    assert!(study::build(&samples(&[run])).variants.iter().all(|one| one.pairs == 0));
}

#[test]
fn checks_are_summed_up_over_valid_trials() {
    let mut run = run(50);
    for (index, trial) in (1..).zip(&mut run.trials) {
        let check = &mut trial.measured.as_mut().unwrap().checks[1];
        check.value = Some(f64::from(index) / 100.0);
        check.verdict = if index > 95 { Verdict::Warn } else { Verdict::Pass };
        if index > 98 {
            (check.verdict, trial.status) = (Verdict::Invalid, Status::Invalid);
        }
    }
    let study = study::build(&samples(&[run]));
    let lateness = study.checks.iter().find(|one| one.check == "lateness").unwrap();
    assert_eq!((lateness.threshold, lateness.trials, lateness.warned, lateness.invalid), (Some(0.05), 98, 3, 2));
    assert_eq!(lateness.quantiles, [Some(0.49), Some(0.89), None], "98 trials are too few for a p99");
    assert_eq!(lateness.largest, Some(0.98));
    let empties: Vec<_> = study.checks.iter().filter(|one| one.check == "empties-oracle").collect();
    assert_eq!(empties.len(), 2, "one per threshold");
}

#[test]
fn the_data_reproduces_the_table() {
    let mut run = run(7);
    run.trials[0].variant = "short-poll/a \"b\", c".into();
    run.trials[3].status = Status::Invalid;
    let measured = run.trials[4].measured.as_mut().unwrap();
    measured.effective_events = 3;
    measured.checks[0].value = None;
    measured.checks[1].value = Some(1.0 / 3.0);
    let samples = samples(&[run.clone(), run]);
    let data = table(&samples);
    assert_eq!(data.lines().count(), 29);
    let read = study::from_csv(&data).unwrap();
    // Sorts the readings, because the CSV may return checks that only some trials have in another order.
    let sorted = |samples: &[study::Sample]| {
        let mut samples = samples.to_vec();
        samples.iter_mut().for_each(|sample| sample.readings.sort_by(|a, b| a.check.cmp(&b.check)));
        samples
    };
    assert_eq!(sorted(&read), sorted(&samples));
    assert_eq!(table(&read), data);
    assert_eq!(study::build(&read), study::build(&samples));
    assert_eq!(study::render(&study::build(&read)), study::render(&study::build(&samples)));
}

#[test]
fn a_run_with_injected_faults_is_not_studied() {
    let mut tested = run(6);
    tested.run.scenario["faults"] = serde_json::json!({ "drop": 0.01 });
    let error = study::samples(&[run(6), tested]).unwrap_err();
    assert!(matches!(error, StudyError::Faults { run: 2, .. }));
    assert_eq!(
        error.to_string(),
        "run 2, bench-all of 2026-01-02T03:04:05Z: faults were injected on purpose: drop = 0.01; this is a test of the \
         checks and no measurement; leave it out"
    );
}

#[test]
fn mixed_revisions_and_machines_are_named() {
    let one = study::render(&study::build(&samples(&[run(6), run(6)])));
    assert!(!one.contains("MIXED"), "{one}");
    let (mut other, mut dirty) = (run(6), run(6));
    other.run.environment.boot_id = "11111111-1111-1111-1111-111111111111".into();
    dirty.run.tool.dirty = true;
    let samples = samples(&[run(6), other, dirty]);
    let study = study::build(&samples);
    assert_eq!((study.revisions.len(), study.boots, study.variants[0].pairs), (2, 2, 9));
    let text = study::render(&study).replace('\n', " ");
    let said = "MIXED: the trials come from 2 revisions of the tool (0123456789ab, 0123456789ab+) and from 2 boots, of one \
                machine or of several. No pair mixes them; rates and readings are of all together.";
    assert!(text.contains(said), "{text}");
    assert_eq!(study::build(&study::from_csv(&table(&samples)).unwrap()), study, "the CSV gives the same study");
}

#[test]
fn invalid_tables_are_refused_with_their_line() {
    let data = table(&samples(&[run(1)]));
    let refused = |text: &str| format!("{:#}", study::from_csv(text).unwrap_err());
    assert!(refused("").starts_with("line 1: expected the columns run,variant,"));
    assert!(refused(&data.replace("hiccup@", "hiccup")).starts_with("line 1: expected the columns"));
    let cut = refused(&data[..data.len() - 12]);
    assert!(cut.contains("line: 3"), "{cut}");
    let wrong = refused(&data.replacen(",ok,", ",fine,", 1));
    assert_eq!(wrong, "line 2: status: \"fine\" is not a valid value for this column");
}

#[test]
fn the_table_is_aligned_and_says_what_was_compared() {
    let text = study::render(&study::build(&samples(&[run(12)])));
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("variant  ")).take(4).collect();
    assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{text}");
    assert!(lines[3].starts_with("sse             12  × 1.016      6     –"), "{text}");
    assert!(text.starts_with("24 of 24 measured trials are valid. Two neighbouring rounds"), "{text}");
    assert!(text.contains("\nhiccup          0.500      24  0.310    –    –  0.810      12        0\n"), "{text}");
}

#[test]
fn too_many_checks_are_refused() {
    let mut run = run(1);
    let checks = &mut run.trials[0].measured.as_mut().unwrap().checks;
    let check = checks[0].clone();
    checks.extend((0..1_000).map(|number| results::schema::Check { id: format!("check-{number}"), ..check.clone() }));
    let refused = study::samples(&[run]).unwrap_err().to_string();
    assert!(refused.starts_with("the runs have 100"), "{refused}");
}
