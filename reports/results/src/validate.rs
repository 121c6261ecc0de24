//! Validates the values of records: sums that must hold, and numbers that are impossible. The quality of a measurement is up to
//! the checks of the trial.

mod bounds;

use std::collections::HashSet;

use crate::{
    parse::Fault,
    schema::{
        Arrival, Host, LONGEST_PHASE_SECONDS, Load, MOST_EVENTS, MOST_PAYLOAD_BYTES, Measured, Part, Responses,
        RunRecord, Status, Summary, TrialRecord, Verdict, Window,
    },
    statistics::{self, Counts},
};

const REMEDY: &str = "the file was changed or its writer has a bug: run again, and report it if it comes back";

/// The schema version that tells trials of the table from others.
const PARTS_SINCE: u32 = 5;

/// Maximum length of a name of an approach, a variant or a scenario, in characters.
const NAME_LIMIT: usize = 255;

/// Maximum number of clients of a trial, far more than a machine has ports.
const MOST_CLIENTS: u32 = 100_000_000;

/// Maximum number of approaches of a run.
const MOST_APPROACHES: usize = 100;

/// Validates a run record.
pub(crate) fn run(run: &RunRecord) -> Result<(), Fault> {
    name("scenario_name", &run.scenario_name)?;
    if humantime::parse_rfc3339(&run.started).is_err() {
        return fault("started", &format!("{:?}", run.started), "a time in RFC 3339 and UTC, as 2026-01-02T03:04:05Z");
    }
    if run.environment.cores == 0 {
        return fault("environment.cores", "0", "at least 1");
    }
    if run.approaches.len() > MOST_APPROACHES {
        let expected = format!("at most {MOST_APPROACHES}");
        return fault("approaches", &format!("{} approaches", run.approaches.len()), &expected);
    }
    for (index, facts) in run.approaches.iter().enumerate() {
        name(&format!("approaches[{index}].name"), &facts.name)?;
    }
    let mut names = HashSet::new();
    match run.approaches.iter().position(|facts| !names.insert(facts.name.as_str())) {
        Some(index) => fault(&format!("approaches[{index}].name"), "named twice", "each approach once"),
        None => Ok(()),
    }
}

/// Identifies a trial of a run: variant, round, and load with the bits of its numbers.
pub(crate) type TrialKey = (String, Part, [u32; 2], [u32; 4], [u64; 2], Arrival);

fn key(trial: &TrialRecord) -> TrialKey {
    let (counts, rate, arrival) = trial.load.key();
    let rates = [rate, (trial.load.orders_per_second + 0.0).to_bits()];
    (trial.variant.clone(), trial.part, [trial.round, trial.repeat], counts, rates, arrival)
}

/// Validates a trial of this run, and adds it to those that were seen.
pub(crate) fn trial(run: &RunRecord, seen: &mut HashSet<TrialKey>, trial: &TrialRecord) -> Result<(), Fault> {
    if !run.approaches.iter().any(|facts| facts.name == trial.approach) {
        return fault("approach", &format!("{:?}", trial.approach), "an approach that the run record describes");
    }
    name("variant", &trial.variant)?;
    if trial.variant.split('/').next() != Some(&trial.approach) {
        let problem = format!("{:?} of approach {:?}", trial.variant, trial.approach);
        return fault("variant", &problem, "the approach, and settings after slashes");
    }
    // The readers of that version would count it in the table.
    if run.schema_version < PARTS_SINCE && trial.part != Part::Table {
        let problem = format!("a part, in a file of schema version {}", run.schema_version);
        return fault("part", &problem, &format!("schema version {PARTS_SINCE} or later"));
    }
    for (field, number) in [("round", trial.round), ("repeat", trial.repeat)] {
        if number == 0 {
            return fault(field, "0", "it to count from 1");
        }
    }
    if !seen.insert(key(trial)) {
        let problem = format!("{:?} under this load was recorded before in round {}", trial.variant, trial.round);
        return fault("variant", &problem, "each trial once");
    }
    load(&trial.load, trial.measured.as_ref().map(|measured| measured.window))?;
    if trial.status == Status::Ok {
        let invalid = |measured: &Measured| measured.checks.iter().position(|one| one.verdict == Verdict::Invalid);
        if let Some(index) = trial.measured.as_ref().and_then(invalid) {
            let expected = "the status to be \"invalid\" where a check is";
            return fault(&format!("checks[{index}].verdict"), "invalid, in a trial whose status is ok", expected);
        }
    }
    match (trial.status, &trial.measured) {
        (Status::Ok | Status::Invalid, None) => {
            fault("status", "measured, without measurements", "all that it measured")
        }
        // A trial that failed may have incomplete counts.
        (status, Some(measured)) => {
            bounds::counts(&trial.load, measured)?;
            self::measured(measured, status != Status::Failed)
        }
        (Status::Failed, None) if trial.error.is_none() => fault("error", "none for a failed trial", "why it failed"),
        (Status::Failed, None) => Ok(()),
    }
}

/// Validates a load by the limits of scenarios.
fn load(load: &Load, window: Option<Window>) -> Result<(), Fault> {
    let Load { clients, symbols, symbols_per_client, events_per_second, orders_per_second, payload_bytes, .. } = *load;
    let counts = [("clients", clients, MOST_CLIENTS), ("symbols", symbols, u32::MAX)];
    for (field, value, most) in counts.into_iter().chain([("symbols_per_client", symbols_per_client, symbols)]) {
        if !(1..=most).contains(&value) {
            return fault(&format!("load.{field}"), &value.to_string(), &format!("from 1 to {most}"));
        }
    }
    if payload_bytes > MOST_PAYLOAD_BYTES {
        let expected = format!("at most {MOST_PAYLOAD_BYTES} bytes");
        return fault("load.payload_bytes", &payload_bytes.to_string(), &expected);
    }
    let longest = LONGEST_PHASE_SECONDS * 1_000;
    let Window { warmup_ms, measure_ms, drain_ms } =
        window.unwrap_or(Window { warmup_ms: 0, measure_ms: 1, drain_ms: 0 });
    for (field, value, least) in [("warmup_ms", warmup_ms, 0), ("measure_ms", measure_ms, 1), ("drain_ms", drain_ms, 0)]
    {
        if !(least..=longest).contains(&value) {
            return fault(&format!("window.{field}"), &value.to_string(), &format!("from {least} to {longest}"));
        }
    }
    let seconds = (warmup_ms + measure_ms) as f64 / 1e3;
    for (field, rate) in [("events_per_second", events_per_second), ("orders_per_second", orders_per_second)] {
        let field = format!("load.{field}");
        not_negative(&field, rate)?;
        if rate * seconds > MOST_EVENTS {
            let expected = format!("at most {MOST_EVENTS} in a trial of {seconds} s");
            return fault(&field, &format!("{rate:e}"), &expected);
        }
    }
    Ok(())
}

fn measured(measured: &Measured, whole: bool) -> Result<(), Fault> {
    let events = &measured.events;
    let accounted = u128::from(events.delivered) + u128::from(events.missed) + u128::from(events.coalesced);
    if whole && accounted != u128::from(events.expected) {
        let problem = format!("delivered + missed + coalesced = {accounted}, expected = {}", events.expected);
        return fault("events", &problem, "every event accounted for");
    }
    if whole {
        responses(&measured.responses)?;
    }
    bounds::number("connect.seconds", measured.connect.seconds)?;
    let per_event = [
        ("cpu.server_us_per_event", measured.cpu.server_us_per_event),
        ("cpu.client_us_per_event", measured.cpu.client_us_per_event),
    ];
    for (field, value) in per_event {
        bounds::number(field, value.unwrap_or(0.0))?;
    }
    summary("latency_ns", &measured.latency_ns)?;
    summary("event_median_ns", &measured.event_median_ns)?;
    summary("hiccup_ns", &measured.hiccup_ns)?;
    summary("time_to_last_ns", &measured.time_to_last_ns)?;
    for (field, value) in [
        ("lateness_ns", &measured.lateness_ns),
        ("confirmation_ns", &measured.confirmation_ns),
        ("poll_lateness_ns", &measured.poll_lateness_ns),
    ] {
        value.as_ref().map_or(Ok(()), |value| summary(field, value))?;
    }
    inferred(measured)?;
    host(&measured.host)
}

/// Validates the values that are inferred from the medians of events.
fn inferred(measured: &Measured) -> Result<(), Fault> {
    let (effective, events) = (measured.effective_events, measured.event_median_ns.count);
    if effective > events {
        return fault("effective_events", &format!("{effective} of {events} events"), "at most the events");
    }
    if measured.event_entries_one_of == 0 {
        return fault("event_entries_one_of", "0", "1 where all have an entry, more where not");
    }
    match measured.median_interval_ns {
        Some([lower, upper]) if lower > upper => {
            fault("median_interval_ns", &format!("from {lower} to {upper}"), "the lower bound first")
        }
        _ => Ok(()),
    }
}

fn host(host: &Host) -> Result<(), Fault> {
    let shares = [
        ("host.steal_share", host.steal_share),
        ("host.foreign_share", host.foreign_share),
        ("host.pressure_share", host.pressure_share),
    ];
    shares.into_iter().try_for_each(|(field, share)| bounds::number(field, share.unwrap_or(0.0)))
}

fn responses(responses: &Responses) -> Result<(), Fault> {
    let Responses { total, with_events, empty, not_modified, timed_out, .. } = *responses;
    if u128::from(with_events) + u128::from(empty) != u128::from(total) {
        let problem = format!("with_events + empty = {with_events} + {empty}, total = {total}");
        return fault("responses", &problem, "every response to be one or the other");
    }
    if u128::from(not_modified) + u128::from(timed_out) > u128::from(empty) {
        let problem = format!("not_modified + timed_out = {not_modified} + {timed_out}, empty = {empty}");
        return fault("responses", &problem, "both to be parts of the empty ones");
    }
    let Some(theory) = responses.empty_theory else { return Ok(()) };
    bounds::number("responses.empty_theory.standard_deviation", theory.standard_deviation)?;
    if !(0.0..=1.0).contains(&theory.probability) {
        let problem = theory.probability.to_string();
        return fault("responses.empty_theory.probability", &problem, "a probability from 0 to 1");
    }
    if theory.observed > theory.responses {
        let problem = format!("{} of {}", theory.observed, theory.responses);
        return fault("responses.empty_theory.observed", &problem, "at most all responses");
    }
    Ok(())
}

/// Validates that the values of a summary are sorted, inside the layout, and those of its histogram.
fn summary(field: &str, summary: &Summary) -> Result<(), Fault> {
    let counts = match Counts::read(&summary.histogram) {
        Ok(counts) => counts,
        Err(error) => {
            return fault(&format!("{field}.histogram"), &error.to_string(), "HdrHistogram V2 + DEFLATE in base64");
        }
    };
    if counts.total != summary.count {
        let problem = format!("{}, but the histogram holds {}", summary.count, counts.total);
        return fault(&format!("{field}.count"), &problem, "both to be the same");
    }
    let Summary { min, p50, p90, p99, p999, max, mean, .. } = summary;
    let empty = summary.count == 0;
    if min.is_none() != empty || max.is_none() != empty || mean.is_none() != empty {
        return fault(field, "min, mean or max without samples, or samples without them", "all three, or none");
    }
    let values: Vec<u64> = [min, p50, p90, p99, p999, max].into_iter().copied().flatten().collect();
    if !values.is_sorted() {
        return fault(field, &format!("values out of order: {values:?}"), "min ≤ p50 ≤ p90 ≤ p99 ≤ p99.9 ≤ max");
    }
    let own = [counts.values.first().map(|(value, _)| *value), counts.quantile(1.0)];
    if [*min, *max] != own {
        let [printed, own] = [[*min, *max], own].map(|bounds| bounds.map(|value| value.unwrap_or(0)));
        let problem = format!("from {} to {}, but the histogram from {} to {}", printed[0], printed[1], own[0], own[1]);
        return fault(field, &problem, "both to be the same");
    }
    quantiles(field, summary, &counts)?;
    let [least, most] = [min, max].map(|value| value.unwrap_or(0) as f64);
    let mean = mean.unwrap_or(0.0);
    // A mean is a sum of rounded parts, so it may be slightly outside the bounds.
    if !(least * (1.0 - 1e-9)..=most * (1.0 + 1e-9)).contains(&mean) {
        return fault(&format!("{field}.mean"), &mean.to_string(), "a mean between min and max");
    }
    Ok(())
}

/// Validates that a printed value and the histogram agree. A null may be due to few events.
fn quantiles(field: &str, summary: &Summary, counts: &Counts) -> Result<(), Fault> {
    let printed = [summary.p50, summary.p90, summary.p99, summary.p999];
    for ((name, quantile), printed) in ["p50", "p90", "p99", "p999"].into_iter().zip(statistics::QUANTILES).zip(printed)
    {
        let own = counts.quantile(quantile);
        if printed.is_some() && printed != own {
            let problem = format!("{}, but that of the histogram is {}", printed.unwrap_or(0), own.unwrap_or(0));
            return fault(&format!("{field}.{name}"), &problem, "both to be the same");
        }
    }
    Ok(())
}

fn name(field: &str, name: &str) -> Result<(), Fault> {
    match name.chars().nth(NAME_LIMIT) {
        None => Ok(()),
        Some(_) => fault(field, "a name that is too long", &format!("at most {NAME_LIMIT} characters")),
    }
}

fn not_negative(field: &str, value: f64) -> Result<(), Fault> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    fault(field, &value.to_string(), "a finite number, not below 0")
}

fn fault(field: &str, problem: &str, expected: &str) -> Result<(), Fault> {
    Err(Fault { field: field.to_owned(), ..Fault::new(problem, expected, REMEDY) })
}
