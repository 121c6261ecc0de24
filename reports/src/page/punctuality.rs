//! Punctuality of the instrument: lateness of publication, compared with how late the machine wakes a sleeping
//! thread.

use results::{
    format::{self, or_none},
    schema::Summary,
};

use super::{
    canvas::{self, Ink},
    chart::{self, EndLabel},
    curves::{Axes, Curve, FRAME, SIZE, curve},
    markup::{self, Cell},
};
use crate::host_noise::HostNoise;

/// Renders the figure. The text is empty if neither was ever late.
pub(super) fn figure(noise: &HostNoise) -> String {
    let lines = [("publisher", &noise.publisher_ns, Ink::Text), ("sleeper", &noise.sleeper_ns, Ink::Dashed)];
    let curves = lines.map(|(_, summary, _)| curve(summary, summary.count));
    let Some(axes) = Axes::around(&curves.iter().collect::<Vec<&Curve>>()) else { return String::new() };
    let title = "How late events were published";
    let takeaway = takeaway(noise);
    let drawing = canvas::svg("punctuality", SIZE, title, &takeaway, |canvas| {
        axes.draw(canvas, "late by");
        let mut labels = Vec::new();
        for ((name, _, ink), curve) in lines.iter().zip(&curves) {
            let points = axes.pixels(curve);
            let end = points.last().copied();
            canvas.line(points, *ink, 5, 1.0);
            labels.extend(end.map(|end| EndLabel { order: None, text: (*name).to_owned(), end }));
        }
        chart::end_labels(canvas, FRAME, &labels);
    });
    let rows: Vec<Vec<Cell>> = lines.iter().map(|(name, summary, _)| row(name, summary)).collect();
    let headings = ["Who", "p50", "p90", "p99", "p99.9", "max", "samples"];
    let table = markup::table("figures", "Lateness, of all valid trials together", &headings, &rows);
    chart::figure(title, &takeaway, &drawing, &table)
}

fn takeaway(noise: &HostNoise) -> String {
    let HostNoise { publisher_ns, sleeper_ns, .. } = noise;
    let text = |value: Option<u64>| or_none(value, format::duration);
    format!(
        "Half of the events were published within {} of their time, 99 of 100 within {}. A thread that only sleeps, a \
         millisecond at a time, was woken within {} and {}: so much is this machine’s, and what lies above it the \
         publisher’s own. Lateness counts as latency, for every approach alike.",
        text(publisher_ns.p50),
        text(publisher_ns.p99),
        text(sleeper_ns.p50),
        text(sleeper_ns.p99)
    )
}

fn row(name: &str, summary: &Summary) -> Vec<Cell> {
    let values = [summary.p50, summary.p90, summary.p99, summary.p999, summary.max];
    let time = |value: Option<u64>| Cell::number(&or_none(value, format::duration), value.map(|value| value as f64));
    let count = Cell::number(&format::count(summary.count), Some(summary.count as f64));
    [Cell::text(name)].into_iter().chain(values.map(time)).chain([count]).collect()
}
