//! The sentence at the top: which approach is soonest, which cannot be told from it, and which wastes most.

use std::cmp::Ordering;

use crate::{
    difference::{self, FEWEST_ROUNDS},
    format::{count, duration, percent, plain, significant},
    merge::Merged,
    report::{LoadPoint, Row},
    schema::Load,
};

/// A variant beside its p50 and its figures.
type Candidate<'a> = (u64, &'a Row, &'a Merged);

/// The verdict of a run: that of its heaviest load, named where there are several.
pub(crate) fn sentence(loads: &[LoadPoint]) -> String {
    let Some(point) = loads.last() else { return "No trial was recorded: nothing can be said.".to_owned() };
    of_load(point)
}

/// The verdict under one load.
pub(crate) fn of_load(point: &LoadPoint) -> String {
    let load = describe(&point.load);
    let mut candidates: Vec<Candidate<'_>> = point.rows.iter().filter(|row| !row.floor).filter_map(ranked).collect();
    candidates.sort_by_key(|(p50, ..)| *p50);
    let floor = point.rows.iter().find(|row| row.floor).and_then(ranked).map_or(0, |(p50, ..)| p50);
    let Some((smallest, first, _)) = candidates.first().copied() else {
        return if floor > 0 && point.rows.len() == 1 {
            format!("With {load}, the floor's p50 is {}; nothing else was measured beside it.", duration(floor))
        } else {
            format!("With {load}, no approach has a valid median: nothing can be said.")
        };
    };
    // Without a hull no difference is ever shown, which says nothing of being alike.
    let compared: Vec<Candidate<'_>> =
        candidates.iter().filter(|(.., merged)| merged.interval_over_rounds_ns.is_some()).copied().collect();
    let mut text = if compared.is_empty() {
        format!(
            "With {load}, {} has the smallest p50, {}{}; fewer than {FEWEST_ROUNDS} rounds show no difference from any \
             other.",
            first.variant,
            duration(smallest),
            times_floor(&[first])
        )
    } else {
        let left_out = left_out(point);
        let of = if left_out.is_empty() { "" } else { "of those compared, " };
        format!("With {load}, {of}{}.{left_out}", soonest(&compared, floor))
    };
    let best = compared.first().map_or(smallest, |(p50, ..)| *p50);
    if best < floor {
        text += " A median below the floor's is no speed: it shows how far the wake-ups of this machine move a median.";
    }
    text + &waste(point)
}

/// Which of those that are compared, in the order of their medians, is soonest, and which cannot be told from it.
fn soonest(compared: &[Candidate<'_>], floor: u64) -> String {
    let (p50, best, merged) = compared[0];
    // Nothing can be sooner than the floor: where something seems to be, differences of that size are the machine's.
    let alike: Vec<Candidate<'_>> = compared[1..]
        .iter()
        .filter(|(other_p50, _, other)| difference::shown(merged, other) != Some(Ordering::Less) || *other_p50 < floor)
        .copied()
        .collect();
    let Some((last, slowest, _)) = alike.last() else {
        return format!("{} is soonest: p50 {}{}", best.variant, duration(p50), times_floor(&[best]));
    };
    let names: Vec<&str> =
        std::iter::once(best).chain(alike.iter().map(|(_, row, _)| *row)).map(|row| row.variant.as_str()).collect();
    let range = format!("p50 {} to {}", duration(p50), duration(*last));
    let floor = times_floor(&[best, slowest]);
    let from = if names.len() == 2 { "between them" } else { "between the first and the others of them" };
    format!("{} are soonest, and no difference {from} is shown: {range}{floor}", listed(&names))
}

/// Names the variants that have figures and not the rounds to be compared by.
fn left_out(point: &LoadPoint) -> String {
    let has_no_hull = |row: &&Row| row.merged.as_ref().is_some_and(|merged| merged.interval_over_rounds_ns.is_none());
    let others = point.rows.iter().filter(|row| !row.floor).filter(has_no_hull);
    let names: Vec<&str> = others.map(|row| row.variant.as_str()).collect();
    let verb = match names.len() {
        0 => return String::new(),
        1 => "is",
        _ => "are",
    };
    format!(" {} had fewer than {FEWEST_ROUNDS} valid rounds with an interval and {verb} not compared.", listed(&names))
}

/// How many times the floor's these medians are; nothing where there is no floor.
fn times_floor(rows: &[&Row]) -> String {
    let times: Vec<String> = rows.iter().filter_map(|row| row.times_floor).map(significant).collect();
    if times.is_empty() { String::new() } else { format!(", {} × the floor", times.join(" to ")) }
}

/// The load, as a phrase.
pub(crate) fn describe(load: &Load) -> String {
    let clients =
        if load.clients == 1 { "1 client".to_owned() } else { format!("{} clients", count(load.clients.into())) };
    let payload = match load.payload_bytes {
        0 => String::new(),
        bytes => format!(" of {} filler bytes", count(bytes.into())),
    };
    format!("{clients} and {} events a second{payload}", plain(load.events_per_second))
}

fn ranked(row: &Row) -> Option<Candidate<'_>> {
    let merged = row.merged.as_ref()?;
    Some((merged.latency_ns.p50?, row, merged))
}

/// Names every variant that wastes about as much as the worst, since between them the order is chance.
fn waste(point: &LoadPoint) -> String {
    let shares: Vec<(f64, &str)> =
        point.rows.iter().filter_map(|row| Some((row.merged.as_ref()?.empty_share?, row.variant.as_str()))).collect();
    let most = shares.iter().map(|(share, _)| *share).fold(0.0, f64::max);
    if most == 0.0 {
        return " No response was empty.".to_owned();
    }
    let worst: Vec<&str> =
        shares.iter().filter(|(share, _)| *share > 0.95 * most).map(|(_, variant)| *variant).collect();
    let (verb, whose) = if worst.len() == 1 { ("wastes", "its") } else { ("waste", "their") };
    format!(" {} {verb} most: {} of {whose} responses carried no event.", listed(&worst), percent(most))
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
