//! Tests that records with random values replaced are read or refused, without a panic, a hang or a huge figure.

mod support;

use std::fs;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use reports::{advice, compare, page, table};
use results::{
    schema::Record,
    store::{self, FILE_NAME},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Collects the JSON pointer of every scalar value.
fn places(value: &Value, path: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| places(inner, &format!("{path}/{key}"), all)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{path}/{index}"), all));
        }
        _ => all.push(path.to_owned()),
    }
}

/// Generates values that tools, people or attackers might write instead.
fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just(0_u64), Just(1), Just(u64::MAX), Just(1 << 63), Just(100_000_000_000_000)]
            .prop_map(Value::from),
        prop_oneof![Just(f64::MAX), Just(f64::MIN_POSITIVE), Just(-0.0)].prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("ok")),
        Just(json!([])),
        Just(json!({})),
    ]
}

#[test]
fn a_record_with_any_value_replaced_is_read_or_refused() {
    let mut run = support::run();
    run.trials.truncate(3);
    let records = [Record::Run(Box::new(run.run.clone()))].into_iter();
    let records = records.chain(run.trials.iter().map(|trial| Record::Trial(Box::new(trial.clone()))));
    let records: Vec<Value> = records.map(|record| serde_json::to_value(record).unwrap()).collect();
    let mut all = Vec::new();
    places(&Value::Array(records.clone()), "", &mut all);
    let folder = TempDir::new().unwrap();
    // A fixed seed makes failures reproducible.
    let mut runner = TestRunner::new_with_rng(Config { cases: 300, ..Config::default() }, fixed());
    let changes = prop::collection::vec((0..all.len(), values()), 1..4);
    let tried = runner.run(&changes, |changes| {
        let mut records = Value::Array(records.clone());
        for (place, value) in changes {
            if let Some(there) = records.pointer_mut(&all[place]) {
                *there = value;
            }
        }
        let lines: String = records.as_array().unwrap().iter().map(|record| format!("{record}\n")).collect();
        fs::write(folder.path().join(FILE_NAME), lines).unwrap();
        if let Ok(read) = store::read(folder.path()) {
            assert!(!table::render(&read).is_empty());
            let _ = advice::models(&read);
            let _ = compare::compare(&read, &run);
        }
        Ok(())
    });
    tried.unwrap();
    // If the last records can be read, they also make a page.
    if let Ok(read) = store::read(folder.path()) {
        page::write(&read, folder.path()).unwrap();
    }
}

fn fixed() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}
