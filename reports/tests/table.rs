//! The terminal's table: what it says, and that it fits.

mod support;

use reports::{schema::Status, table};

#[test]
fn the_table_fits_and_is_aligned() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "webhook") {
        trial.variant = "webhook/new-connection".into();
    }
    let text = table::render(&run);
    let widths: Vec<usize> = text.lines().take(14).map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width <= 120), "{widths:?}");
    assert!(text.contains("valid: 33 of 33 trials; 3 warnings: hiccup\n"), "{text}");
}

#[test]
fn rows_come_in_the_article_s_order_and_then_the_registry_s() {
    let text = table::render(&support::run());
    let first: Vec<&str> = text.lines().skip(3).take(11).map(|line| line.split(' ').next().unwrap()).collect();
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
fn what_is_not_valid_is_listed_and_left_out() {
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
    assert!(text.contains("– a p50 needs 6 independent events and a p99 368; there were fewer."), "{text}");
    assert!(text.contains("one round does not say"), "{text}");
}

#[test]
fn a_sweep_has_a_block_for_each_load() {
    let text = table::render(&support::run_under(&[100, 10_000]));
    assert!(text.contains("100 clients and 50 events a second\n"), "{text}");
    assert!(text.contains("10,000 clients and 50 events a second\n"), "{text}");
}
