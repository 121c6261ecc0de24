//! The basis of each median: events, independent events, and spread of the rounds.

use results::format::{self, or_none};

use super::markup::{self, Cell, escape};
use crate::{
    headline,
    merge::Merged,
    rows::{LoadPoint, Row},
};

const HEADINGS: [&str; 8] = [
    "Approach",
    "Events",
    "Effective events",
    "Deliveries",
    "p50",
    "99 % interval of the p50 over rounds",
    "Spread between rounds",
    "Rounds",
];

/// Renders the table of one load.
pub(super) fn table(point: &LoadPoint) -> String {
    let rows: Vec<Vec<Cell>> = point.rows.iter().filter_map(|row| Some(cells(row, row.merged.as_ref()?))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let caption = format!("What each median rests on: {}", headline::describe(&point.load));
    markup::table("figures", &caption, &HEADINGS, &rows)
}

fn cells(row: &Row, merged: &Merged) -> Vec<Cell> {
    let count = |value: u64| Cell::number(&format::count(value), Some(value as f64));
    let p50 = merged.latency_ns.p50;
    let interval = merged.interval_over_rounds_ns;
    vec![
        markup::name(row.order, &row.variant, ""),
        events(merged),
        count(merged.effective_observations),
        count(merged.latency_ns.count),
        Cell::number(&or_none(p50, format::duration), p50.map(|p50| p50 as f64)),
        Cell::number(&or_none(interval, format::range), interval.map(|[least, _]| least as f64)),
        Cell::number(
            &or_none(merged.round_spread, |spread| format!("× {}", format::significant(spread))),
            merged.round_spread,
        ),
        count(merged.rounds.len() as u64),
    ]
}

/// Describes the events that reached a client and have an entry, and their share.
fn events(merged: &Merged) -> Cell {
    let count = merged.event_median_ns.count;
    let sampled = match merged.event_entries_one_of {
        0 | 1 => String::new(),
        one_of => {
            format!(" <small title=\"in a long window a sample has an entry\">one in {}</small>", format::count(one_of))
        }
    };
    Cell::html(format!("{}{sampled}", format::count(count)), Some(count as f64))
}

/// Renders the uncertainty of a median: the interval over the rounds, or the interval of the only round.
pub(super) fn interval_below(merged: &Merged) -> String {
    let of_one = merged.median_interval_ns.filter(|_| merged.rounds.len() == 1);
    let (interval, what) = match (merged.interval_over_rounds_ns, of_one) {
        (Some(interval), _) => (interval, "99 % interval of the median, from the differences between rounds"),
        (None, Some(interval)) => (interval, "95 % interval of the median, of the only round"),
        (None, None) => return String::new(),
    };
    format!(" <small title=\"{what}\">{}</small>", escape(&format::range(interval)))
}

/// Renders a p99, marked if a check warned about the tail.
pub(super) fn p99(row: &Row, merged: &Merged) -> String {
    let p99 = escape(&or_none(merged.latency_ns.p99, format::duration));
    if row.tail_warnings.is_empty() || merged.latency_ns.p99.is_none() {
        return p99;
    }
    let said = escape(&format!("warned: {}", row.tail_warnings.join(", ")));
    format!("{p99}&nbsp;<span class=\"warns\" role=\"img\" aria-label=\"{said}\" title=\"{said}\">!</span>")
}
