//! What advice makes of latencies that a stall made, that are missing, and of the clients' own processors.

mod support;

use reports::{
    advice::{Beyond, Choice, Models, Need, Reason, Standing, advise, models, render},
    schema::{Status, TrialRecord, Verdict},
    statistics,
};

fn choice<'a>(choices: &'a [Choice], name: &str) -> &'a Choice {
    choices.iter().find(|choice| choice.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn reasons(models: &Models, need: &Need, name: &str) -> Vec<Reason> {
    match &choice(&advise(models, need).choices, name).standing {
        Standing::Excluded { reasons } => reasons.clone(),
        _ => Vec::new(),
    }
}

/// Latencies of about so many milliseconds in the tail, of a trial with so many events.
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
fn one_stalled_trial_rules_nothing_out() {
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
    assert_eq!(of([2_000, 2_000, 3], &|_| ()).0, [Reason::Late], "most of the rounds are late");
    let (out, models) = of([2_000, 3, 2_000], &|trial| trial.status = Status::Invalid);
    assert_eq!(out, [Reason::Late]);
    assert_eq!(models.assumptions[0], "1 of 33 trials are not valid and left out: nothing is advised by them.");
    let warned = of([3, 2_296, 3], &|trial| {
        let check = trial.measured.as_mut().unwrap().checks.iter_mut().find(|check| check.id == "lateness").unwrap();
        check.verdict = Verdict::Warn;
    });
    assert_eq!(warned.0, [], "of two rounds without a warning of the tail");
}

#[test]
fn a_missing_p99_is_not_known_and_nothing_takes_its_place() {
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
fn clients_do_not_count_against_the_cores_of_a_server() {
    let mut run = support::run();
    for measured in run.trials.iter_mut().filter(|trial| trial.approach == "sse").filter_map(|it| it.measured.as_mut())
    {
        measured.cpu.client_us = 50_000_000;
    }
    let models = models(&run).unwrap();
    let advice = advise(&models, &Need::default());
    let sse = &choice(&advice.choices, "sse").prediction;
    assert!(sse.client_cores > 5.0 && sse.p99_ns.is_some() && !sse.extrapolated.contains(&Beyond::Cores), "{sse:?}");
    for measured in run.trials.iter_mut().filter(|trial| trial.approach == "sse").filter_map(|it| it.measured.as_mut())
    {
        measured.cpu.server_us = 50_000_000;
    }
    assert_eq!(reasons(&self::models(&run).unwrap(), &Need::default(), "sse"), [Reason::Cores]);
}
