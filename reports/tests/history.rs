//! The history of stored runs: what stands out is said on every surface, runs of other machines are apart, and nothing ever blocks.

mod support;

use gate::{Tier, Verdict, surface};
use reports::history::look;
use results::{statistics, store::Run};

/// The run of one day, with a p50 of so many nanoseconds and so much processor time for each event.
fn run(day: u32, p50_ns: u64, cpu_us: f64) -> Run {
    let mut trial = support::trial(&support::APPROACHES[3], 1000, 1);
    let measured = trial.measured.as_mut().unwrap();
    let latencies = support::histogram((0..1_000).map(|k| p50_ns - 500 + k));
    measured.latency_ns = statistics::summarise(&latencies, 1_000);
    measured.cpu.server_us = (cpu_us * measured.events.arrived as f64) as u64;
    measured.cpu.client_us = 0;
    let mut run = Run { run: support::run_record(1), trials: vec![trial], interrupted: None, cut_line: None };
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
    assert_eq!(outcome.verdict, Verdict::StandsOut);
    assert_eq!(outcome.reason, "1 of 5 series stands out: sse under 1,000 clients and 50 events a second, p50 latency");
    let first = &outcome.findings[0];
    assert_eq!((first.metric.as_str(), first.verdict), ("p50 latency", Verdict::StandsOut));
    assert!(outcome.findings[1..].iter().all(|finding| finding.verdict == Verdict::Pass));
    assert!(
        first.explanation.contains("above the fence") && first.explanation.contains("420 µs"),
        "{}",
        first.explanation
    );
    assert!(look(&days(200_000)).findings[0].explanation.contains("below the fence"));
}

/// The same days of four variants; in the newest, all four are half as slow again and take half as much again.
fn days_of_four() -> Vec<Run> {
    let variants = ["sse", "websocket", "long-poll", "raw-tcp"];
    let mut runs = days(450_000);
    for run in &mut runs {
        let trial = run.trials.remove(0);
        run.trials = vec![trial; 4];
        run.trials.iter_mut().zip(variants).for_each(|(trial, name)| trial.variant = name.to_owned());
    }
    let newest = runs.last_mut().unwrap();
    newest.trials.iter_mut().for_each(|trial| trial.measured.as_mut().unwrap().cpu.server_us *= 3);
    runs
}

#[test]
fn all_that_stands_out_is_listed_on_every_surface() {
    let outcome = look(&days_of_four());
    assert_eq!(outcome.verdict, Verdict::StandsOut);
    assert!(outcome.reason.starts_with("8 of 20 series stand out: "), "{}", outcome.reason);
    let outstanding: Vec<_> = outcome.findings.iter().take_while(|one| one.verdict == Verdict::StandsOut).collect();
    assert_eq!(outstanding.len(), 8);
    let outcomes = [outcome.clone()];
    let [brief, verbose] = [false, true].map(|verbose| surface::text::render(&outcomes, verbose));
    let [summary, annotations] = [surface::markdown::render(&outcomes), surface::annotations::render(&outcomes)];
    for finding in &outstanding {
        let named = format!("{}, {}", finding.cell, finding.metric);
        assert!(outcome.reason.contains(&named), "{named}: {}", outcome.reason);
        assert!(annotations.contains(&format!("::warning title=gate history%3A stands out::{}", finding.explanation)));
        let row = format!("| stands out | `{}` | `{}` |", finding.cell, finding.metric);
        assert!(summary.contains(&row), "{summary}");
    }
    assert!(!annotations.contains("::error") && annotations.matches("::warning").count() == 8, "{annotations}");
    assert!(summary.starts_with("## Delivery gate: stands out\n"), "{summary}");
    assert!(brief.starts_with("STANDS OUT: gate history, 13 stored runs"), "{brief}");
    for text in [&brief, &verbose] {
        assert_eq!(text.matches("\nstands out: ").count(), 8, "{text}");
        assert_eq!(text.lines().filter(|line| line.ends_with(" stands out")).count(), 8, "{text}");
        assert!(text.contains("12 of 20 comparisons passed") && !text.contains("inconclusive"), "{text}");
    }
    assert_eq!(verbose.lines().filter(|line| line.ends_with(" pass")).count(), 12, "{verbose}");
    let badge = surface::badge::render(&outcomes);
    assert!(badge.contains("\"8 stand out\"") && badge.contains("\"yellow\""), "{badge}");
    assert!(surface::badge::render(&[look(&days(420_000))]).contains("\"1 stands out\""));
    let junit = surface::junit::render(&outcomes);
    assert!(junit.contains("failures=\"0\" errors=\"0\" skipped=\"8\""), "{junit}");
    assert!(surface::json(&outcomes).contains("\"verdict\": \"stands-out\""));
}

#[test]
fn many_are_counted_where_they_are_not_named() {
    let mut runs = days_of_four();
    for run in &mut runs {
        let again = run.trials.clone().into_iter().map(|mut trial| {
            trial.variant += "/again";
            trial
        });
        run.trials.extend(again);
    }
    let outcome = look(&runs);
    assert!(outcome.reason.starts_with("16 of 40 series stand out: "), "{}", outcome.reason);
    assert!(outcome.reason.ends_with("; and 6 more"), "{}", outcome.reason);
    let text = surface::text::render(&[outcome], false);
    assert_eq!(text.lines().filter(|line| line.ends_with(" stands out")).count(), 16, "{text}");
}

#[test]
fn what_stands_out_and_what_has_few_runs_are_told_apart() {
    let with_a_new_variant = |mut runs: Vec<Run>| {
        let newest = runs.last_mut().unwrap();
        let mut added = newest.trials[0].clone();
        added.variant = "sse/new".to_owned();
        newest.trials.push(added);
        look(&runs)
    };
    let few = "Not judged: 5 series with fewer than 8 runs before the newest";
    let outcome = with_a_new_variant(days(420_000));
    assert_eq!(outcome.verdict, Verdict::StandsOut);
    let reason = "1 of 5 series stands out: sse under 1,000 clients and 50 events a second, p50 latency";
    assert_eq!(outcome.reason, format!("{reason}. {few}"));
    let outcome = with_a_new_variant(days(301_000));
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert_eq!(outcome.reason, format!("nothing stands out of 5 series. {few}"));
}

#[test]
fn the_chance_is_that_of_both_rules() {
    let by_chance = |runs: &[Run]| look(runs).notes.into_iter().find(|note| note.starts_with("By chance"));
    let runs = days(301_000);
    let short = by_chance(&runs[..9]).unwrap();
    assert!(short.contains("of 5 series") && short.contains("8 runs before the newest"), "{short}");
    assert!(short.contains("None has the 10 runs") && !short.contains("permutation"), "{short}");
    let long = by_chance(&runs).unwrap();
    assert!(long.contains("12 runs before the newest") && long.contains("in 5 of them, at most about 0.050"), "{long}");
    assert_eq!(by_chance(&runs[..5]), None, "nothing is judged");
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
    assert!(changed[0].contains("within the fence"), "the newest is like those before it: {changed:?}");
    assert_eq!(outcome.verdict, Verdict::StandsOut);
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
