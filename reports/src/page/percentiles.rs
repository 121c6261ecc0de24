//! Latency by percentile: on an axis on which each further nine takes the same room, each line cut where its samples
//! end.

use super::{
    canvas::{self, Canvas, Ink},
    chart::{self, EndLabel, Frame, NAMES},
    markup::{self, Cell},
    scale::{Scale, logarithmic_axis, nines, quantile_at},
};
use crate::{
    format::{self, NONE, or_none},
    merge::{self, Merged},
    report::{LoadPoint, Row},
    schema::Summary,
    statistics::Histogram,
};

const SIZE: (i32, i32) = (1480, 900);
const FRAME: Frame = Frame { left: 150, right: SIZE.0 - NAMES, top: 56, bottom: SIZE.1 - 90 };
/// Points of a line.
const POINTS: u32 = 72;

/// One line: places on the axis of nines, and nanoseconds.
type Curve = Vec<(f64, f64)>;

/// The figure, or nothing where no row has figures.
pub(super) fn figure(point: &LoadPoint, id: &str) -> String {
    let rows = chart::measured(point);
    let lines: Vec<(&Row, Curve, Vec<Curve>)> = rows.iter().map(|row| curves(row)).collect();
    let values = lines.iter().flat_map(|(_, merged, _)| merged.iter().map(|(_, value)| *value));
    let Some((bounds, ticks)) = logarithmic_axis(values) else { return String::new() };
    let widest = lines.iter().filter_map(|(_, merged, _)| merged.last()).map(|(place, _)| *place).fold(0.5, f64::max);
    let horizontal = Scale::linear(0.0, widest, FRAME.left, FRAME.right);
    let vertical = Scale::logarithmic(bounds[0], bounds[1], FRAME.bottom, FRAME.top);
    let title = "Latency by percentile";
    let take_away = take_away(&rows);
    let drawing = canvas::svg(id, SIZE, title, &take_away, |canvas| {
        let nines_ticks =
            [(0.0, "min"), (0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")]
                .map(|(quantile, text)| (nines(quantile), text.to_owned()));
        let nines_ticks = nines_ticks.into_iter().filter(|(place, _)| *place <= widest);
        let nines_ticks: Vec<_> = nines_ticks.map(|(place, text)| (horizontal.at(place), text)).collect();
        let ticks: Vec<_> =
            ticks.iter().map(|tick| (vertical.at(*tick), format::tick(&format::duration(*tick as u64)))).collect();
        chart::horizontal_axis(canvas, FRAME, &nines_ticks, "percentile: each further nine takes the same room");
        chart::vertical_axis(canvas, FRAME, &ticks, "latency, logarithmic");
        let mut labels = Vec::new();
        for (row, merged, rounds) in &lines {
            labels.extend(draw(canvas, row, merged, rounds, horizontal, vertical));
        }
        chart::end_labels(canvas, FRAME, &labels);
    });
    chart::figure(title, &take_away, &drawing, &table(&rows))
}

/// Thin lines for the rounds, a thick one for them all.
fn draw(
    canvas: &Canvas<'_>,
    row: &Row,
    merged: &Curve,
    rounds: &[Curve],
    horizontal: Scale,
    vertical: Scale,
) -> Option<EndLabel> {
    let pixels = |curve: &Curve| {
        curve.iter().map(|(place, value)| (horizontal.at(*place), vertical.at(*value))).collect::<Vec<_>>()
    };
    for round in rounds {
        canvas.line(pixels(round), Ink::Plain(row.order), 2, 0.35);
    }
    let points = pixels(merged);
    let end = *points.last()?;
    canvas.line(points, Ink::Series(row.order), 5, 1.0);
    canvas.marker(row.order, end, true);
    Some(EndLabel { order: row.order, text: row.variant.clone(), end })
}

fn curves(row: &Row) -> (&Row, Curve, Vec<Curve>) {
    let Some(merged) = &row.merged else { return (row, Vec::new(), Vec::new()) };
    let rounds = merged.rounds.iter().map(|round| curve(&round.latency_ns, round.effective_observations)).collect();
    (row, curve(&merged.latency_ns, merged.effective_observations), rounds)
}

/// From the smallest value to the last percentile that so many observations support.
fn curve(summary: &Summary, effective_observations: u64) -> Curve {
    let histogram: Histogram = merge::histogram(summary);
    if histogram.is_empty() || effective_observations == 0 {
        return Vec::new();
    }
    let last = nines(crate::statistics::largest_supported(effective_observations));
    let places: Vec<f64> = (0..=POINTS).map(|step| last * f64::from(step) / f64::from(POINTS)).collect();
    let quantiles: Vec<f64> = places.iter().map(|place| quantile_at(*place)).collect();
    let values = histogram.value_at_quantiles(quantiles).map(|value| value as f64);
    places.into_iter().zip(values).collect()
}

fn take_away(rows: &[&Row]) -> String {
    let medians = rows
        .iter()
        .filter(|row| !row.floor)
        .filter_map(|row| Some((row.merged.as_ref()?.latency_ns.p50?, &row.variant)));
    let Some((least, most)) = medians.clone().min().zip(medians.max()) else {
        return "No approach beside the floor has enough events for a median.".to_owned();
    };
    format!(
        "Lowest median beside the floor: {}, {}. Highest: {}, {}. A thick line is all rounds together, thin lines are the rounds; each \
         ends where its events no longer support a percentile.",
        least.1,
        format::duration(least.0),
        most.1,
        format::duration(most.0)
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
    let spread = merged
        .p50_spread_ns
        .map_or(NONE.to_owned(), |[least, most]| format!("{} to {}", format::duration(least), format::duration(most)));
    let relative = merged.p50_spread_ns.map(|[least, most]| most as f64 / least.max(1) as f64);
    vec![
        markup::name(row.order, &row.variant, ""),
        time(latency.p50),
        time(latency.p90),
        time(latency.p99),
        time(latency.p999),
        time(latency.max),
        Cell::number(&spread, relative),
        count(merged.effective_observations),
        count(latency.count),
    ]
}
