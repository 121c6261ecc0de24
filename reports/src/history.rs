//! The history tier: what stands out of stored runs. Advice only: it never says that there is a regression.
//!
//! Runs of one machine, scenario, variant and load are a series for each metric. The newest run is held against a fence
//! of those before it, and the whole series is searched for places from which on it has another level. Pure, with a
//! fixed seed; knows no variant by name.

mod chance;
mod series;

use std::collections::BTreeMap;

use results::{format, lists::unique, schema::Environment, store::Run};

use crate::{
    merge::Merged,
    rows::{self, LoadPoint, Row},
    validity, verdict,
};
use gate::{Finding, Outcome, Tier, Verdict};
use series::Level;

pub use series::{CHANCE, FEWEST_BEFORE, SHORTEST_LEVEL};

/// A figure of a run.
struct Metric {
    name: &'static str,
    unit: &'static str,
    of: fn(&Merged) -> Option<f64>,
}

const METRICS: [Metric; 6] = [
    Metric { name: "p50 latency", unit: "ns", of: |merged| merged.latency_ns.p50.map(|value| value as f64) },
    Metric { name: "p99 latency", unit: "ns", of: |merged| merged.latency_ns.p99.map(|value| value as f64) },
    Metric {
        name: "processor time per event",
        unit: "us/event",
        of: |merged| Some(merged.cpu.server_us_per_event? + merged.cpu.client_us_per_event?),
    },
    Metric { name: "bytes per event", unit: "bytes", of: |merged| merged.bytes_per_event },
    Metric {
        name: "requests per event",
        unit: "count",
        of: |merged| (merged.events.delivered > 0).then(|| merged.requests as f64 / merged.events.delivered as f64),
    },
    Metric { name: "server memory per client", unit: "bytes", of: |merged| Some(merged.memory.server_bytes) },
];

/// Series that the reason names.
const NAMED: usize = 10;

const RULE: &str = "Advice only, nothing here blocks, and whatever the verdict the exit code is 0. The newest run stands \
                    out beyond the quartiles of those before it by more than three times their distance, and a series \
                    where its level changes.";

/// What makes runs comparable. Another boot of the same machine is no other machine.
type Machine = (String, String, String, u32);

/// One series' place: machine, scenario, variant, and the load as text.
type Place = (Machine, String, String, String);

/// One run's figures of one place.
struct Point<'a> {
    run: &'a Run,
    merged: Merged,
}

/// A series as it is reported.
struct Looked {
    /// Runs that have its figure, the newest included.
    runs: usize,
    finding: Finding,
}

/// What stands out of these runs, in whatever order; they are put into that of their starts. The verdict is that
/// something stands out, or else inconclusive where a series has too few runs, or else a pass.
#[must_use]
pub fn look(runs: &[Run]) -> Outcome {
    let (usable, mut notes) = usable(runs);
    let places = places(&usable);
    let machines: Vec<&Machine> = unique(places.keys().map(|(machine, ..)| machine));
    let newest = usable.last().map(|run| machine(&run.run.environment));
    if machines.len() > 1 {
        notes.push(format!(
            "The runs are of {} machines ({}); what follows compares runs of one machine only.",
            machines.len(),
            machines.iter().map(|it| named(it)).collect::<Vec<_>>().join("; ")
        ));
    }
    let mut looked: Vec<Looked> = Vec::new();
    let of_newest = places.iter().filter(|((machine, ..), _)| Some(machine) == newest.as_ref());
    for (place, points) in of_newest {
        looked.extend(METRICS.iter().filter_map(|metric| look_at(place, points, metric)));
    }
    looked.sort_by_key(|series| std::cmp::Reverse(series.finding.verdict));
    let runs_of_judged: Vec<usize> =
        looked.iter().map(|series| series.runs).filter(|runs| *runs > FEWEST_BEFORE).collect();
    notes.push(RULE.to_owned());
    notes.extend(chance::said(&runs_of_judged));
    let compared = match usable.len() {
        1 => "1 stored run".to_owned(),
        several => format!("{several} stored runs, oldest first"),
    };
    let findings: Vec<Finding> = looked.into_iter().map(|series| series.finding).collect();
    let reason = reason(&findings);
    let verdict = findings.first().map_or(Verdict::Inconclusive, |gravest| gravest.verdict);
    Outcome { tier: Tier::History, verdict, reason, compared, findings, notes }
}

/// What stands out, by name and at most so many, and apart from it what could not be judged.
fn reason(findings: &[Finding]) -> String {
    let of = |verdict: Verdict| findings.iter().filter(move |finding| finding.verdict == verdict);
    let (outstanding, few) = (of(Verdict::StandsOut).count(), of(Verdict::Inconclusive).count());
    let judged = findings.len() - few;
    if findings.is_empty() {
        return "there are no runs to look at".to_owned();
    }
    if judged == 0 {
        return format!("no series has {FEWEST_BEFORE} runs before the newest, from which on it is looked at");
    }
    let named: Vec<String> =
        of(Verdict::StandsOut).take(NAMED).map(|one| format!("{}, {}", one.cell, one.metric)).collect();
    let found = match outstanding {
        0 => format!("nothing stands out of {judged} series"),
        1 => format!("1 of {judged} series stands out: {}", named.join("")),
        _ => format!("{outstanding} of {judged} series stand out: {}", named.join("; ")),
    };
    let more = match outstanding.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let unjudged = match few {
        0 => String::new(),
        few => format!(". Not judged: {few} series with fewer than {FEWEST_BEFORE} runs before the newest"),
    };
    format!("{found}{more}{unjudged}")
}

/// The runs that are measurements, by their starts; and what is said of the others.
fn usable(runs: &[Run]) -> (Vec<&Run>, Vec<String>) {
    let mut notes = Vec::new();
    let mut usable: Vec<&Run> = Vec::new();
    for run in runs {
        match validity::faults(&run.run.scenario) {
            Some(faults) => notes.push(format!("Left out: the run of {}: {faults}.", run.run.started)),
            None => usable.push(run),
        }
    }
    // All starts are UTC and of one form, so that their order as text is that of time.
    usable.sort_by(|a, b| a.run.started.cmp(&b.run.started));
    (usable, notes)
}

fn places<'a>(runs: &[&'a Run]) -> BTreeMap<Place, Vec<Point<'a>>> {
    let mut places: BTreeMap<Place, Vec<Point<'a>>> = BTreeMap::new();
    for run in runs {
        for LoadPoint { load, rows } in rows::load_points(run) {
            let whole = serde_json::to_string(&load.without_orders()).unwrap_or_default();
            // The words first, for a reader; the whole after it, for what the words leave out.
            let load = format!("{}\n{whole}", verdict::describe(&load));
            for Row { variant, merged, .. } in rows {
                let Some(merged) = merged else { continue };
                let machine = machine(&run.run.environment);
                let place = (machine, run.run.scenario_name.clone(), variant, load.clone());
                places.entry(place).or_default().push(Point { run, merged });
            }
        }
    }
    places
}

fn machine(environment: &Environment) -> Machine {
    let Environment { os, kernel, cpu, cores, .. } = environment;
    (os.clone(), kernel.clone(), cpu.clone(), *cores)
}

fn named((os, kernel, cpu, cores): &Machine) -> String {
    format!("{cpu}, {cores} processors, {os} {kernel}")
}

/// One series. None where the newest of its runs has no such figure.
fn look_at((_, scenario, variant, load): &Place, points: &[Point<'_>], metric: &Metric) -> Option<Looked> {
    let with_figure: Vec<(&Run, f64)> =
        points.iter().filter_map(|point| Some((point.run, (metric.of)(&point.merged)?))).collect();
    let values: Vec<f64> = with_figure.iter().map(|(_, value)| *value).collect();
    let (newest, before) = values.split_last()?;
    let load = load.lines().next().unwrap_or_default();
    let subject = format!("{variant} under {load} ({scenario}): {}", metric.name);
    let value = |value: f64| shown(metric.unit, value);
    let row = |before: Option<f64>, verdict: Verdict, explanation: String| {
        let (cell, metric, unit) = (format!("{variant} under {load}"), metric.name.to_owned(), metric.unit.to_owned());
        Looked {
            runs: values.len(),
            finding: Finding { cell, metric, unit, before, after: Some(*newest), verdict, explanation },
        }
    };
    let Some(fence) = series::fence(before) else {
        let runs = if before.len() == 1 { "run" } else { "runs" };
        let said = format!("{subject}: {} {runs} before the newest, and it takes {FEWEST_BEFORE}", before.len());
        return Some(row(series::median(before), Verdict::Inconclusive, said));
    };
    let levels = series::levels(&values);
    let place = if fence.is_above(*newest) {
        format!("the newest run, {}, lies above the fence of {}", value(*newest), value(fence.upper))
    } else if fence.is_below(*newest) {
        format!("the newest run, {}, lies below the fence of {}", value(*newest), value(fence.lower))
    } else {
        format!(
            "the newest run, {}, lies within the fence, {} to {}",
            value(*newest),
            value(fence.lower),
            value(fence.upper)
        )
    };
    let rests = format!("median {} of {} runs before it", value(fence.median), before.len());
    let changes: Vec<String> = levels.windows(2).map(|pair| change(&pair[0], &pair[1], &with_figure, metric)).collect();
    let stands_out = fence.is_above(*newest) || fence.is_below(*newest) || !changes.is_empty();
    let explanation = [vec![format!("{subject}: {place} ({rests})")], changes].concat().join("; ");
    let verdict = if stands_out { Verdict::StandsOut } else { Verdict::Pass };
    Some(row(Some(fence.median), verdict, explanation))
}

/// Where a level ends and another begins.
fn change(from: &Level, to: &Level, runs: &[(&Run, f64)], metric: &Metric) -> String {
    let (last, first) = (runs[to.from - 1].0, runs[to.from].0);
    let boot = if last.run.environment.boot_id == first.run.environment.boot_id { "" } else { ", with a new boot" };
    let revision = first.run.tool.short_revision();
    format!(
        "from the run of {} on (commit {revision}{boot}) its level is {} and no longer {}",
        first.run.started,
        shown(metric.unit, to.median),
        shown(metric.unit, from.median)
    )
}

fn shown(unit: &str, value: f64) -> String {
    match unit {
        "ns" => format::duration(value.max(0.0).round() as u64),
        "us/event" => format::processor_time(value),
        "bytes" => format::bytes(value),
        _ => format::significant(value),
    }
}
