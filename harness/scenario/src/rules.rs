//! Checks what the types of a scenario cannot: the bounds of numbers, and which values go together. All of it is arithmetic
//! on the written values, before anything is planned or allocated.

use std::{collections::BTreeSet, fmt::Display, time::Duration};

use proto::parse_duration;
use results::{
    sanitize::cut,
    schema::{LONGEST_PHASE_SECONDS, MOST_EVENTS, MOST_PAYLOAD_BYTES},
    store::TRIALS_LIMIT,
};
use toml::{Table, Value};

use super::{
    HubLimits, Scenario,
    error::ScenarioError,
    numbers,
    source::{At, Source},
};

/// Most values of one list.
const MOST_POINTS: usize = 1_000;
/// Characters of a wrong value that are shown.
const SHOWN: usize = 72;
/// Approximate bytes of an event without its filler, in the largest encoding.
const EVENT_BYTES: u64 = 256;
/// Largest response that every client reads, in bytes.
const ANSWER_BYTES: u64 = 64 << 20;

/// The range of a key that holds a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// The key, with its tables.
    pub key: &'static str,
    least: f64,
    most: f64,
    is_whole: bool,
    /// Fewest values of a list.
    least_points: usize,
    /// The reason for the upper bound.
    reason: &'static str,
}

/// The bounds of all numbers of a scenario, except those of its faults, which `bound_of_fault` derives from their
/// units.
pub(crate) const BOUNDS: [Bound; 14] = [
    whole("trials", 1, TRIALS_LIMIT as u64, "a result file holds at most that many trials"),
    whole("floor_trials", 1, TRIALS_LIMIT as u64, "a result file holds at most that many trials"),
    whole("load.clients", 1, u32::MAX as u64, "clients are counted in 32 bits"),
    whole("load.symbols", 1, MOST_EVENTS as u64, "a trial has at most that many events"),
    whole("load.symbols_per_client", 1, 4_096, "a client names all of them in one request"),
    number("load.events_per_second", 0.0001, MOST_EVENTS, "a trial has at most that many events"),
    number("load.orders_per_second", 0.0, MOST_EVENTS, "a trial has at most that many orders"),
    whole("load.payload_bytes", 0, MOST_PAYLOAD_BYTES as u64, "an event must fit one message of each approach"),
    whole("load.seed", 0, 1 << 53, "readers of JSON know whole numbers up to there"),
    Bound {
        least_points: 0,
        ..number("cost.events_per_second", 0.0001, MOST_EVENTS, "a trial has at most that many events")
    },
    whole("machine.awake_rounds", 0, TRIALS_LIMIT as u64, "a result file holds at most that many trials"),
    whole("limits.replay_events", 1, MOST_EVENTS as u64, "a trial has at most that many events"),
    whole("limits.queue_events", 1, MOST_EVENTS as u64, "a trial has at most that many events"),
    whole("limits.batch_events", 1, 65_536, "a client reads a batch as one answer"),
];

const fn whole(key: &'static str, least: u64, most: u64, reason: &'static str) -> Bound {
    Bound { key, least: least as f64, most: most as f64, is_whole: true, least_points: 1, reason }
}

const fn number(key: &'static str, least: f64, most: f64, reason: &'static str) -> Bound {
    Bound { key, least, most, is_whole: false, least_points: 1, reason }
}

/// Returns the bound of a fault's number, from the unit at the end of its name.
fn bound_of_fault(name: &str) -> Bound {
    let twice_a_phase = 2 * LONGEST_PHASE_SECONDS;
    let of = |unit: &str| name.ends_with(unit);
    match () {
        () if of("_ms") => whole("", 0, twice_a_phase * 1_000, "the longest trial lasts that long"),
        () if of("_us") => whole("", 0, twice_a_phase * 1_000_000, "the longest trial lasts that long"),
        () if of("_threads") || of("_cores") => whole("", 1, 1_024, "no machine runs more at once"),
        () => whole("", 1, MOST_EVENTS as u64, "a trial has at most that many events"),
    }
}

/// Checks every number that was written against its bound, and reads those that were typed as `20k`.
///
/// # Errors
/// A number is out of range or not a number. The error names its place.
pub fn bound_numbers(source: &Source<'_>, table: &mut Table) -> Result<(), ScenarioError> {
    for bound in &BOUNDS {
        let (above, name) = bound.key.rsplit_once('.').unwrap_or(("", bound.key));
        let holder =
            if above.is_empty() { Some(&mut *table) } else { table.get_mut(above).and_then(Value::as_table_mut) };
        if let Some(value) = holder.and_then(|holder| holder.get_mut(name)) {
            sweep(bound, value).map_err(|(found, expected)| refuse(source, &[bound.key], &found, &expected))?;
        }
    }
    // A number as a string gets the message about units, not one about types.
    for (above, name) in DURATIONS.iter().filter_map(|(key, _)| key.split_once('.')) {
        match table.get_mut(above).and_then(|table| table.get_mut(name)) {
            Some(value) if value.is_integer() || value.is_float() => *value = Value::String(value.to_string()),
            _ => {}
        }
    }
    table.get_mut("faults").map_or(Ok(()), |faults| bound_faults(source, "faults", faults))
}

/// Reads an option that means the same as a scenario's key, within the bounds of the key.
///
/// # Errors
/// What was expected.
///
/// # Panics
/// The key has no bound.
pub fn number_of(key: &'static str, text: &str) -> Result<f64, String> {
    let bound = BOUNDS.iter().find(|bound| bound.key == key).expect("each such option has its key");
    let mut value = Value::String(text.to_owned());
    admit(bound, &mut value).map_err(|(_, expected)| format!("expected {expected}"))?;
    let whole = value.as_integer().map(|number| number as f64);
    Ok(whole.or_else(|| value.as_float()).expect("it was read as a number"))
}

fn bound_faults(source: &Source<'_>, path: &str, value: &mut Value) -> Result<(), ScenarioError> {
    match value {
        Value::Table(table) => {
            table.iter_mut().try_for_each(|(key, value)| bound_faults(source, &format!("{path}.{key}"), value))
        }
        Value::Array(values) => {
            values.iter_mut().take(MOST_POINTS).try_for_each(|value| bound_faults(source, path, value))
        }
        Value::String(text) if numbers::parse(text).is_none() => Ok(()),
        Value::Integer(_) | Value::Float(_) | Value::String(_) => {
            admit(&bound_of_fault(path), value).map_err(|(found, expected)| refuse(source, &[path], &found, &expected))
        }
        _ => Ok(()),
    }
}

/// Returns the one value, or each value of a list.
fn sweep(bound: &Bound, value: &mut Value) -> Result<(), (String, String)> {
    let Value::Array(values) = value else { return admit(bound, value) };
    let least = bound.least_points;
    if !(least..=MOST_POINTS).contains(&values.len()) {
        let found = format!("a list of {} values", values.len());
        return Err((found, format!("a number, or a list of {least} to {MOST_POINTS} of them")));
    }
    values.iter_mut().try_for_each(|value| admit(bound, value))?;
    let different: BTreeSet<String> = values.iter().map(ToString::to_string).collect();
    if different.len() < values.len() {
        return Err((short(&Value::Array(values.clone())), "each value once".to_owned()));
    }
    Ok(())
}

/// Parses a number and checks it. Leaves other types to deserialization.
fn admit(bound: &Bound, value: &mut Value) -> Result<(), (String, String)> {
    let found = short(value);
    let range = format!("{} to {}: {}", bound.least, bound.most, bound.reason);
    if let Value::String(text) = value {
        match numbers::parse(text) {
            Some(number) => *value = number,
            None => return Err((found, format!("a number such as {}, from {range}", numbers::FORMS))),
        }
    }
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        _ => return Ok(()),
    };
    if !(bound.least..=bound.most).contains(&number) {
        return Err((found, range));
    }
    match (bound.is_whole, &*value) {
        (true, Value::Float(number)) => match numbers::whole(*number) {
            Some(number) => *value = Value::Integer(number),
            None => return Err((found, format!("a whole number, {range}"))),
        },
        // Equal loads have equal text.
        (false, Value::Integer(_)) => *value = Value::Float(number),
        _ => {}
    }
    Ok(())
}

/// Checks what the types and the bounds cannot.
///
/// # Errors
/// A value is invalid, or does not fit another one. The error names its place.
pub(crate) fn validate(source: &Source<'_>, scenario: &Scenario) -> Result<(), ScenarioError> {
    let load = &scenario.load;
    if load.symbols_per_client > load.symbols {
        let expected = format!("1 to {} (load.symbols)", load.symbols);
        let keys = ["load.symbols_per_client", "load.symbols"];
        return Err(refuse(source, &keys, &load.symbols_per_client, &expected));
    }
    batch_fits(&scenario.limits, load.payload_bytes).map_err(|expected| {
        refuse(source, &["limits.batch_events", "load.payload_bytes"], &scenario.limits.batch_events, &expected)
    })?;
    for (key, of) in DURATIONS {
        of(scenario).map_or(Ok(()), |value| bound_duration(source, key, value))?;
    }
    bound_events(source, scenario)
}

/// Returns a duration as it was written. `None` if its table is absent.
type Written = fn(&Scenario) -> Option<&String>;

/// Every key with a duration.
const DURATIONS: [(&str, Written); 5] = [
    ("window.warmup", |scenario| Some(&scenario.window.warmup)),
    ("window.measure", |scenario| Some(&scenario.window.measure)),
    ("window.drain", |scenario| Some(&scenario.window.drain)),
    ("cost.warmup", |scenario| Some(&scenario.cost.as_ref()?.warmup)),
    ("cost.measure", |scenario| Some(&scenario.cost.as_ref()?.measure)),
];

fn bound_duration(source: &Source<'_>, key: &str, value: &str) -> Result<(), ScenarioError> {
    let is_window = key.ends_with(".measure");
    let expected = if is_window { "a duration from 1ms to 1h" } else { "a duration of at most 1h" };
    let Ok(duration) = parse_duration(value) else {
        let expected = format!("{expected}, a number and a unit such as 250ms, 1s or 5m");
        return Err(refuse(source, &[key], &value, &expected));
    };
    if duration < Duration::from_millis(u64::from(is_window)) || duration > Duration::from_secs(LONGEST_PHASE_SECONDS) {
        return Err(refuse(source, &[key], &value, expected));
    }
    Ok(())
}

/// Refuses batches that exceed the clients' maximum response.
///
/// # Errors
/// What was expected.
pub(crate) fn batch_fits(limits: &HubLimits, payload_bytes: u32) -> Result<(), String> {
    let most = ANSWER_BYTES / (EVENT_BYTES + u64::from(payload_bytes));
    if limits.batch_events as u64 <= most {
        return Ok(());
    }
    Err(format!("at most {most} with load.payload_bytes {payload_bytes}: a client reads answers of at most 64 MiB"))
}

/// Refuses more events or orders than a run can hold if one of the first is never received.
fn bound_events(source: &Source<'_>, scenario: &Scenario) -> Result<(), ScenarioError> {
    let (load, window) = (&scenario.load, &scenario.window);
    let rates = load.events_per_second.values();
    let keys = ["load.events_per_second", "window.measure", "window.warmup"];
    bound_rates(source, keys, &rates, [&window.warmup, &window.measure])?;
    let keys = ["load.orders_per_second", "window.measure", "window.warmup"];
    bound_rates(source, keys, &[load.orders_per_second], [&window.warmup, &window.measure])?;
    let keys = ["cost.events_per_second", "cost.measure", "cost.warmup"];
    scenario.cost.iter().try_for_each(|cost| {
        let rates = [cost.events_per_second.values(), vec![load.orders_per_second]].concat();
        bound_rates(source, keys, &rates, [&cost.warmup, &cost.measure])
    })
}

/// Refuses a rate that makes too many events or orders in these phases.
fn bound_rates(source: &Source<'_>, keys: [&str; 3], rates: &[f64], phases: [&str; 2]) -> Result<(), ScenarioError> {
    let phases = phases.into_iter().filter_map(|text| parse_duration(text).ok());
    let seconds: f64 = phases.map(|duration| duration.as_secs_f64()).sum();
    rates.iter().find(|rate| *rate * seconds > MOST_EVENTS).map_or(Ok(()), |rate| {
        let expected = format!("at most {MOST_EVENTS} events or orders in a trial of {seconds} s");
        Err(refuse(source, &keys, rate, &expected))
    })
}

fn refuse(source: &Source<'_>, keys: &[&str], found: &dyn Display, expected: &str) -> ScenarioError {
    let key = keys.first().unwrap_or(&"");
    source.mistake(keys, At::Value, &format!("`{key}` is {found}, expected {expected}"))
}

/// Formats a value as typed, cut to fit a line.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    cut(&text, SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LIBRARY, parse, plan, source::Override};

    /// Returns the error of the scenario `smoke` with these overrides, if any.
    fn refusal(set: &[&str]) -> Option<String> {
        let (name, text) = LIBRARY.iter().find(|(name, _)| *name == "smoke").expect("the library has it");
        let overrides = Override::all(&set.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()).unwrap();
        let scenario = parse(name, text, &overrides);
        scenario.and_then(|scenario| plan::trials(&scenario, 20_000)).err().map(|error| error.to_string())
    }

    fn in_file(text: &str) -> String {
        parse("file.toml", text, &[]).unwrap_err().to_string()
    }

    #[test]
    fn every_number_of_a_scenario_has_a_bound() {
        fn numbers(path: &str, value: &serde_json::Value, found: &mut Vec<String>) {
            match value {
                serde_json::Value::Object(values) => {
                    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                    values.iter().for_each(|(key, value)| numbers(&join(key), value, found));
                }
                serde_json::Value::Array(values) => values.iter().for_each(|value| numbers(path, value, found)),
                serde_json::Value::Number(_) => found.push(path.to_owned()),
                _ => {}
            }
        }
        let loaded = crate::load("bench-all".as_ref(), &[]).unwrap();
        let mut found = Vec::new();
        numbers("", &serde_json::to_value(&loaded.scenario).unwrap(), &mut found);
        found.sort();
        found.dedup();
        let mut bounded = BOUNDS.map(|bound| bound.key.to_owned());
        bounded.sort();
        assert_eq!(found, bounded);
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_the_range() {
        for bound in BOUNDS {
            for beyond in [bound.most * 2.0 + 1.0, bound.least - 1.0, f64::INFINITY, f64::NAN] {
                let given = format!("{}={}", bound.key, Value::Float(beyond));
                let told = refusal(&[&given]).expect("it is out of range");
                let range = format!("expected {} to {}: {}", bound.least, bound.most, bound.reason);
                assert!(told.starts_with(&format!("--set {given}: `{}` is", bound.key)), "{told}");
                assert!(told.ends_with(&range), "{told}");
            }
            let told = refusal(&[&format!("{}=many", bound.key)]).expect("it is not a number");
            assert!(told.contains("is many, expected a number such as 20000, 20_000, 20k or 2e4"), "{told}");
        }
    }

    #[test]
    fn accepts_numbers_as_people_type_them() {
        let whole =
            ["load.clients=20k", "load.symbols=1e4", "load.payload_bytes=64KiB", "trials=\"2\"", "load.seed=1_000"];
        assert_eq!(refusal(&whole), None);
        assert_eq!(refusal(&["load.clients=[1000, \"2k\", 3e3]", "load.events_per_second=[1, 0.5, \"1.5\"]"]), None);
        assert!(refusal(&["load.clients=1.5"]).unwrap().contains("is 1.5, expected a whole number"));
        assert!(refusal(&["load.clients=[\"1k\", 1000]"]).unwrap().contains("each value once"));
        assert!(refusal(&["load.clients=true"]).unwrap().starts_with("--set load.clients=true: `load.clients`: "));
    }

    #[test]
    fn faults_are_bounded_by_their_units() {
        let beyond = "18446744073709551615";
        for fault in [
            "late_publishing_ms",
            "late_publishing_every",
            "publish_work_us",
            "drop_event",
            "stolen_cores",
            "busy_worker_threads",
            "clamp_latency_us",
            "stop_servers_at_ms",
            "oversleep_ms",
            "slow_down_ms",
            "delivery_delay.constant_us",
            "delivery_delay.stall.for_ms",
        ] {
            for beyond in [beyond, "4294967295000", "-1"] {
                let told = refusal(&[&format!("faults.{fault}={beyond}")]).expect("it is out of range");
                assert!(told.contains(&format!("`faults.{fault}` is ")) && told.contains(" to "), "{told}");
            }
        }
        assert!(refusal(&["faults.delivery_delay.bimodal_us=[1, 9e18]"]).unwrap().contains("0 to 7200000000"));
        assert!(refusal(&["faults.stolen_cores=4294967295"]).unwrap().contains("1 to 1024"));
        assert_eq!(
            refusal(&["faults.late_publishing_ms=40", "faults.delivery_delay.stall={at_ms=0,for_ms=300}"]),
            None
        );
    }

    #[test]
    fn too_long_lists_are_refused_before_planning() {
        let list = |count: usize| (1..=count).map(|one| one.to_string()).collect::<Vec<_>>().join(",");
        let smoke = LIBRARY.iter().find(|(name, _)| *name == "smoke").unwrap().1;
        let endless = in_file(&smoke.replace("clients = 20", &format!("clients = [{}]", list(150_000))));
        assert!(endless.starts_with("file.toml:10:11: `load.clients` is a list of 150000 values"), "{endless}");
        assert!(endless.ends_with("a list of 1 to 1000 of them") && endless.len() < 300, "{endless}");
        let product = refusal(&["trials=500", &format!("load.clients=[{}]", list(100))]).unwrap();
        assert!(product.contains("trials, expected at most 10000"), "{product}");
        let durations = |count: usize| (1..=count).map(|one| format!("\"{one}ms\"")).collect::<Vec<_>>().join(",");
        let variants = refusal(&[
            &format!("params.long-poll.hold=[{}]", durations(3_000)),
            &format!("params.sse.heartbeat=[{}]", durations(60_000)),
        ]);
        assert!(variants.unwrap().contains("variants, expected at most 10000"));
    }

    #[test]
    fn conflicting_settings_are_located() {
        let smoke = LIBRARY.iter().find(|(name, _)| *name == "smoke").unwrap().1;
        assert!(in_file(&smoke.replace("symbols = 10", "symbols = 1")).starts_with("file.toml:12:22: "));
        assert!(
            refusal(&["load.symbols=1"]).unwrap().starts_with("--set load.symbols=1: `load.symbols_per_client` is 2")
        );
        assert!(
            refusal(&["load.events_per_second=1e6", "window.measure=1h"]).unwrap().contains("at most 10000000 events")
        );
        let batch = refusal(&["load.payload_bytes=1MiB", "limits.batch_events=1k"]).unwrap();
        assert!(batch.contains("at most 63 with load.payload_bytes 1048576"), "{batch}");
        for (window, expected) in [
            ("window.measure=0s", "1ms to 1h"),
            ("window.measure=3600001ms", "1ms to 1h"),
            ("window.drain=61m", "at most 1h"),
            ("window.warmup=200", "such as 250ms, 1s or 5m"),
        ] {
            assert!(refusal(&[window]).unwrap().contains(expected), "{window}");
        }
    }

    #[test]
    fn errors_are_located_for_any_line_ending() {
        let written = "title = \"T\"\nquestion = \"Q\"\nanalysis = \"A\" # café\ntrials = 0\n";
        for text in [written.to_owned(), written.replace('\n', "\r\n")] {
            let told = in_file(&text);
            assert!(told.starts_with("file.toml:4:10: `trials` is 0, expected 1 to 10000: "), "{told}");
        }
        let one_line = "title=\"é\"\r\nload={clients=1,symbols=1,clinets=2}";
        assert!(in_file(one_line).starts_with("file.toml:2:27: unknown field `clinets`"), "{}", in_file(one_line));
        assert!(in_file("title = \"T\"").contains("missing field `question`"));
    }
}
