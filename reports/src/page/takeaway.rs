//! The takeaway of a sweep's chart, computed from its valid trials.

use results::format;

use super::{
    marks::{Line, Mark, Standing},
    quantities::Quantity,
};
use crate::sweep::Sweep;

/// Maximum number of names before the rest is counted.
const NAMED: usize = 3;

/// Returns one or a few sentences.
pub(super) fn sentence(sweep: &Sweep<'_>, quantity: &Quantity, lines: &[Line<'_>]) -> String {
    let said = match quantity.whole {
        Some(whole) => share(sweep, quantity, whole, lines),
        None => growth(sweep, lines),
    };
    said + &hollow(sweep, lines)
}

/// Describes what grows least and most in valid trials.
fn growth(sweep: &Sweep<'_>, lines: &[Line<'_>]) -> String {
    let axis = sweep.axis.name;
    let grown = lines.iter().filter_map(|(row, marks)| {
        let mut own = valid(marks).filter(|mark| mark.value > 0.0);
        let (first, last) = (own.next()?, own.next_back()?);
        Some((last.value / first.value, &row.variant, [first.load, last.load]))
    });
    let least = grown.clone().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = grown.max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((least, most)) = least.zip(most) else {
        return format!("Too few figures of valid trials to compare different numbers of {axis}.");
    };
    let [from, to] = least.2.map(format::plain);
    let start = format!("From {from} to {to} {axis}, {}", least.1);
    let times = format::significant(least.0);
    if most.1 == least.1 {
        return format!("{start} comes to {times} × what it was.");
    }
    let (one, other) = match (least.0 < 1.0, most.0 < 1.0) {
        (true, true) => ("falls the most", "the least"),
        (true, false) => ("falls the most", "grows the most"),
        (false, _) => ("grows the least", "the most"),
    };
    let [from, to] = most.2.map(format::plain);
    // Variants may have values under different loads.
    let between = if most.2 == least.2 { String::new() } else { format!(", from {from} to {to}") };
    let most_times = format::significant(most.0);
    format!("{start} {one}, to {times} × what it was, and {} {other}, to {most_times} ×{between}.", most.1)
}

/// Returns the marks of valid trials.
fn valid(marks: &[Mark]) -> impl DoubleEndedIterator<Item = &Mark> {
    marks.iter().filter(|mark| mark.standing.is_valid())
}

/// Describes which variant falls furthest short of 100 % in valid trials, and how many do not.
fn share(sweep: &Sweep<'_>, quantity: &Quantity, whole: f64, lines: &[Line<'_>]) -> String {
    let lowest = |marks: &[Mark]| valid(marks).copied().min_by(|a, b| a.value.total_cmp(&b.value));
    let mut short: Vec<(Mark, &str)> =
        lines.iter().filter_map(|(row, marks)| Some((lowest(marks)?, row.variant.as_str()))).collect();
    let of = short.len();
    short.retain(|(mark, _)| mark.value < whole);
    short.sort_by(|(a, _), (b, _)| a.value.total_cmp(&b.value));
    let all = if whole > 0.999 { "All of it".to_owned() } else { format!("At least {}", format::percent(whole)) };
    let is_whole = lines.iter().flat_map(|(_, marks)| marks).all(|mark| mark.standing.is_valid());
    let under = if is_whole { "under every load" } else { "under every load with valid trials" };
    match short.first() {
        None if of == 0 => "No trial is valid.".to_owned(),
        None if of == lines.len() => format!("{all} of every variant, {under}."),
        None => format!("{all} {under}: {of} of {of} variants."),
        Some((mark, variant)) => format!(
            "{all} {under}: {} of {of} variants. Least: {variant}, {} at {} {}.",
            of - short.len(),
            (quantity.text)(mark.value),
            format::plain(mark.load),
            sweep.axis.name
        ),
    }
}

/// Describes where trials are saturated, and which side is. The text is empty if none is.
fn hollow(sweep: &Sweep<'_>, lines: &[Line<'_>]) -> String {
    let limited = named(sweep, lines, Standing::Limited)
        .map(|named| format!(" Hollow: the load generator was the bottleneck, alone or with the server: {named}."));
    let saturated = named(sweep, lines, Standing::Saturated)
        .map(|named| format!(" Hollow and ringed, since the server alone was the limit: {named}."));
    [limited, saturated].into_iter().flatten().collect()
}

/// Names the variants with such marks and their loads. Returns `None` if there are none.
fn named(sweep: &Sweep<'_>, lines: &[Line<'_>], standing: Standing) -> Option<String> {
    let such: Vec<String> = lines
        .iter()
        .filter_map(|(row, marks)| {
            let own = marks.iter().filter(|mark| mark.standing == standing);
            let loads: Vec<String> = own.map(|mark| format::plain(mark.load)).collect();
            (!loads.is_empty()).then(|| format!("{} at {}", row.variant, loads.join(" and ")))
        })
        .collect();
    let first = such.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = match such.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} variants more"),
    };
    (!such.is_empty()).then(|| format!("{first} {}{more}", sweep.axis.name))
}
