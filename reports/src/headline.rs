//! The sentences at the top of a report: the capacity of each variant of a sweep, the approach with the smallest p50
//! under the heaviest load, and the one that wastes most.

mod capacity;

use std::cmp::Ordering;

use results::{
    format::{self, count, duration, percent, plain, significant, whole_or_significant},
    schema::{Load, RunRecord},
};
use stats::difference::FEWEST_ROUNDS;

use crate::{
    difference,
    merge::Merged,
    rows::{LoadPoint, Row},
    slo::{self, SweepCapacity},
};

pub(crate) use capacity::limited;

/// A variant with its p50 and figures.
type Candidate<'a> = (u64, &'a Row, &'a Merged);

/// What no run of this tool can tell.
const BEYOND: &str = "the run does not say what a network, TLS or a proxy adds: both ends share one machine";

/// Returns the headline of a run: the capacity of each variant of a sweep, what to take from the heaviest load, and what the run
/// cannot tell.
pub(crate) fn sentence(loads: &[LoadPoint], reaches: &[SweepCapacity]) -> String {
    let Some(point) = loads.last() else {
        return "No trial of the table was recorded: nothing can be said.".to_owned();
    };
    // The first sweep of an axis has the heaviest loads. The others are in their tables.
    let heaviest = reaches
        .iter()
        .enumerate()
        .filter(|(index, reach)| reaches[..*index].iter().all(|other| other.axis != reach.axis));
    let far: String = heaviest.map(|(_, reach)| capacity::how_far(reach) + " ").collect();
    let objective = if far.is_empty() { String::new() } else { format!("{} ", slo::IN_SHORT) };
    far + &objective + &load_headline(point) + &not_valid(loads) + &limits(point)
}

/// Says what the floor is. Returns `None` if the run has none.
pub(crate) fn floor(run: &RunRecord) -> Option<String> {
    let facts = run.approaches.iter().find(|facts| facts.floor)?;
    Some(format!("The floor is {}: {}.", facts.name, in_short(&facts.summary)))
}

/// Says what the run cannot tell: the smallest ratio that every row would show, and what was not measured.
fn limits(point: &LoadPoint) -> String {
    let measured = point.rows.iter().filter(|row| !row.floor && row.merged.is_some());
    let least: Option<Vec<f64>> = measured.map(|row| row.least_detectable_ratio).collect();
    let most = least.unwrap_or_default().into_iter().fold(0.0, f64::max);
    if most == 0.0 {
        let [first, rest] = BEYOND.split_at(1).into();
        return format!(" {}{rest}.", first.to_uppercase());
    }
    format!(" Differences from the floor of less than {} may go unnoticed, and {BEYOND}.", percent(most - 1.0))
}

/// Says how many trials are left out of all figures. The text is empty if none is.
fn not_valid(loads: &[LoadPoint]) -> String {
    let rows = || loads.iter().flat_map(|point| &point.rows);
    let left_out: u32 = rows().map(|row| row.trials.invalid + row.trials.failed).sum();
    let recorded: u32 = rows().map(|row| row.trials.recorded()).sum();
    let are = if left_out == 1 { "trial is" } else { "trials are" };
    if left_out == 0 { String::new() } else { format!(" {left_out} of {recorded} {are} not valid and left out.") }
}

/// Returns what an approach is, from the first part of its summary.
fn in_short(summary: &str) -> &str {
    summary.split([':', '.']).next().unwrap_or(summary).trim()
}

/// Returns the headline under one load.
pub(crate) fn load_headline(point: &LoadPoint) -> String {
    let load = format!("{}, {}", describe(&point.load), per_client(&point.load));
    let mut candidates: Vec<Candidate<'_>> =
        point.rows.iter().filter(|row| !row.floor && !row.overloaded).filter_map(ranked).collect();
    candidates.sort_by_key(|(p50, ..)| *p50);
    let floor = point.rows.iter().find(|row| row.floor).and_then(ranked).map_or(0, |(p50, ..)| p50);
    let Some((smallest, first, _)) = candidates.first().copied() else {
        let overloaded = overloaded(point);
        let text = if !overloaded.is_empty() {
            format!("With {load}, no median but those of an overload is there to compare.{overloaded}")
        } else if floor > 0 && point.rows.len() == 1 {
            format!("With {load}, the floor's p50 is {}; nothing else was measured beside it.", duration(floor))
        } else {
            format!("With {load}, no approach has a valid median: nothing can be said.")
        };
        let has_any = point.rows.iter().any(|row| row.merged.is_some());
        return if has_any { text + &absent(point) } else { text };
    };
    // With too few rounds no difference can be shown, which does not mean that they are equal.
    let compared: Vec<Candidate<'_>> =
        candidates.iter().filter(|(.., merged)| difference::is_comparable(merged)).copied().collect();
    let mut text = if compared.is_empty() {
        format!(
            "With {load}, p50 is {} or more{}. Fewer than {FEWEST_ROUNDS} rounds cannot show which approach has less; {}.",
            duration(smallest),
            times_floor(&[first]),
            waste(point)
        )
    } else {
        let left_out = left_out(point);
        let is_partial = [&left_out, &overloaded(point), &absent(point)].iter().any(|said| !said.is_empty());
        let of = if is_partial { "of those compared, " } else { "" };
        format!("With {load}, {of}{}; {}.{left_out}", soonest(&compared, floor), waste(point))
    };
    let best = compared.first().map_or(smallest, |(p50, ..)| *p50);
    if best < floor {
        text += " A ratio below 1 does not mean faster than the floor; it is noise.";
    }
    text + &overloaded(point) + &absent(point)
}

/// Names the variants with overloaded trials.
fn overloaded(point: &LoadPoint) -> String {
    let others = point.rows.iter().filter(|row| !row.floor && row.overloaded && row.merged.is_some());
    let names: Vec<&str> = others.map(|row| row.variant.as_str()).collect();
    match names.len() {
        0 => String::new(),
        1 => format!(" {} was overloaded and is not compared.", names[0]),
        _ => format!(" {} were overloaded and are not compared.", listed(&names)),
    }
}

/// Names the variants that have no valid trial.
fn absent(point: &LoadPoint) -> String {
    let others = point.rows.iter().filter(|row| row.trials.valid == 0);
    let names: Vec<&str> = others.map(|row| row.variant.as_str()).collect();
    match names.len() {
        0 => String::new(),
        1 => format!(" {} has no valid trial and is not compared.", names[0]),
        _ => format!(" {} have no valid trial and are not compared.", listed(&names)),
    }
}

/// Describes which of these candidates, sorted by p50, has the smallest one, and which do not differ from it. Those
/// below the floor are named separately: nothing can be faster than the floor, so differences there come from the
/// machine.
fn soonest(compared: &[Candidate<'_>], floor: u64) -> String {
    let (p50, best, merged) = compared[0];
    let is_alike = |(.., other): &&Candidate<'_>| difference::shown(merged, other) != Some(Ordering::Less);
    let (alike, later): (Vec<&Candidate<'_>>, Vec<&Candidate<'_>>) = compared[1..].iter().partition(is_alike);
    let below: Vec<&Candidate<'_>> = later.into_iter().filter(|(other, ..)| *other < floor).collect();
    let Some((last, slowest, _)) = alike.iter().chain(&below).max_by_key(|(p50, ..)| *p50) else {
        return format!("{} has the smallest p50: {}{}", best.variant, duration(p50), times_floor(&[best]));
    };
    let first: Vec<&str> =
        std::iter::once(best).chain(alike.iter().map(|(_, row, _)| *row)).map(|row| row.variant.as_str()).collect();
    let below: Vec<&str> = below.iter().map(|(_, row, _)| row.variant.as_str()).collect();
    let mut said = Vec::new();
    if !alike.is_empty() {
        let between = if first.len() == 2 { "them".to_owned() } else { format!("{} and the others", best.variant) };
        said.push(format!("{} have the smallest p50 (no difference between {between} is shown)", listed(&first)));
    } else {
        said.push(format!("{} has the smallest p50", best.variant));
    }
    if !below.is_empty() {
        let is = if below.len() == 1 { "is" } else { "are" };
        said.push(format!("{} {is} below the floor, too, which is noise", listed(&below)));
    }
    format!("{}: {} to {}{}", said.join(", and "), duration(p50), duration(*last), times_floor(&[best, slowest]))
}

/// Names the variants with too few rounds to be compared.
fn left_out(point: &LoadPoint) -> String {
    let has_too_few = |row: &&Row| row.merged.as_ref().is_some_and(|merged| !difference::is_comparable(merged));
    let others = point.rows.iter().filter(|row| !row.floor && !row.overloaded).filter(has_too_few);
    let names: Vec<&str> = others.map(|row| row.variant.as_str()).collect();
    let verb = match names.len() {
        0 => return String::new(),
        1 => "is",
        _ => "are",
    };
    format!(" {} had fewer than {FEWEST_ROUNDS} valid rounds and {verb} not compared.", listed(&names))
}

/// Describes these medians as multiples of the floor's. The text is empty without a floor.
fn times_floor(rows: &[&Row]) -> String {
    let times: Vec<String> = rows.iter().filter_map(|row| row.times_floor).map(significant).collect();
    if times.is_empty() { String::new() } else { format!(", {} × the floor", times.join(" to ")) }
}

/// Describes a load in words.
#[must_use]
pub fn describe(load: &Load) -> String {
    let clients =
        if load.clients == 1 { "1 client".to_owned() } else { format!("{} clients", count(load.clients.into())) };
    let payload = match load.payload_bytes {
        0 => String::new(),
        bytes => format!(" of {} filler bytes", count(bytes.into())),
    };
    format!("{clients} and {} events a second{payload}", plain(load.events_per_second))
}

/// Describes how many clients an event is for, and the event rate per client.
fn per_client(load: &Load) -> String {
    let rate = match load.events_per_client() {
        _ if load.symbols_per_client >= load.symbols => return "each for every client".to_owned(),
        rate if rate > 0.0 && rate < 1.0 => format!("one per client every {} s", whole_or_significant(1.0 / rate)),
        rate => format!("{} a second per client", whole_or_significant(rate)),
    };
    let followers = f64::from(load.clients) * f64::from(load.symbols_per_client) / f64::from(load.symbols);
    if followers > 1.0 { format!("each for {} clients ({rate})", whole_or_significant(followers)) } else { rate }
}

fn ranked(row: &Row) -> Option<Candidate<'_>> {
    let merged = row.merged.as_ref()?;
    Some((merged.latency_ns.p50?, row, merged))
}

/// Names every variant that wastes about as much as the worst one, because their order is chance.
fn waste(point: &LoadPoint) -> String {
    let shares: Vec<(f64, &str)> =
        point.rows.iter().filter_map(|row| Some((row.merged.as_ref()?.empty_share?, row.variant.as_str()))).collect();
    let most = shares.iter().map(|(share, _)| *share).fold(0.0, f64::max);
    if most == 0.0 {
        return "no response was empty".to_owned();
    }
    let worst: Vec<&str> =
        shares.iter().filter(|(share, _)| *share > 0.95 * most).map(|(_, variant)| *variant).collect();
    let (verb, whose) = if worst.len() == 1 { ("wastes", "its") } else { ("waste", "their") };
    format!("{} {verb} most: {} of {whose} responses carried no event", listed(&worst), percent(most))
}

fn listed(names: &[&str]) -> String {
    match names {
        [_, ..] if names.len() > format::LISTED => format::listed(names),
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
