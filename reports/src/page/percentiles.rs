//! Latency by percentile, with a thick line per variant and thin lines for its rounds.

use results::format::{self, or_none};

use super::{
    canvas::{self, Canvas, Ink, style},
    chart::{self, EndLabel},
    curves::{Axes, Curve, FRAME, SIZE, curve},
    markup::{self, Cell, escape},
    samples,
};
use crate::{
    merge::Merged,
    rows::{LoadPoint, Row},
};

/// Renders the figure. The text is empty if no row has values.
pub(super) fn figure(point: &LoadPoint, id: &str) -> String {
    let rows = chart::measured(point);
    let lines: Vec<(&Row, Curve, Vec<Curve>)> = rows.iter().map(|row| curves(row)).collect();
    let merged: Vec<&Curve> = lines.iter().map(|(_, merged, _)| merged).collect();
    let Some(axes) = Axes::around(&merged) else { return String::new() };
    let title = "Latency by percentile";
    let takeaway = takeaway(&rows);
    let drawing = canvas::svg(id, SIZE, title, &takeaway, |canvas| {
        axes.draw(canvas, "latency");
        let labels: Vec<EndLabel> =
            lines.iter().filter_map(|(row, merged, rounds)| draw(canvas, &axes, row, merged, rounds)).collect();
        chart::end_labels(canvas, FRAME, &labels);
    });
    chart::figure(title, &takeaway, &drawing, &table(&rows))
}

/// Draws a thin line per round and a thick line for all rounds.
fn draw(canvas: &Canvas<'_>, axes: &Axes, row: &Row, merged: &Curve, rounds: &[Curve]) -> Option<EndLabel> {
    let points = axes.pixels(merged);
    let end = *points.last()?;
    canvas.group(&row.variant, None, || {
        for round in rounds {
            canvas.line(axes.pixels(round), Ink::Plain(style(row)), 2, 0.35);
        }
        canvas.line(points, Ink::Series(style(row)), 5, 1.0);
        canvas.marker(style(row), end, true);
    });
    Some(EndLabel { order: Some(style(row)), text: row.variant.clone(), end })
}

fn curves(row: &Row) -> (&Row, Curve, Vec<Curve>) {
    let Some(merged) = &row.merged else { return (row, Vec::new(), Vec::new()) };
    let rounds = merged.rounds.iter().map(|round| curve(&round.latency_ns, round.events_received)).collect();
    (row, curve(&merged.latency_ns, merged.events_received), rounds)
}

fn takeaway(rows: &[&Row]) -> String {
    let medians = rows
        .iter()
        .filter(|row| !row.floor)
        .filter_map(|row| Some((row.merged.as_ref()?.latency_ns.p50?, &row.variant)));
    let Some((least, most)) = medians.clone().min().zip(medians.clone().max()) else {
        return "No approach apart from the floor has enough events for a median.".to_owned();
    };
    let highest = match medians.count() {
        1 => String::new(),
        _ => format!(" Highest: {}, {}.", most.1, format::duration(most.0)),
    };
    let has_rounds = rows.iter().any(|row| row.merged.as_ref().is_some_and(|merged| merged.rounds.len() > 1));
    let lines = if has_rounds {
        "A thick line is all rounds together, thin lines are the rounds; each ends"
    } else {
        "A line ends"
    };
    format!(
        "Lowest median beside the floor: {}, {}.{highest} {lines} where its events no longer support a percentile.",
        least.1,
        format::duration(least.0)
    )
}

fn table(rows: &[&Row]) -> String {
    let headings = ["Approach", "p50", "p90", "p99", "p99.9", "max", "p50 of the rounds", "events", "samples"];
    let cells: Vec<Vec<Cell>> = rows.iter().filter_map(|row| Some(table_row(row, row.merged.as_ref()?))).collect();
    markup::table("figures", "Latency: p50 to maximum, spread between rounds, and what they rest on", &headings, &cells)
}

fn table_row(row: &Row, merged: &Merged) -> Vec<Cell> {
    let latency = &merged.latency_ns;
    let time = |value: Option<u64>| Cell::number(&or_none(value, format::duration), value.map(|value| value as f64));
    let count = |value: u64| Cell::number(&format::count(value), Some(value as f64));
    let spread = or_none(merged.p50_spread_ns, |[least, most]| match least == most {
        true => format::duration(least),
        false => format::range([least, most]),
    });
    let relative = merged.p50_spread_ns.map(|[least, most]| most as f64 / least.max(1) as f64);
    vec![
        markup::name(style(row), &row.variant, ""),
        median(merged),
        time(latency.p90),
        Cell::html(samples::p99(row, merged), latency.p99.map(|p99| p99 as f64)),
        time(latency.p999),
        time(latency.max),
        Cell::number(&spread, relative),
        count(merged.events_received),
        count(latency.count),
    ]
}

/// Renders the p50 and its interval over the rounds.
fn median(merged: &Merged) -> Cell {
    let p50 = merged.latency_ns.p50;
    let html = escape(&or_none(p50, format::duration)) + &samples::interval_below(merged);
    Cell::html(html, p50.map(|p50| p50 as f64))
}
