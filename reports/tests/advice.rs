//! Tests the cost model on synthetic runs with known constants, and the advice that follows from it.

#[path = "support/choices.rs"]
mod choices;
#[path = "support/modelled.rs"]
mod modelled;
mod support;

use choices::{choice, reasons};
use modelled::{HELD, HOLD_S, POLLED, PUSHED, run_of, sweep};
use reports::advice::{AdviceError, Beyond, Choice, Models, Need, Reason, Standing, advise, models, render};
use results::{schema::Status, statistics};
use serde_json::json;

fn near(value: f64, known: f64) {
    assert!((value - known).abs() <= 0.01 * known.abs() + 0.5, "{value} for {known}");
}

#[test]
fn recovers_known_constants() {
    let models = models(&sweep()).unwrap();
    let of = |name: &str| &models.models.iter().find(|model| model.name == name).unwrap().costs;
    // The need determines the poll interval, so the interval is not part of the name.
    for (name, [fixed, exchange, delivery]) in [("short-poll", POLLED), ("long-poll", HELD), ("sse", PUSHED)] {
        let costs = of(name);
        near(costs.server_us.fixed, fixed);
        near(costs.server_us.exchange, exchange);
        near(costs.server_us.delivery, delivery);
        near(costs.server_memory[1], 5_000.0);
    }
    near(of("short-poll").bytes.exchange, 180.0);
    near(of("short-poll").bytes.delivery, 100.0);
    assert_eq!(models.models.iter().find(|model| model.name == "long-poll").unwrap().hold_s, Some(HOLD_S));
}

#[test]
fn as_many_polls_under_every_load_are_not_taken_for_a_fixed_part() {
    let models = models(&run_of(&[(1_000, 40.0), (1_000, 400.0), (1_000, 4_000.0)])).unwrap();
    let costs = |name: &str| models.models.iter().find(|model| model.name == name).unwrap().costs.server_us;
    let [fixed, exchange, delivery] = POLLED;
    // 500 polls a second.
    assert_eq!(costs("short-poll").fixed, 0.0);
    near(costs("short-poll").exchange, exchange + fixed / 500.0);
    near(costs("short-poll").delivery, delivery);
    near(costs("sse").fixed, PUSHED[0]);
}

#[test]
fn one_load_is_assumed_proportional_with_a_note() {
    let one = models(&run_of(&[(1_000, 40.0)])).unwrap();
    assert!(one.assumptions[0].starts_with("One load was measured"), "{:?}", one.assumptions);
    let costs = one.models.iter().map(|model| &model.costs);
    assert!(costs.clone().all(|costs| costs.server_us.fixed == 0.0 && costs.server_memory[0] == 0.0));
    let need = Need { clients: 1_000.0, events_per_client: 0.2, staleness_ms: 2_000.3, ..Need::default() };
    let advice = advise(&one, &need);
    near(choice(&advice.choices, "sse").prediction.server_cores.unwrap() * 1e6, 1_000.0 + 30.0 * 200.0);
    near(
        choice(&advice.choices, "short-poll").prediction.server_cores.unwrap() * 1e6,
        2_000.0 + 40.0 * 500.0 + 8.0 * 200.0,
    );
    assert!(choice(&advice.choices, "sse").prediction.extrapolated.is_empty());
}

#[test]
fn predictions_match_the_formulas() {
    let models = models(&sweep()).unwrap();
    let need = Need {
        clients: 2_000.0,
        events_per_client: 0.5,
        payload_bytes: 50.0,
        staleness_ms: 4_000.0,
        ..Need::default()
    };
    let advice = advise(&models, &need);
    let polled = &choice(&advice.choices, "short-poll").prediction;
    let interval = polled.interval_s.unwrap();
    // The interval is the allowed staleness minus the p99 of an exchange. The approaches that hold provide that p99.
    assert!((3.999..4.0).contains(&interval), "{interval}");
    near(polled.requests_per_second.unwrap(), 2_000.0 / interval);
    near(polled.empty_share.unwrap() * 1e3, (-0.5 * interval).exp() * 1e3);
    near(polled.bytes_per_second.unwrap(), 180.0 * 2_000.0 / interval + 150.0 * 1_000.0);
    near(polled.server_cores.unwrap() * 1e6, 2_000.0 + 40.0 * 2_000.0 / interval + 8.0 * 1_000.0);
    near(polled.p50_ns.unwrap() / 1e6, interval * 500.0 + 0.25);
    assert!(polled.p99_ns.unwrap() <= 4e9);
    let snapshot = &choice(&advice.choices, "conditional-get").prediction;
    near(snapshot.deliveries_per_second.unwrap(), 2_000.0 / interval * (1.0 - (-0.5 * interval).exp()));
    let held = &choice(&advice.choices, "long-poll").prediction;
    near(held.requests_per_second.unwrap(), 1_000.0 / (1.0 - (-0.5 * HOLD_S).exp()));
    let pushed = &choice(&advice.choices, "sse").prediction;
    assert_eq!((pushed.requests_per_second, pushed.empty_share), (Some(0.0), Some(0.0)));
}

#[test]
fn facts_exclude_variants_with_a_reason() {
    let mut run = support::run();
    for facts in &mut run.run.approaches {
        facts.browser = ["sse", "short-poll"].contains(&facts.name.as_str());
    }
    let models = models(&run).unwrap();
    let usual = Need::default();
    assert_eq!(reasons(&models, &usual, "raw-tcp"), [Reason::Floor]);
    assert_eq!(reasons(&models, &usual, "webhook"), [Reason::Inbound]);
    assert_eq!(reasons(&models, &usual, "grpc-unary"), [Reason::EveryEvent]);
    let need = Need { browser: true, sends: true, inbound: true, every_event: false, ..usual };
    assert_eq!(reasons(&models, &need, "sse"), [Reason::Sends]);
    assert_eq!(reasons(&models, &need, "grpc-bidi"), [Reason::Browser]);
    assert_eq!(advise(&models, &need).choices[0].standing, Standing::Excluded { reasons: vec![Reason::Sends] });
    let need = Need { persistent: false, inbound: true, ..usual };
    for (name, out) in [("sse", true), ("long-poll", true), ("webhook", false), ("short-poll", false)] {
        assert_eq!(reasons(&models, &need, name) == [Reason::Persistent], out, "{name}");
    }
    let need = Need { staleness_ms: 1.0, ..usual };
    assert_eq!(reasons(&models, &need, "short-poll"), [Reason::Interval]);
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "websocket") {
        let slow = support::histogram((0..1_000).map(|k| 2_000_000_000 + k));
        trial.measured.as_mut().unwrap().latency_ns = statistics::summarise(&slow, 1_000);
    }
    assert_eq!(reasons(&self::models(&run).unwrap(), &usual, "websocket"), [Reason::Late]);
}

#[test]
fn the_first_choice_is_on_the_pareto_front_and_the_rest_in_order() {
    let advice = advise(&models(&support::run()).unwrap(), &Need::default());
    let place = |choice: &Choice| match &choice.standing {
        Standing::Recommended => 0,
        Standing::Close => 1,
        Standing::Front => 2,
        Standing::Dominated { .. } => 3,
        Standing::Excluded { .. } => 4,
    };
    assert!(advice.choices.iter().map(place).is_sorted(), "{:?}", advice.choices);
    assert_eq!(advice.choices.iter().filter(|choice| place(choice) == 0).count(), 1);
    let of = |ranks: std::ops::RangeInclusive<i32>| {
        advice.choices.iter().filter(move |choice| ranks.contains(&place(choice)))
    };
    for rank in [2, 3] {
        assert!(of(rank..=rank).map(|choice| choice.score.unwrap()).is_sorted());
    }
    // The candidates that the model cannot tell apart come by their scores, before the one for browsers.
    let by_score = of(0..=1).map(|choice| (choice.name == "grpc-web", choice.score));
    assert!(by_score.is_sorted(), "{:?}", advice.choices);
    let least = of(0..=2).map(|choice| choice.score.unwrap()).reduce(f64::min).unwrap();
    assert!(of(0..=1).all(|choice| choice.score.unwrap() <= 1.25 * least), "{:?}", advice.choices);
    for choice in &advice.choices {
        if let Standing::Dominated { by } = &choice.standing {
            assert!(advice.choices.iter().any(|other| other.name == *by && place(other) < 4));
        }
    }
}

#[test]
fn what_exists_for_browsers_is_the_last_of_equals_without_a_browser() {
    let mut models = models(&support::run()).unwrap();
    assert_eq!(
        models.models.iter().filter(|model| model.for_browsers).map(|model| &model.name).collect::<Vec<_>>(),
        ["grpc-web"]
    );
    // Two candidates with the same costs, of which the one for browsers has less code.
    models.models.retain(|model| ["grpc-web", "sse"].contains(&model.name.as_str()));
    let sse = models.models.iter().find(|model| model.name == "sse").unwrap().clone();
    let web = models.models.iter_mut().find(|model| model.name == "grpc-web").unwrap();
    (web.costs, web.latency, web.lines) = (sse.costs, sse.latency.clone(), sse.lines.map(|lines| lines - 5.0));
    let names = |models: &Models| {
        advise(models, &Need::default()).choices.iter().map(|choice| choice.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&models), ["sse", "grpc-web"]);
    models.models.iter_mut().for_each(|model| model.for_browsers = false);
    assert_eq!(names(&models), ["grpc-web", "sse"]);
    // By more than the error of the model, it wins.
    models.models.iter_mut().for_each(|model| {
        model.for_browsers = model.name == "grpc-web";
        if model.for_browsers {
            model.lines = model.lines.map(|lines| lines / 3.0);
        }
    });
    assert_eq!(names(&models)[0], "grpc-web");
}

#[test]
fn what_exists_for_browsers_does_not_decide_who_is_equal() {
    let mut models = models(&support::run()).unwrap();
    models.models.retain(|model| ["sse", "websocket", "grpc-web"].contains(&model.name.as_str()));
    let sse = models.models.iter().find(|model| model.name == "sse").unwrap().clone();
    for model in &mut models.models {
        (model.costs, model.latency) = (sse.costs, sse.latency.clone());
        // Within the error of the model: the scores are 1, 1.07 and 0.84 times that of sse.
        let times = if model.name == "websocket" { 1.3 } else { 1.0 };
        model.lines = sse.lines.map(|lines| lines * times);
        if model.for_browsers {
            model.costs.bytes.delivery *= 0.7;
            model.costs.server_memory = model.costs.server_memory.map(|bytes| bytes * 0.7);
        }
    }
    let advice = advise(&models, &Need { payload_bytes: 0.0, ..Need::default() });
    let standings: Vec<(&str, &Standing)> =
        advice.choices.iter().map(|choice| (choice.name.as_str(), &choice.standing)).collect();
    let close = [("websocket", &Standing::Close), ("grpc-web", &Standing::Close)];
    assert_eq!(standings, [[("sse", &Standing::Recommended)].as_slice(), &close].concat());
}

#[test]
fn a_sensitivity_is_where_the_first_choice_changes() {
    let models = models(&sweep()).unwrap();
    let need = Need { staleness_ms: 20_000.0, clients: 5_000.0, ..Need::default() };
    let advice = advise(&models, &need);
    let best = |need: &Need| -> Vec<String> {
        let choices = advise(&models, need).choices.into_iter();
        let best = choices.filter(|choice| [Standing::Recommended, Standing::Close].contains(&choice.standing));
        best.map(|choice| choice.name).collect()
    };
    let now = best(&need)[0].clone();
    let mut checked = 0;
    for one in &advice.sensitivities {
        let (Some(value), Some(above)) = (one.value, one.above) else { continue };
        let at = |value: f64| match one.input {
            "clients" => Need { clients: value, ..need },
            "events a second for each client" => Need { events_per_client: value, ..need },
            "payload bytes" => Need { payload_bytes: value, ..need },
            _ => Need { staleness_ms: value, ..need },
        };
        assert!(!best(&at(value)).contains(&now), "{one:?}");
        assert_eq!(best(&at(value)).first(), one.instead.as_ref(), "{one:?}");
        // The threshold is at most one round number away.
        let inside = if above { value / 1.6 } else { value * 1.6 };
        assert!(best(&at(inside)).contains(&now), "{one:?}");
        let digits = format!("{value:.3e}");
        assert!(digits[1..5] == *".000" || digits.starts_with("1.500"), "{one:?} is not a round number");
        checked += 1;
    }
    assert!(checked >= 2, "{:?}", advice.sensitivities);
}

#[test]
fn extrapolations_are_marked() {
    let models = models(&sweep()).unwrap();
    let beyond = |need: Need| choice(&advise(&models, &need).choices, "short-poll").prediction.extrapolated.clone();
    let within = Need { clients: 1_000.0, events_per_client: 1.0, staleness_ms: 2_000.0, ..Need::default() };
    assert_eq!(beyond(within), []);
    assert_eq!(beyond(Need { clients: 1e6, ..within })[..1], [Beyond::Clients]);
    assert_eq!(beyond(Need { events_per_client: 0.01, ..within }), [Beyond::EventsPerClient]);
    assert_eq!(beyond(Need { payload_bytes: 10.0, ..within }), [Beyond::Payload]);
    assert_eq!(beyond(Need { staleness_ms: 9_000.0, ..within }), [Beyond::Interval]);
    assert!(beyond(Need { clients: 1e6, ..within }).contains(&Beyond::Cores));
    let text = render(&advise(&models, &Need { payload_bytes: 10.0, ..within }));
    assert!(text.contains("all of them: payload"), "{text}");
}

#[test]
fn a_run_without_constants_is_refused() {
    let mut faulty = support::run();
    faulty.run.scenario["faults"] = json!({ "drop": 0.01 });
    assert!(matches!(models(&faulty), Err(AdviceError::Faults(_))));
    let mut broken = support::run();
    for trial in &mut broken.trials {
        trial.status = Status::Invalid;
    }
    assert_eq!(models(&broken), Err(AdviceError::Nothing));
}
