//! Tests the cost of a delivery: the slope of CPU time over rates, what a second costs without events, and medians with cores
//! kept awake.

mod support;

use reports::{saturation::Side, table};
use results::{
    schema::{Part, Status, TrialRecord},
    store::Run,
};
use serde_json::Value;
use support::{saturated::saturate, written};

/// Length of a window of the synthetic trials, in seconds.
const WINDOW: u64 = 5;
/// CPU time in microseconds: per second without events, and per delivery. At the server, then at the client.
const SERVER: [u64; 2] = [30_000, 12];
const CLIENT: [u64; 2] = [8_000, 5];
const RATES: [f64; 3] = [500.0, 1_000.0, 4_000.0];

/// Gives a trial this rate, and the CPU time that follows from it.
fn cost(trial: &mut TrialRecord, rate: f64) {
    trial.load.events_per_second = rate;
    let clients = u64::from(trial.load.clients);
    let measured = trial.measured.as_mut().unwrap();
    let deliveries = (rate as u64) * clients / 200 * WINDOW;
    measured.events.arrived = deliveries;
    measured.events.expected = deliveries;
    measured.events.delivered = deliveries;
    measured.events.coalesced = 0;
    let used = |[idle, each]: [u64; 2]| WINDOW * idle + each * deliveries;
    measured.cpu.server_us = Some(used(SERVER));
    measured.cpu.client_us = used(CLIENT);
}

/// Returns a run in which every variant was also measured at further rates.
fn run() -> Run {
    let mut run = support::run();
    let first: Vec<TrialRecord> = run.trials.iter().filter(|trial| trial.round == 1).cloned().collect();
    for trial in &mut run.trials {
        cost(trial, 50.0);
    }
    for rate in RATES {
        for mut trial in first.clone() {
            cost(&mut trial, rate);
            trial.part = Part::Cost;
            trial.overload = true;
            run.trials.push(trial);
        }
    }
    run.run.planned_trials = run.trials.len() as u32;
    run
}

fn row<'a>(data: &'a Value, variant: &str) -> &'a Value {
    let rows = data["loads"][0]["rows"].as_array().unwrap();
    rows.iter().find(|row| row["variant"] == variant).unwrap()
}

#[test]
fn the_slope_and_the_idle_cost_are_those_of_the_trials() {
    let (page, data) = written::report(&run());
    assert_eq!(data["loads"].as_array().unwrap().len(), 1, "further rates have no table of their own");
    let found = &row(&data, "sse")["cost"];
    assert_eq!(found["rates"], 4);
    for (side, [idle, each]) in [("server", SERVER), ("client", CLIENT)] {
        let near = |key: &str, value: f64| {
            let found = found[side][key].as_f64().unwrap();
            assert!((found / value - 1.0).abs() < 1e-6, "{side} {key}: {found} for {value}");
        };
        near("us_per_delivery", each as f64);
        near("deliveries_per_core", 1e6 / each as f64);
        near("idle_cores", idle as f64 / 1e6);
    }
    assert!(page.contains("What a delivery costs: 1,000 clients"));
    assert!(page.contains("CPU time of the server against events a second, with 1,000 clients"));
}

#[test]
fn the_terminal_shows_the_slope_in_place_of_the_cost_at_one_rate() {
    let text = table::render(&run());
    let sse = text.lines().find(|line| line.starts_with("sse ")).unwrap();
    assert!(sse.contains(" 12.0/5.00 "), "{sse}");
    assert!(
        text.replace("\n  ", " ").contains("Without events, % of a core, server/client: short-poll 3.00/0.800"),
        "{text}"
    );
    assert!(text.contains("CPU per extra event: the slope of CPU time over rates"), "{text}");
    let one = table::render(&support::run());
    assert!(!one.contains("slope") && !one.contains("Without events"), "{one}");
}

#[test]
fn a_rate_that_was_not_carried_is_left_out_of_the_slope_and_named() {
    let mut run = run();
    for (approach, arrived_of_ten) in [("sse", 9), ("websocket", 10)] {
        let at = |trial: &&mut TrialRecord| trial.approach == approach && trial.load.events_per_second == 4_000.0;
        for trial in run.trials.iter_mut().filter(at) {
            saturate(trial, Side::Both);
            let measured = trial.measured.as_mut().unwrap();
            measured.events.arrived = measured.events.arrived / 10 * arrived_of_ten;
        }
    }
    let (_, data) = written::report(&run);
    let found = &row(&data, "sse")["cost"];
    assert_eq!([&found["rates"], &found["saturated_at"]], [&Value::from(3), &Value::from(20_000.0)]);
    assert!((found["server"]["us_per_delivery"].as_f64().unwrap() - SERVER[1] as f64).abs() < 1e-6, "{found}");
    let late = &row(&data, "websocket")["cost"];
    assert_eq!([&late["rates"], &late["saturated_at"]], [&Value::from(4), &Value::Null], "everything arrived, if late");
    assert_eq!(data["validity"]["problems"].as_array().unwrap().len(), 0);
    assert_eq!(data["validity"]["overloaded_as_intended"], 2);
}

#[test]
fn a_snapshot_has_no_slope_but_costs_something_without_events() {
    let run = run();
    let (_, data) = written::report(&run);
    let found = &row(&data, "conditional-get")["cost"]["server"];
    assert_eq!([&found["us_per_delivery"], &found["deliveries_per_core"]], [&Value::Null, &Value::Null], "{found}");
    // Its lowest rate has 250 deliveries a second.
    let idle = (SERVER[0] + 250 * SERVER[1]) as f64 / 1e6;
    assert!((found["idle_cores"].as_f64().unwrap() / idle - 1.0).abs() < 1e-6, "{found}");
    let text = table::render(&run);
    let line = text.lines().find(|line| line.starts_with("conditional-get ")).unwrap();
    assert!(line.contains(" –/– "), "{line}");
}

#[test]
fn a_median_with_cores_kept_awake_stands_beside_the_other() {
    let mut run = run();
    let sleeping = run.trials.iter().find(|trial| trial.approach == "sse" && trial.round == 1).unwrap().clone();
    run.trials.push(TrialRecord { part: Part::Awake, ..sleeping.clone() });
    let (page, data) = written::report(&run);
    let found = row(&data, "sse");
    assert_eq!(found["awake_p50_ns"], Value::from(sleeping.measured.unwrap().latency_ns.p50.unwrap()));
    assert_eq!(found["trials"]["valid"], 3, "it does not count as a round of the table");
    assert!(page.contains("p50 with cores awake"));
    assert!(table::render(&run).contains("p50 with cores kept awake: sse "));
    // A trial whose cores slept nevertheless says nothing about cores that do not.
    run.trials.last_mut().unwrap().measured.as_mut().unwrap().host.kept_awake = false;
    assert!(!table::render(&run).contains("p50 with cores kept awake"));
}

#[test]
fn fewer_events_than_the_mean_of_the_feed_are_not_an_overload() {
    let mut run = run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        let events = &mut trial.measured.as_mut().unwrap().events;
        // The feed had a tenth fewer by chance, and one delivery that was due arrived after the window.
        events.expected = events.expected * 9 / 10;
        events.delivered = events.expected;
        events.arrived = events.expected - 1;
    }
    let (_, data) = written::report(&run);
    let cost = &row(&data, "sse")["cost"];
    assert!(cost["rates"] == 4 && cost["saturated_at"].is_null(), "{cost}");
}

#[test]
fn without_the_lowest_rate_there_is_no_slope() {
    let mut run = run();
    let is_first = |trial: &&TrialRecord| trial.part == Part::Table && trial.round == 1;
    let first: Vec<TrialRecord> = run.trials.iter().filter(is_first).cloned().collect();
    for mut trial in first {
        cost(&mut trial, 10.0);
        trial.part = Part::Cost;
        if trial.approach == "sse" {
            trial.status = Status::Invalid;
        }
        run.trials.push(trial);
    }
    let (_, data) = written::report(&run);
    assert!(row(&data, "sse")["cost"]["server"].is_null() && !row(&data, "websocket")["cost"]["server"].is_null());
    let text = table::render(&run);
    let line = text.lines().find(|line| line.starts_with("sse ")).unwrap();
    assert!(line.contains(" –/– "), "no other figure stands in the column: {line}");
}

#[test]
fn a_trial_beside_the_table_is_named_as_such_if_it_is_not_valid() {
    let mut run = run();
    let trial = run.trials.iter_mut().find(|trial| trial.part == Part::Cost && trial.approach == "sse").unwrap();
    trial.status = Status::Invalid;
    trial.error = Some("the network was lost".to_owned());
    let rate = trial.load.events_per_second;
    let said =
        format!("invalid: sse, round {}, for the cost at {rate} events a second: the network was lost", trial.round);
    assert!(table::render(&run).replace(',', "").contains(&said.replace(',', "")), "{said}");
}
