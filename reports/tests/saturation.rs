//! Tests trials whose offered load exceeds what the machine carries. The report shows the offered and the achieved load
//! and the side that was short of CPU time, and leaves these trials out of all figures.

mod support;

use reports::{
    merge::merged,
    saturation::{Side, is_intended, limit},
    table,
};
use results::{
    schema::{Check, Events, Status, Verdict},
    statistics,
    store::Run,
};
use support::saturated::{of, saturate};

/// Returns one round with 1,000 clients in which short polling is saturated on both sides.
fn overloaded(intended: bool) -> Run {
    let mut run = support::run();
    run.trials.retain(|trial| trial.round == 1);
    run.run.planned_trials = 11;
    for trial in of(&mut run, "short-poll", 1000) {
        saturate(trial, Side::Both);
        trial.overload = intended;
    }
    run
}

/// Returns the row of a variant in the terminal's table.
fn row(text: &str, variant: &str) -> String {
    text.lines().find(|line| line.starts_with(&format!("{variant} "))).unwrap().to_owned()
}

#[test]
fn an_intended_overload_is_reported_and_not_a_problem() {
    let text = table::render(&overloaded(true));
    // 5,000 requests in a window of five seconds. Two of five were answered.
    let said =
        "short-poll: offered 1,000 requests a second, achieved 400 (40.0 %); saturated: server and load generator\n";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("valid: 10 of 11 trials, 1 overloaded as intended; 1 warning: hiccup (sse)\n"), "{text}");
    assert!(!text.contains("invalid: "), "{text}");
    let row = row(&text, "short-poll");
    assert!(row.ends_with(" 0/1 SATURATED") && row.matches('–').count() == 9, "{row}");
    let explained =
        "\nSATURATED: no trial is valid, because a side was short of CPU time. The achieved load is below.\n";
    assert!(text.contains(explained) && !text.contains("OVERLOAD"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn an_unintended_overload_is_reported_as_a_problem() {
    let text = table::render(&overloaded(false));
    assert!(text.contains("short-poll: offered 1,000 requests a second, achieved 400 (40.0 %); saturated: "), "{text}");
    assert!(text.contains("invalid: short-poll, round 1: polls: they were late\n"), "{text}");
    assert!(text.contains("valid: 10 of 11 trials; 1 warning") && !text.contains("as intended"), "{text}");
    assert!(row(&text, "short-poll").ends_with(" 0/1 SATURATED"), "{text}");
}

#[test]
fn without_a_lack_of_cpu_there_is_no_saturation() {
    let mut run = overloaded(true);
    let trial = &mut run.trials[0];
    assert_eq!((trial.approach.as_str(), is_intended(trial), limit(trial)), ("short-poll", true, Some(Side::Both)));
    trial.measured.as_mut().unwrap().events.corrupt = 1;
    assert_eq!((is_intended(trial), limit(trial)), (false, None));
    let text = table::render(&run);
    assert!(!text.contains("saturated: ") && text.contains("invalid: short-poll, round 1: "), "{text}");
    assert!(row(&text, "short-poll").ends_with(" 0/1"), "{text}");
}

#[test]
fn saturation_explains_only_some_checks() {
    let explained = ["delivery", "orders", "polls", "empties-oracle", "lateness", "client-saturation", "warm-up"]
        .map(|id| (id, true));
    let wrong = [
        "manifest",
        "clients",
        "skipped-slots",
        "histogram",
        "disturbances",
        "clock",
        "arrivals",
        "poll-phase",
        "little",
        "omission-gap",
        "hiccup",
        "host",
        // Saturation of the server only warns. It never makes a trial invalid.
        "server-saturation",
        "position",
        "a check of another version",
    ];
    for (id, is_explained) in explained.into_iter().chain(wrong.map(|id| (id, false))) {
        let mut run = overloaded(true);
        let trial = &mut run.trials[0];
        let check = Check { id: id.into(), value: None, threshold: None, verdict: Verdict::Warn, note: String::new() };
        trial.measured.as_mut().unwrap().checks.push(check);
        assert_eq!(limit(trial), Some(Side::Both), "{id} warns");
        trial.measured.as_mut().unwrap().checks.last_mut().unwrap().verdict = Verdict::Invalid;
        assert_eq!(limit(trial), is_explained.then_some(Side::Both), "{id} is invalid");
        assert_eq!(is_intended(trial), is_explained, "{id} is invalid");
    }
}

#[test]
fn saturation_explains_no_wrong_event() {
    let wrong: [fn(&mut Events) -> &mut u64; 3] =
        [|events| &mut events.duplicate, |events| &mut events.reordered, |events| &mut events.corrupt];
    for count in wrong {
        let mut run = overloaded(true);
        *count(&mut run.trials[0].measured.as_mut().unwrap().events) = 1;
        assert_eq!((is_intended(&run.trials[0]), limit(&run.trials[0])), (false, None));
    }
}

#[test]
fn only_trials_that_are_invalid_are_saturated() {
    let mut run = overloaded(true);
    run.trials[0].status = Status::Ok;
    assert_eq!((limit(&run.trials[0]), is_intended(&run.trials[0])), (None, false));
    let text = table::render(&run);
    assert!(!text.contains("saturated: ") && row(&text, "short-poll").ends_with(" 1/1 OVERLOAD"), "{text}");
}

#[test]
fn push_approaches_are_offered_deliveries() {
    let mut run = support::run();
    let mut rounds = of(&mut run, "websocket", 1000);
    saturate(rounds.next().unwrap(), Side::Server);
    drop(rounds);
    // 251 events with five followers each, in five seconds. 502 of 1,255 deliveries arrived.
    let said =
        "websocket: offered 251 deliveries a second, achieved 100 (40.0 %); saturated: server, in 1 of 3 trials\n";
    let text = table::render(&run);
    assert!(text.contains(said), "{text}");
    // The row's figures come from the other two rounds.
    assert!(row(&text, "websocket").ends_with(" 2/3") && !text.contains("SATURATED"), "{text}");
    // One round was short of CPU time on one side, another round on the other side. The report names both sides.
    saturate(of(&mut run, "websocket", 1000).nth(1).unwrap(), Side::LoadGenerator);
    let text = table::render(&run).replace("\n  ", " ");
    assert!(text.contains("; saturated: server and load generator, in 2 of 3 trials\n"), "{text}");
}

#[test]
fn a_saturated_trial_has_no_latency_figures() {
    let mut run = support::decisive::run();
    for trial in of(&mut run, "webhook", 1000) {
        saturate(trial, Side::Both);
        trial.overload = true;
        let fast = statistics::summarise(&support::histogram((0..1_000).map(|k| 1_000 + k)), 1_000);
        let measured = trial.measured.as_mut().unwrap();
        (measured.latency_ns, measured.event_median_ns) = (fast.clone(), fast);
    }
    let own: Vec<_> = run.trials.iter().filter(|trial| trial.approach == "webhook").collect();
    assert_eq!(merged(&own), None);
    let text = table::render(&run);
    assert!(
        text.replace('\n', " ").contains(", sse and websocket have the smallest p50") && !text.contains("1.50 µs"),
        "{text}"
    );
    assert!(text.contains("valid: 80 of 88 trials, 8 overloaded as intended; "), "{text}");
}
