//! Tests that the effects of encoding and protocol are told apart, on runs whose effects are known.

mod support;

use reports::table;
use results::{
    schema::{Encoding, TrialRecord, Wire},
    store::Run,
};
use serde_json::Value;
use support::written;

/// Factors of the protocols and of protobuf, on bytes and on the CPU time of the server.
const PROTOCOLS: [(&str, f64); 3] = [("sse", 8.0), ("websocket", 4.0), ("grpc-stream", 1.0)];
const PROTOBUF: f64 = 0.25;
const DELIVERIES: u64 = 1_000;

/// Returns eight rounds in which every figure is a product of its factors, and of `odd` for protobuf over SSE.
fn run(odd: f64) -> Run {
    let trial = |name: &str, factor: f64, encoding: Encoding, round: u32| {
        let approach = support::APPROACHES.iter().find(|one| one.name == name).unwrap();
        let mut trial = support::trial(approach, 1_000, round);
        trial.variant = format!("{name}/{encoding}");
        trial.encoding = Some(encoding);
        let encoded =
            if encoding == Encoding::Protobuf { PROTOBUF * if name == "sse" { odd } else { 1.0 } } else { 1.0 };
        // What a round has in common cancels.
        let amount = (factor * encoded * f64::from(1 + round) * 1e6) as u64;
        let measured = trial.measured.as_mut().unwrap();
        measured.events.arrived = DELIVERIES;
        measured.wire = Some(Wire { client_to_server_bytes: 0, server_to_client_bytes: amount });
        measured.cpu.server_us = Some(amount);
        trial
    };
    let mut trials: Vec<TrialRecord> = Vec::new();
    for round in 1..=8 {
        for (name, factor) in PROTOCOLS {
            trials.extend([Encoding::Json, Encoding::Protobuf].map(|encoding| trial(name, factor, encoding, round)));
        }
    }
    support::of_trials(trials)
}

/// Returns the ratios of an effect on bytes and on the server's CPU time.
fn ratios(data: &Value, name: &str) -> [f64; 2] {
    let effects = data["factorials"][0]["effects"].as_array().unwrap();
    let effect = effects.iter().find(|effect| effect["name"] == name).unwrap_or_else(|| panic!("no effect {name}"));
    [0, 1].map(|figure| effect["ratios"][figure]["ratio"].as_f64().unwrap())
}

#[track_caller]
fn near(found: [f64; 2], known: f64) {
    assert!(found.iter().all(|found| (found / known - 1.0).abs() < 1e-5), "{found:?} for {known}");
}

#[test]
fn a_product_of_factors_gives_these_factors_and_no_interaction() {
    let (page, data) = written::report(&run(1.0));
    near(ratios(&data, "protobuf ÷ JSON"), PROTOBUF);
    let mean = (8.0_f64 * 4.0 * 1.0).cbrt();
    for (name, factor) in PROTOCOLS {
        near(ratios(&data, name), factor / mean);
        near(ratios(&data, &format!("beyond, {name}")), 1.0);
    }
    assert!(page.contains("Encoding and protocol apart, with 1,000 clients"));
    let text = table::render(&run(1.0));
    let line = text.lines().find(|line| line.starts_with("protobuf ÷ JSON")).unwrap();
    assert!(line.contains("0.250 [0.250–0.250]"), "{line}");
}

#[test]
fn an_encoding_that_costs_more_over_one_protocol_is_an_interaction() {
    let (_, data) = written::report(&run(2.0));
    // The mean of the three ratios, in logarithms, and what is left of each.
    let mean = PROTOBUF * 2.0_f64.cbrt();
    near(ratios(&data, "protobuf ÷ JSON"), mean);
    near(ratios(&data, "beyond, sse"), PROTOBUF * 2.0 / mean);
    near(ratios(&data, "beyond, grpc-stream"), PROTOBUF / mean);
}

#[test]
fn a_table_needs_two_protocols_with_both_encodings() {
    let of = |keep: &dyn Fn(&TrialRecord) -> bool| {
        let mut run = run(1.0);
        run.trials.retain(|trial| keep(trial));
        written::report(&run).1["factorials"]
            .as_array()
            .unwrap()
            .first()
            .map(|one| one["effects"].as_array().unwrap().len())
    };
    assert_eq!(of(&|_| true), Some(7));
    assert_eq!(of(&|trial| trial.variant != "sse/json"), Some(5), "a protocol with one encoding is left out");
    assert_eq!(of(&|trial| !["sse/json", "websocket/protobuf"].contains(&&*trial.variant)), None);
    assert_eq!(
        written::report(&support::run()).1["factorials"],
        Value::Array(Vec::new()),
        "no record says an encoding"
    );
}

#[test]
fn a_variant_with_another_setting_makes_a_protocol_ambiguous() {
    let mut run = run(1.0);
    let more: Vec<TrialRecord> = run.trials.iter().filter(|trial| trial.variant == "sse/json").cloned().collect();
    run.trials.extend(more.into_iter().map(|trial| TrialRecord { variant: "sse/json/hyper".into(), ..trial }));
    let (_, data) = written::report(&run);
    let effects = data["factorials"][0]["effects"].as_array().unwrap();
    assert!(effects.iter().all(|effect| effect["name"] != "sse"), "{effects:?}");
}
