//! What the types of a scenario cannot say: which values are possible, and together.

use std::fmt;

use proto::parse_duration;
use reports::schema::{LONGEST_PHASE_SECONDS, MOST_EVENTS, MOST_PAYLOAD_BYTES};

use crate::{scenario::Scenario, scenario_error::ScenarioError};

/// What the types cannot say.
pub(crate) fn validate(origin: &str, text: &str, scenario: &Scenario) -> Result<(), ScenarioError> {
    let refuse = |key: &str, found: &dyn fmt::Display, expected: &str| {
        Err(ScenarioError::value(origin, text, key, &found.to_string(), expected))
    };
    let load = &scenario.load;
    for (key, values) in [("clients", load.clients.values()), ("symbols", vec![load.symbols])] {
        if values.is_empty() || values.contains(&0) {
            return refuse(key, &0, "at least 1");
        }
    }
    if load.symbols_per_client == 0 || load.symbols_per_client > load.symbols {
        return refuse(
            "symbols_per_client",
            &load.symbols_per_client,
            &format!("1 to {} (load.symbols)", load.symbols),
        );
    }
    let clients = load.clients.values();
    let rates = load.events_per_second.values();
    if has_twice(&clients) {
        return refuse("clients", &format_args!("{clients:?}"), "each value once");
    }
    if has_twice(&rates) {
        return refuse("events_per_second", &format_args!("{rates:?}"), "each value once");
    }
    match rates.iter().find(|rate| !(rate.is_finite() && **rate > 0.0)) {
        Some(rate) => return refuse("events_per_second", rate, "a number above 0"),
        None if rates.is_empty() => return refuse("events_per_second", &"[]", "a number above 0, or a list of them"),
        None => {}
    }
    if !(load.orders_per_second.is_finite() && load.orders_per_second >= 0.0) {
        return refuse("orders_per_second", &load.orders_per_second, "a number that is not negative");
    }
    if scenario.trials == 0 {
        return refuse("trials", &0, "at least 1");
    }
    if load.payload_bytes > MOST_PAYLOAD_BYTES {
        return refuse("payload_bytes", &load.payload_bytes, &format!("at most {MOST_PAYLOAD_BYTES}"));
    }
    let limits = scenario.limits;
    if limits.replay_events == 0 || limits.queue_events == 0 || limits.batch_events == 0 {
        return refuse("limits", &0, "limits of at least 1");
    }
    let window = &scenario.window;
    for (key, value) in [("warmup", &window.warmup), ("measure", &window.measure), ("drain", &window.drain)] {
        let Ok(duration) = parse_duration(value) else {
            return refuse(key, value, "a number and a unit, such as 250ms, 1s or 5m");
        };
        let shortest = if key == "measure" { 1 } else { 0 };
        if duration.as_millis() < shortest || duration.as_secs() > LONGEST_PHASE_SECONDS {
            return refuse(key, value, "a duration of at most 1h, and for measure above 0");
        }
    }
    match bound_events(scenario) {
        Ok(()) => Ok(()),
        Err((key, rate, expected)) => refuse(key, &rate, &expected),
    }
}

/// Refuses more events, or orders, than a run may hold in the worst case, when one of the first is never received.
fn bound_events(scenario: &Scenario) -> Result<(), (&'static str, f64, String)> {
    let seconds: f64 = [&scenario.window.warmup, &scenario.window.measure]
        .into_iter()
        .filter_map(|text| parse_duration(text).ok())
        .map(|duration| duration.as_secs_f64())
        .sum();
    let load = &scenario.load;
    let orders = ("orders_per_second", load.orders_per_second);
    let mut rates = load.events_per_second.values().into_iter().map(|rate| ("events_per_second", rate)).chain([orders]);
    match rates.find(|(_, rate)| rate * seconds > MOST_EVENTS) {
        Some((key, rate)) => {
            Err((key, rate, format!("at most {MOST_EVENTS} events or orders in a trial of {seconds} s")))
        }
        None => Ok(()),
    }
}

fn has_twice<T: PartialEq>(values: &[T]) -> bool {
    values.iter().enumerate().any(|(index, value)| values[..index].contains(value))
}
