//! Tests the terminal's table: its content and its width.

mod support;

use reports::table;
use results::{
    schema::{Check, Status, TrialRecord, Verdict},
    statistics,
    store::Run,
};
use serde_json::json;

/// Renders a run without line breaks.
fn flat(run: &Run) -> String {
    table::render(run).replace('\n', " ")
}

#[test]
fn the_table_fits_and_is_aligned() {
    let mut run = support::decisive::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "webhook") {
        trial.variant = "webhook/new-connection".into();
    }
    let text = table::render(&run);
    let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width <= 120), "{widths:?}\n{text}");
    let row = text.lines().find(|line| line.starts_with("sse ")).unwrap();
    assert!(row.ends_with(" 8/8"), "{row}");
    assert!(text.contains("valid: 88 of 88 trials; 8 warnings: hiccup (sse)\n"), "{text}");
    let warning =
        "  hiccup, 8 of 88 trials (sse), worst 0.810 (limit 0.500): the machine paused: close other programs\n";
    assert!(text.contains(warning), "{text}");
}

#[test]
fn rows_follow_the_articles_order_then_the_registrys() {
    let text = table::render(&support::run());
    let first: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with('─'))
        .skip(1)
        .take(11)
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        first,
        [
            "short-poll",
            "long-poll",
            "sse",
            "websocket",
            "grpc-stream",
            "grpc-bidi",
            "conditional-get",
            "grpc-unary",
            "grpc-web",
            "webhook",
            "raw-tcp"
        ]
    );
}

#[test]
fn invalid_trials_are_listed_and_left_out() {
    let mut run = support::run();
    run.run.planned_trials = 40;
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        trial.status = Status::Failed;
        trial.error = Some("the server ended early".into());
    }
    let text = table::render(&run);
    assert!(text.contains("failed: sse, round 2: the server ended early\n"), "{text}");
    assert!(text.contains("valid: 30 of 40 trials; 7 not run: the file ends early; no warnings\n"), "{text}");
    let sse = text.lines().find(|line| line.starts_with("sse ")).unwrap();
    assert!(sse.ends_with("0/3") && sse.matches('–').count() == 9, "{sse}");
}

#[test]
fn a_percentile_without_support_is_a_dash_with_a_reason() {
    let mut run = support::run();
    run.trials.retain(|trial| trial.round == 1);
    let text = table::render(&run);
    let row = text.lines().find(|line| line.starts_with("sse ")).unwrap();
    assert!(row.ends_with(" 1/1"), "a single round has no spread: {row}");
    assert!(text.contains("– a p50 needs 6 events and a p99 368; there were fewer."), "{text}");
    assert!(text.replace('\n', " ").contains("Fewer than 8 rounds cannot show which approach has less"), "{text}");
    assert!(text.contains("Fewer than 8 rounds cannot show a difference."), "{text}");
}

#[test]
fn a_sweep_has_one_block_per_load() {
    let text = table::render(&support::run_under(&[100, 10_000]));
    assert!(text.contains("100 clients and 50 events a second\n"), "{text}");
    assert!(text.contains("10,000 clients and 50 events a second\n"), "{text}");
}

#[test]
fn a_ratio_to_the_floor_without_a_difference_is_marked() {
    let mut run = support::decisive::run();
    let floors: Vec<_> = run.trials.iter().filter(|trial| trial.approach == "raw-tcp").cloned().collect();
    for (trial, floor) in run.trials.iter_mut().filter(|trial| trial.approach == "sse").zip(floors) {
        let floor = floor.measured.unwrap();
        let measured = trial.measured.as_mut().unwrap();
        measured.latency_ns = floor.latency_ns.clone();
        measured.event_median_ns = floor.event_median_ns.clone();
        measured.effective_events = floor.effective_events;
    }
    let text = table::render(&run);
    let marked: Vec<&str> =
        text.lines().filter(|line| line.contains(" ≈ ")).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(marked, ["sse"], "{text}");
    assert!(text.contains("≈ no difference from the floor is shown"), "{text}");
}

#[test]
fn the_headline_claims_only_shown_orders() {
    // Each of the two is faster in some rounds.
    let mut run = support::decisive::run();
    let text = flat(&run);
    assert!(
        text.contains(", sse and websocket have the smallest p50 (no difference between them is shown): "),
        "{text}"
    );
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "websocket") {
        let slower = support::histogram((0..250).map(|k| 390_000 + k * 40));
        trial.measured.as_mut().unwrap().latency_ns = statistics::summarise(&slower, 250);
    }
    let text = flat(&run);
    assert!(text.contains(", sse has the smallest p50: ") && text.contains(" × the floor; "), "{text}");
}

#[test]
fn variants_with_too_few_rounds_are_named_and_not_compared() {
    let mut run = support::decisive::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "short-poll" && trial.round == 2) {
        trial.status = Status::Invalid;
    }
    let text = flat(&run);
    assert!(
        text.contains(", of those compared, sse and websocket have the smallest p50 (no difference between"),
        "{text}"
    );
    let said = "carried no event. short-poll had fewer than 8 valid rounds and is not compared.";
    assert!(text.contains(said), "{text}");
    // An approach with seven rounds is not ranked, even if its median is the smallest.
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse" && trial.round == 1) {
        trial.status = Status::Failed;
    }
    let text = flat(&run);
    assert!(
        text.contains(", of those compared, websocket has the smallest p50: ") && !text.contains("sse and"),
        "{text}"
    );
    let said = " short-poll and sse had fewer than 8 valid rounds and are not compared.";
    assert!(text.contains(said), "{text}");
}

#[test]
fn three_rounds_are_too_few_to_compare_by() {
    let text = flat(&support::run());
    assert!(
        text.contains(", p50 is ")
            && text.contains(" × the floor. Fewer than 8 rounds cannot show which approach has less; "),
        "{text}"
    );
    assert!(!text.contains("the smallest p50") && !text.contains("not compared"), "{text}");
}

#[test]
fn a_floor_measured_again_in_a_round_counts_once_with_its_geometric_mean() {
    let once = support::decisive::run();
    let ratios = |run: &Run| -> Vec<f64> {
        let (_, data) = support::written::report(run);
        let rows = data["loads"][0]["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["times_floor"].as_f64().unwrap()).collect()
    };
    let mut twice = once.clone();
    for trial in once.trials.iter().filter(|trial| trial.approach == "raw-tcp") {
        let mut again = TrialRecord { repeat: 2, ..trial.clone() };
        let measured = again.measured.as_mut().unwrap();
        let values = |count: u64| (0..count).map(|_| measured.latency_ns.p50.unwrap() * 4);
        measured.latency_ns = statistics::summarise(&support::histogram(values(measured.latency_ns.count)), 1_000);
        twice.trials.push(again);
    }
    twice.run.planned_trials += 8;
    // The geometric mean of a median and of four times it is twice that median.
    for (one, two) in ratios(&once).into_iter().zip(ratios(&twice)).take(5) {
        assert!((one / two / 2.0 - 1.0).abs() < 0.01, "{one} and {two}");
    }
    assert!(flat(&twice).contains(" 16/16"), "{}", flat(&twice));
}

#[test]
fn an_invalid_trial_is_listed_and_not_ranked() {
    let mut run = support::decisive::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "webhook") {
        trial.status = Status::Invalid;
        trial.error = Some("delivery: missed 1".into());
        let fast = statistics::summarise(&support::histogram((0..1_000).map(|k| 1_000 + k)), 1_000);
        let measured = trial.measured.as_mut().unwrap();
        (measured.latency_ns, measured.event_median_ns) = (fast.clone(), fast);
    }
    let text = table::render(&run);
    assert!(text.contains("invalid: webhook, round 1: delivery: missed 1\n"), "{text}");
    assert!(flat(&run).contains(", sse and websocket have the smallest p50") && !text.contains("1.50 µs"), "{text}");
    let row = text.lines().find(|line| line.starts_with("webhook ")).unwrap();
    assert!(row.ends_with("0/8"), "{row}");
}

#[test]
fn an_overloaded_server_is_labelled() {
    let mut run = support::run();
    let check = |trial: &TrialRecord| Check {
        id: "server-saturation".into(),
        value: Some(0.4),
        threshold: Some(0.1),
        verdict: if trial.approach == "grpc-web" && trial.round == 2 { Verdict::Warn } else { Verdict::Pass },
        note: "the server waited for a processor: lower the load".into(),
    };
    for trial in &mut run.trials {
        let check = check(trial);
        trial.measured.as_mut().unwrap().checks.push(check);
    }
    let text = table::render(&run);
    let labelled: Vec<&str> = text.lines().filter(|line| line.ends_with("3/3 OVERLOAD")).collect();
    assert!(labelled.len() == 1 && labelled[0].starts_with("grpc-web "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    assert!(text.contains("4 warnings: hiccup (sse), server-saturation (grpc-web)\n"), "{text}");
}

#[test]
fn injected_faults_are_announced() {
    let mut run = support::run();
    assert!(!table::render(&run).contains("NO MEASUREMENT"));
    run.run.scenario["faults"] = json!({});
    assert!(!table::render(&run).contains("NO MEASUREMENT"));
    run.run.scenario["faults"] = json!({ "drop": 0.01, "delay": "5ms", "stall": null });
    let text = table::render(&run).replace("\n  ", " ");
    let said = "NO MEASUREMENT: faults were injected on purpose: delay = 5ms, drop = 0.01; this is a test of the checks and \
                no measurement\n";
    assert!(text.contains(said), "{text}");
}
