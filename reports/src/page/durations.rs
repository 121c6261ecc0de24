//! Further durations of each approach: lateness of events and polls, time until the last client had an event, and
//! confirmation of orders.

use results::{
    format::{self, or_none},
    schema::Summary,
};

use super::{
    canvas::style,
    chart,
    markup::{self, Cell},
};
use crate::{
    merge::Merged,
    rows::{LoadPoint, Row},
};

const HEADINGS: [&str; 8] = [
    "Approach",
    "Last client, p50",
    "Last client, p99",
    "Order to confirmation, p50",
    "Order to confirmation, p99",
    "Publisher late, p99",
    "Polls late, p99",
    "Reconnects",
];

/// Renders the table with its heading. The text is empty if no row has values.
pub(super) fn figure(point: &LoadPoint) -> String {
    let rows = chart::measured(point);
    let cells: Vec<Vec<Cell>> = rows.iter().filter_map(|row| Some(cells(row, row.merged.as_ref()?))).collect();
    if cells.is_empty() {
        return String::new();
    }
    let explained = "Last client: until the last subscriber had an event. Late: after the time that the schedule \
                     gave, which counts as latency too.";
    let table = markup::table("figures", "Other durations, of all rounds together", &HEADINGS, &cells);
    markup::figure("Other durations", explained, &table)
}

fn cells(row: &Row, merged: &Merged) -> Vec<Cell> {
    let p50 = |summary: Option<&Summary>| time(summary.and_then(|summary| summary.p50));
    let p99 = |summary: Option<&Summary>| time(summary.and_then(|summary| summary.p99));
    let confirmation = merged.confirmation_ns.as_ref();
    vec![
        markup::name(style(row), &row.variant, ""),
        p50(Some(&merged.time_to_last_ns)),
        p99(Some(&merged.time_to_last_ns)),
        p50(confirmation),
        p99(confirmation),
        p99(merged.lateness_ns.as_ref()),
        p99(merged.poll_lateness_ns.as_ref()),
        Cell::number(&format::count(merged.reconnects), Some(merged.reconnects as f64)),
    ]
}

fn time(value: Option<u64>) -> Cell {
    Cell::number(&or_none(value, format::duration), value.map(|value| value as f64))
}
