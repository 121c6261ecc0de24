//! Tests the text of `advise`: for needs that exceed the measured machine, for a single client, and in a terminal.

mod support;

use reports::advice::{Choice, Models, Need, Reason, Standing, advise, models, render};

fn constants() -> Models {
    models(&support::run_under(&[100, 1_000, 10_000])).unwrap()
}

#[test]
fn does_not_advise_what_needs_more_cores_than_measured() {
    let need = Need { clients: 1e6, events_per_client: 1.0, staleness_ms: 2_000.0, ..Need::default() };
    let advice = advise(&constants(), &need);
    let out: &Choice = advice.choices.iter().find(|choice| choice.name == "sse").unwrap();
    assert_eq!(out.standing, Standing::Excluded { reasons: vec![Reason::Cores] });
    assert_eq!((out.prediction.p50_ns, out.prediction.p99_ns, out.score), (None, None, None));
    assert!(out.prediction.server_cores.unwrap() > 2.0);
    let text = render(&advice);
    // The row shows the predicted cost, and dashes for both latencies and the score.
    let row = text.lines().find(|line| line.starts_with("− sse")).unwrap();
    assert_eq!(row.matches('–').count(), 3, "{row}");
    assert!(text.contains("sse is out: its server needs more cores than the machine had"), "{text}");
    assert!(text.contains("Nothing is recommended: every server that could meet this need takes more cores"), "{text}");
}

#[test]
fn a_need_of_one_is_singular() {
    let text = |need: Need| render(&advise(&constants(), &need));
    let one = text(Need { clients: 1.0, events_per_client: 1.0, ..Need::default() });
    assert!(one.contains("need: 1 client, 1 event a second each"), "{one}");
    assert!(text(Need::default()).contains("1,000 clients, 0.250 events a second each"));
}

#[test]
fn the_text_fits_a_terminal_without_control_characters() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        trial.variant = "sse/\u{1b}[2J".into();
    }
    for need in [Need::default(), Need { sends: true, browser: true, staleness_ms: 1.0, ..Need::default() }] {
        let text = render(&advise(&models(&run).unwrap(), &need));
        assert!(text.chars().all(|one| one == '\n' || !one.is_control()), "{text:?}");
        assert!(text.lines().all(|line| line.chars().count() <= 124), "{text}");
        assert!(text.contains("assumed:"), "{text}");
    }
}
