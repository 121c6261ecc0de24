//! The history of stored runs: what stands out is said, runs of other machines are apart, and nothing ever blocks.

mod support;

use reports::{
    gate::{Tier, Verdict, history::look, surface},
    statistics,
    store::Run,
};

/// The run of one day, with a p50 of so many nanoseconds and so much processor time for each event.
fn run(day: u32, p50_ns: u64, cpu_us: f64) -> Run {
    let mut trial = support::trial(&support::APPROACHES[3], 1000, 1);
    let measured = trial.measured.as_mut().unwrap();
    let latencies = support::histogram((0..1_000).map(|k| p50_ns - 500 + k));
    measured.latency_ns = statistics::summarise(&latencies, 1_000);
    measured.cpu.server_us = (cpu_us * measured.events.arrived as f64) as u64;
    measured.cpu.client_us = 0;
    let mut run = Run { run: support::run_record(1), trials: vec![trial], interrupted: None };
    run.run.started = format!("2026-01-{day:02}T03:04:05Z");
    run.run.tool.git_revision = format!("revision{day:02}");
    run
}

/// Twelve days that differ a little, and one more.
fn days(newest_ns: u64) -> Vec<Run> {
    let steady = [300, 304, 298, 301, 305, 299, 302, 297, 303, 300, 301, 298];
    let mut runs: Vec<Run> = (1..).zip(steady).map(|(day, us)| run(day, us * 1_000, 20.0)).collect();
    runs.push(run(13, newest_ns, 20.0));
    runs
}

#[test]
fn a_run_like_the_others_does_not_stand_out() {
    let outcome = look(&days(301_000));
    assert_eq!((outcome.tier, outcome.verdict), (Tier::History, Verdict::Pass));
    assert!(outcome.reason.starts_with("nothing stands out"), "{}", outcome.reason);
    // A day has too few events for a p99.
    assert_eq!(outcome.findings.len(), 5);
    assert!(outcome.findings.iter().all(|finding| finding.explanation.contains("within the fence")));
}

#[test]
fn a_slower_run_stands_out_and_does_not_block() {
    let mut runs = days(420_000);
    runs.reverse();
    let outcome = look(&runs);
    assert_eq!(outcome.verdict, Verdict::Pass, "advice only");
    assert!(outcome.reason.starts_with("1 of 5 series stands out"), "{}", outcome.reason);
    let first = &outcome.findings[0];
    assert_eq!(first.metric, "p50 latency");
    assert!(
        first.explanation.contains("above the fence") && first.explanation.contains("420 µs"),
        "{}",
        first.explanation
    );
    assert!(look(&days(200_000)).findings[0].explanation.contains("below the fence"));
}

#[test]
fn a_new_level_is_found_with_its_commit() {
    let runs: Vec<Run> = (1..=24)
        .map(|day| run(day, 300_000 + u64::from(day % 5) * 1_000, if day < 15 { 20.0 } else { 24.0 }))
        .collect();
    let outcome = look(&runs);
    let changed: Vec<&str> = outcome.findings.iter().map(|one| one.explanation.as_str()).take(1).collect();
    assert!(changed[0].contains("processor time") && changed[0].contains("revision15"), "{changed:?}");
    assert!(changed[0].contains("is 24.0 µs and no longer 20.0 µs"), "{changed:?}");
    assert_eq!(outcome.verdict, Verdict::Pass);
}

#[test]
fn few_runs_are_inconclusive() {
    let outcome = look(&days(301_000)[..5]);
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert!(outcome.reason.contains("8 runs before the newest"), "{}", outcome.reason);
    let none = look(&[]);
    assert_eq!((none.verdict, none.reason.as_str()), (Verdict::Inconclusive, "there are no runs to look at"));
}

#[test]
fn another_machine_is_another_series_and_another_boot_is_not() {
    let mut runs = days(420_000);
    runs[12].run.environment.boot_id = "11111111-0000-0000-0000-000000000000".to_owned();
    assert!(look(&runs).reason.starts_with("1 of 5 series"));
    runs[12].run.environment.cpu = "Another Processor".to_owned();
    let outcome = look(&runs);
    assert_eq!(outcome.verdict, Verdict::Inconclusive, "the newest has no history on its machine");
    assert!(outcome.notes.iter().any(|note| note.contains("2 machines") && note.contains("Another Processor")));
}

#[test]
fn runs_with_faults_are_left_out() {
    let mut runs = days(420_000);
    runs[12].run.scenario["faults"] = serde_json::json!({ "delay_publisher": "20ms" });
    let outcome = look(&runs);
    assert!(outcome.reason.starts_with("nothing stands out"), "{}", outcome.reason);
    assert!(outcome.notes.iter().any(|note| note.contains("Left out")));
}

#[test]
fn what_cannot_be_judged_is_said_once_and_fits_a_terminal() {
    let mut runs = days(301_000)[..2].to_vec();
    for run in &mut runs {
        run.trials[0].variant = "webhook/new-connection".to_owned();
    }
    let outcome = look(&runs);
    assert!(outcome.findings[0].explanation.contains("1 run before the newest"), "{:?}", outcome.findings[0]);
    let text = surface::text::render(std::slice::from_ref(&outcome), false);
    assert!(text.lines().count() < 10 && text.contains("0 of 5 comparisons passed"), "{text}");
    let text = surface::text::render(&[outcome], true);
    assert_eq!(text.matches("before the newest").count(), 1, "{text}");
    assert!(text.contains("the exit code is 0") && !text.contains("of 0 series"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    assert!(text.contains("\nwebhook/new-connection under ") && text.contains("\n  p50 latency"), "{text}");
    assert!(look(&runs[..1]).compared.starts_with("1 stored run"), "{:?}", look(&runs[..1]).compared);
}
