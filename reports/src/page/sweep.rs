//! Latency against what a sweep varied: clients, or events a second.

use super::{
    canvas::{self, Ink},
    chart::{self, EndLabel, Frame, NAMES},
    markup::{self, Cell},
    scale::{Scale, logarithmic_axis},
};
use crate::{
    format::{self, or_none},
    report::{LoadPoint, Row},
    schema::{Load, Summary},
};

const SIZE: (i32, i32) = (1480, 820);
const FRAME: Frame = Frame { left: 150, right: SIZE.0 - NAMES, top: 56, bottom: SIZE.1 - 90 };

/// What is varied: its name, its value, and what is held.
struct Axis {
    name: &'static str,
    value: fn(&Load) -> f64,
    held: fn(&Load) -> (String, f64),
}

const AXES: [Axis; 2] = [
    Axis {
        name: "clients",
        value: |load| f64::from(load.clients),
        held: |load| ("events a second".to_owned(), load.events_per_second),
    },
    Axis {
        name: "events a second",
        value: |load| load.events_per_second,
        held: |load| ("clients".to_owned(), f64::from(load.clients)),
    },
];

/// A percentile that is drawn.
type Percentile = (&'static str, fn(&Summary) -> Option<u64>);

const PERCENTILES: [Percentile; 2] = [("p50", |summary| summary.p50), ("p99", |summary| summary.p99)];

/// The figures: for each axis that has several values, and each value of the other, one of each percentile.
pub(super) fn figures(loads: &[LoadPoint]) -> String {
    let mut html = String::new();
    for axis in &AXES {
        let mut held: Vec<f64> = loads.iter().map(|point| (axis.held)(&point.load).1).collect();
        held.sort_by(f64::total_cmp);
        held.dedup();
        for (index, value) in held.iter().enumerate() {
            let points: Vec<&LoadPoint> = loads.iter().filter(|point| (axis.held)(&point.load).1 == *value).collect();
            if points.len() < 2 {
                continue;
            }
            for percentile in PERCENTILES {
                let id = format!("sweep-{}-{index}-{}", axis.name.replace(' ', "-"), percentile.0);
                html += &figure(axis, percentile, &points, &id);
            }
        }
    }
    html
}

fn figure(axis: &Axis, percentile: Percentile, points: &[&LoadPoint], id: &str) -> String {
    let lines = lines(axis, percentile, points);
    let all = || lines.iter().flat_map(|(_, line)| line.iter().copied());
    let Some(([least, most], ticks)) = logarithmic_axis(all().map(|(_, latency)| latency)) else {
        return String::new();
    };
    // A load whose events support no percentile keeps its place on the axis.
    let loads = points.iter().map(|point| (axis.value)(&point.load));
    let Some(([lightest, heaviest], _)) = logarithmic_axis(loads) else { return String::new() };
    let horizontal = Scale::logarithmic(lightest, heaviest, FRAME.left, FRAME.right);
    let vertical = Scale::logarithmic(least, most, FRAME.bottom, FRAME.top);
    let (held, value) = (axis.held)(&points[0].load);
    let title = format!("{} against {}, with {} {held}", percentile.0, axis.name, format::plain(value));
    let take_away = take_away(&lines, axis);
    let drawing = canvas::svg(id, SIZE, &title, &take_away, |canvas| {
        let loads: Vec<_> = points
            .iter()
            .map(|point| (axis.value)(&point.load))
            .map(|load| (horizontal.at(load), format::plain(load)))
            .collect();
        let ticks: Vec<_> =
            ticks.iter().map(|tick| (vertical.at(*tick), format::tick(&format::duration(*tick as u64)))).collect();
        chart::horizontal_axis(canvas, FRAME, &loads, &format!("{}, logarithmic", axis.name));
        chart::vertical_axis(canvas, FRAME, &ticks, &format!("latency, {}, logarithmic", percentile.0));
        let mut labels = Vec::new();
        for (row, line) in &lines {
            let pixels: Vec<_> = line.iter().map(|(load, value)| (horizontal.at(*load), vertical.at(*value))).collect();
            canvas.line(pixels.clone(), Ink::Series(row.order), 4, 1.0);
            pixels.iter().for_each(|place| canvas.marker(row.order, *place, true));
            let end = pixels.last().copied();
            labels.extend(end.map(|end| EndLabel { order: Some(row.order), text: row.variant.clone(), end }));
        }
        chart::end_labels(canvas, FRAME, &labels);
    });
    chart::figure(&title, &take_away, &drawing, &table(axis, percentile, points, &lines))
}

/// Each variant's latency under each load that supports the percentile.
fn lines<'a>(axis: &Axis, percentile: Percentile, points: &[&'a LoadPoint]) -> Vec<(&'a Row, Vec<(f64, f64)>)> {
    let mut lines: Vec<(&Row, Vec<(f64, f64)>)> = Vec::new();
    for point in points {
        for row in &point.rows {
            let latency = row.merged.as_ref().and_then(|merged| percentile.1(&merged.latency_ns));
            let Some(latency) = latency else { continue };
            let place = ((axis.value)(&point.load), latency as f64);
            match lines.iter_mut().find(|(other, _)| other.variant == row.variant) {
                Some((_, line)) => line.push(place),
                None => lines.push((row, vec![place])),
            }
        }
    }
    lines.sort_by(|(a, _), (b, _)| {
        (a.label.is_none(), a.order, &a.variant).cmp(&(b.label.is_none(), b.order, &b.variant))
    });
    lines
}

fn take_away(lines: &[(&Row, Vec<(f64, f64)>)], axis: &Axis) -> String {
    let grown = lines.iter().filter_map(|(row, line)| {
        let (first, last) = (line.first()?, line.last()?);
        (line.len() > 1).then(|| (last.1 / first.1, &row.variant, [first.0, last.0]))
    });
    let least = grown.clone().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = grown.max_by(|a, b| a.0.total_cmp(&b.0));
    match least.zip(most) {
        Some((least, most)) => format!(
            "From {} to {} {}, {} changes least, to {} × what it was, and {} most, to {} ×.",
            format::plain(most.2[0]),
            format::plain(most.2[1]),
            axis.name,
            least.1,
            format::significant(least.0),
            most.1,
            format::significant(most.0)
        ),
        None => format!("Too few events to compare different numbers of {}.", axis.name),
    }
}

fn table(axis: &Axis, percentile: Percentile, points: &[&LoadPoint], lines: &[(&Row, Vec<(f64, f64)>)]) -> String {
    let loads: Vec<f64> = points.iter().map(|point| (axis.value)(&point.load)).collect();
    let mut headings = vec!["Approach".to_owned()];
    headings.extend(loads.iter().map(|load| format!("{} {}", format::plain(*load), axis.name)));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let cells: Vec<Vec<Cell>> = lines
        .iter()
        .map(|(row, line)| {
            let values = loads.iter().map(|load| line.iter().find(|(at, _)| at == load).map(|(_, value)| *value));
            let values =
                values.map(|value| Cell::number(&or_none(value, |value| format::duration(value as u64)), value));
            [markup::name(row.order, &row.variant, "")].into_iter().chain(values).collect()
        })
        .collect();
    markup::table("figures", &format!("Latency, {}, against {}", percentile.0, axis.name), &headings, &cells)
}
