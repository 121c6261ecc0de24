//! The conditions in which two runs differ: tool, machine, scenario, loads and settings.

use std::collections::HashMap;

use results::{
    schema::{Load, RunRecord, TrialRecord},
    store::Run,
    unique::unique,
};
use serde::Serialize;
use serde_json::Value;

/// Keys of a scenario that do not affect a trial.
const TEXTS: [&str; 3] = ["title", "question", "analysis"];
/// Keys that the rows already show: which approaches take part, and how often.
const SHOWN_IN_ROWS: [&str; 2] = ["approaches", "trials"];
/// Keys of a load that do not affect whether two loads are the same.
const NO_LOAD: [&str; 2] = ["load.seed", "load.orders_per_second"];

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Difference {
    /// Its name.
    pub what: String,
    /// The value in the first run.
    pub a: String,
    /// The value in the second run.
    pub b: String,
}

/// Returns the differences of two runs, except their loads.
pub(super) fn differences(a: &Run, b: &Run) -> Vec<Difference> {
    let mut apart = record_differences(&a.run, &b.run);
    let mut scenario = Vec::new();
    value_differences("", &a.run.scenario, &b.run.scenario, &mut scenario);
    // Loads are compared elsewhere, but keys that do not belong to a load are not.
    scenario.retain(|one| !one.what.starts_with("load.") || NO_LOAD.contains(&one.what.as_str()));
    apart.extend(scenario);
    apart.extend(variant_differences(a, b));
    apart
}

/// Returns the differences of two loads, except orders, which only some approaches have.
pub(super) fn load_differences(a: &Load, b: &Load) -> Vec<Difference> {
    let as_value = |load: &Load| serde_json::to_value(load.without_orders()).unwrap_or_default();
    let mut apart = Vec::new();
    value_differences("load", &as_value(a), &as_value(b), &mut apart);
    apart
}

fn record_differences(a: &RunRecord, b: &RunRecord) -> Vec<Difference> {
    let dirty = |run: &RunRecord| if run.tool.dirty { "uncommitted changes" } else { "none" }.to_owned();
    let machine = |run: &RunRecord| {
        let it = &run.environment;
        [
            ("operating system", it.os.clone()),
            ("kernel", it.kernel.clone()),
            ("processor", it.cpu.clone()),
            ("processors", it.cores.to_string()),
            ("memory in bytes", it.memory_bytes.to_string()),
            ("descriptors", it.nofile_soft.to_string()),
            ("clock source", it.clocksource.clone()),
            ("boot", it.boot_id.clone()),
        ]
    };
    let tool = |run: &RunRecord| {
        [
            ("scenario", run.scenario_name.clone()),
            ("tool version", run.tool.version.clone()),
            ("commit", run.tool.git_revision.clone()),
        ]
    };
    let both = tool(a).into_iter().chain(machine(a)).zip(tool(b).into_iter().chain(machine(b)));
    let mut apart: Vec<Difference> = both
        .filter(|((_, a), (_, b))| a != b)
        .map(|((what, a), (_, b))| Difference { what: what.to_owned(), a, b })
        .collect();
    // Two builds of one commit with uncommitted changes may differ, so that is reported.
    if a.tool.dirty || b.tool.dirty {
        apart.push(Difference { what: "beside the commit".to_owned(), a: dirty(a), b: dirty(b) });
    }
    apart
}

/// Adds the keys with different values, as paths.
fn value_differences(path: &str, a: &Value, b: &Value, apart: &mut Vec<Difference>) {
    if a == b || TEXTS.contains(&path) || SHOWN_IN_ROWS.contains(&path) {
        return;
    }
    let nothing = serde_json::Map::new();
    let below = |value: &Value| match value {
        Value::Object(fields) => Some(fields.clone()),
        Value::Null => Some(nothing.clone()),
        _ => None,
    };
    if let (Some(of_a), Some(of_b)) = (below(a), below(b)) {
        let added = of_b.keys().filter(|key| !of_a.contains_key(*key));
        for key in of_a.keys().chain(added) {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            value_differences(
                &path,
                of_a.get(key).unwrap_or(&Value::Null),
                of_b.get(key).unwrap_or(&Value::Null),
                apart,
            );
        }
        return;
    }
    let said = |value: &Value| match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    apart.push(Difference { what: path.to_owned(), a: said(a), b: said(b) });
}

/// Returns the differences in settings and shards of variants that both runs have.
fn variant_differences(a: &Run, b: &Run) -> Vec<Difference> {
    let mut apart: Vec<Difference> = Vec::new();
    let row = |trial: &'_ TrialRecord| {
        (trial.approach.clone(), trial.variant.clone(), trial.load.orders_per_second.to_bits())
    };
    let mut seconds = HashMap::new();
    for second in &b.trials {
        seconds.entry((row(second), second.load.key())).or_insert(second);
    }
    for first in &a.trials {
        let Some(second) = seconds.get(&(row(first), first.load.key())) else { continue };
        let settings = |trial: &TrialRecord| {
            let given: Vec<String> = trial.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
            given.join(", ")
        };
        let of_trial = [
            ("settings", settings(first), settings(second)),
            ("shards", first.shards.to_string(), second.shards.to_string()),
        ];
        for (what, a, b) in of_trial.into_iter().filter(|(_, a, b)| a != b) {
            apart.push(Difference { what: format!("{what} of {}", first.variant), a, b });
        }
    }
    unique(apart)
}
