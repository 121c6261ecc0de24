//! Tests how the advice handles latencies that a stall caused, missing percentiles, and the clients' own cores.

#[path = "support/choices.rs"]
mod choices;
mod support;

use choices::{choice, reasons};
use reports::advice::{Beyond, Need, Reason, Standing, advise, models, render};
use results::{
    schema::{Status, TrialRecord, Verdict},
    statistics,
};

/// Sets the latencies of a trial with this many events. The slowest tenth takes about `tail_ms` milliseconds.
fn late(trial: &mut TrialRecord, tail_ms: u64, events: u64) {
    let measured = trial.measured.as_mut().unwrap();
    let slow = support::histogram((0..1_000).map(|k| if k < 900 { 300_000 + k } else { tail_ms * 1_000_000 + k }));
    measured.latency_ns = statistics::summarise(&slow, events);
    measured.event_median_ns = statistics::summarise(&slow, events);
    if events < 1_000 {
        let few = support::histogram((0..events).map(|k| 300_000 + k));
        measured.event_median_ns = statistics::summarise(&few, events);
        measured.effective_events = events.min(measured.effective_events);
    }
}

#[test]
fn one_stalled_trial_excludes_no_variant() {
    let of = |tails: [u64; 3], change: &dyn Fn(&mut TrialRecord)| {
        let mut run = support::run();
        for trial in run.trials.iter_mut().filter(|trial| trial.approach == "grpc-stream") {
            late(trial, tails[trial.round as usize - 1], 1_000);
            if trial.round == 2 {
                change(trial);
            }
        }
        (reasons(&models(&run).unwrap(), &Need::default(), "grpc-stream"), models(&run).unwrap())
    };
    assert_eq!(of([3, 3, 3], &|_| ()).0, []);
    assert_eq!(of([3, 2_296, 3], &|_| ()).0, [], "a stall that no check noticed");
    assert_eq!(of([2_000, 2_000, 3], &|_| ()).0, [Reason::Late], "most rounds are late");
    let (out, models) = of([2_000, 3, 2_000], &|trial| trial.status = Status::Invalid);
    assert_eq!(out, [Reason::Late]);
    assert_eq!(models.missing.notes()[0], "1 of 33 trials of the run is not valid and left out.");
    let warned = of([3, 2_296, 3], &|trial| {
        let check = trial.measured.as_mut().unwrap().checks.iter_mut().find(|check| check.id == "lateness").unwrap();
        check.verdict = Verdict::Warn;
    });
    assert_eq!(warned.0, [], "only the two rounds without a warning about the tail count");
}

#[test]
fn a_missing_p99_stays_unknown() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "websocket") {
        late(trial, 3, 100);
    }
    let models = models(&run).unwrap();
    let websocket = models.models.iter().find(|model| model.name == "websocket").unwrap();
    assert!(websocket.latency.iter().all(|point| point.p99_ns.is_none() && point.p50_ns > 0.0));
    assert_eq!(reasons(&models, &Need::default(), "websocket"), [Reason::Unknown]);
    let advice = advise(&models, &Need::default());
    assert_eq!(choice(&advice.choices, "websocket").prediction.p99_ns, None);
    assert!(render(&advice).contains("websocket is out: its p99 is not known"), "{}", render(&advice));
    assert_ne!(advice.choices[0].name, "websocket");
}

#[test]
fn clients_do_not_use_the_servers_cores() {
    let mut run = support::run();
    for measured in run.trials.iter_mut().filter(|trial| trial.approach == "sse").filter_map(|it| it.measured.as_mut())
    {
        measured.cpu.client_us = 50_000_000;
    }
    let models = models(&run).unwrap();
    let advice = advise(&models, &Need::default());
    let sse = &choice(&advice.choices, "sse").prediction;
    assert!(
        sse.client_cores.unwrap() > 5.0 && sse.p99_ns.is_some() && !sse.extrapolated.contains(&Beyond::Cores),
        "{sse:?}"
    );
    for measured in run.trials.iter_mut().filter(|trial| trial.approach == "sse").filter_map(|it| it.measured.as_mut())
    {
        measured.cpu.server_us = Some(50_000_000);
    }
    assert_eq!(reasons(&self::models(&run).unwrap(), &Need::default(), "sse"), [Reason::Cores]);
}

#[test]
fn names_variants_without_a_valid_trial_beside_the_recommendation() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| !["sse", "raw-tcp"].contains(&trial.approach.as_str())) {
        trial.status = if trial.approach == "websocket" { Status::Failed } else { Status::Invalid };
        trial.measured = trial.measured.take().filter(|_| trial.status == Status::Invalid);
    }
    let advice = advise(&models(&run).unwrap(), &Need::default());
    assert_eq!(advice.choices[0].standing, Standing::Recommended);
    let text = render(&advice);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("Recommended: sse. 27 of 33 trials of the run are not valid and left out. The choice was"));
    assert!(
        flat.contains("The choice was not among all: short-poll, conditional-get, long-poll, websocket, "),
        "{text}"
    );
    for name in ["short-poll", "long-poll", "websocket", "webhook"] {
        assert!(text.contains(&format!("{name} is out: no valid trial (0 of 3).")), "{text}");
    }
    let json = serde_json::to_value(&advice).unwrap();
    assert_eq!((&json["missing"]["not_valid"], &json["missing"]["trials"]), (&27.into(), &33.into()));
    assert_eq!(json["missing"]["candidates"][3], serde_json::json!({ "name": "websocket", "trials": 3 }));
    let whole = advise(&models(&support::run()).unwrap(), &Need::default());
    assert!(whole.missing.not_valid == 0 && whole.missing.candidates.is_empty(), "{:?}", whole.missing);
}

#[test]
fn an_unknown_p99_excludes_nothing_and_names_what_to_run() {
    let mut run = support::run();
    for trial in &mut run.trials {
        late(trial, 3, 20);
    }
    let need = Need { inbound: true, every_event: false, ..Need::default() };
    let advice = advise(&models(&run).unwrap(), &need);
    let flat = render(&advice).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("is not known: a p99 needs 368 events") && flat.contains("longer --measure or more --trials")
    );
    assert!(!flat.contains("Nothing that was measured") && !flat.contains("ten thousand"), "{flat}");
    assert!(flat.contains("one input at a time: not known without a p99"), "{flat}");
    let polled = serde_json::to_value(&choice(&advice.choices, "short-poll").prediction).unwrap();
    for key in
        ["interval_s", "p50_ns", "p99_ns", "requests_per_second", "empty_share", "bytes_per_second", "server_cores"]
    {
        assert!(polled[key].is_null(), "{key}: {polled}");
    }
    let row = flat.split_once("− short-poll ").unwrap().1;
    assert!(row.starts_with("– – – – – –/– "), "{row}");
}

#[test]
fn a_note_explains_a_p99_that_differs_from_the_table() {
    let mut run = support::run();
    for trial in &mut run.trials {
        for check in &mut trial.measured.as_mut().unwrap().checks {
            check.verdict =
                if trial.approach == "sse" && check.id == "lateness" { Verdict::Warn } else { Verdict::Pass };
        }
    }
    let advice = advise(&models(&run).unwrap(), &Need::default());
    let said = "Each p99 here leaves out the trials with a warning of the tail (3 of 33), so that it can differ from the \
                table's.";
    assert_eq!(advice.notes, [said]);
    run.trials.retain(|trial| trial.approach != "sse");
    assert_eq!(models(&run).unwrap().missing.notes(), ["The run is not whole: 3 of 33 trials were not run."]);
    run.run.planned_trials = 30;
    assert_eq!(models(&run).unwrap().missing.notes(), [""; 0]);
}
