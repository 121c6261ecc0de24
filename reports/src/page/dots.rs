//! Bytes, CPU time and memory, with one dot per round, which shows the spread.

use results::format::{self, or_none};

use super::{
    canvas::{self, Canvas, Ink, style},
    chart::{self, Frame, NAMES, ROW},
    markup::{self, Cell},
    scale::{Scale, logarithmic_axis},
};
use crate::{
    merge::{
        Merged,
        costs::{self, Cost},
    },
    rows::{LoadPoint, Row},
};

const WIDTH: i32 = 1480;

/// The values of one side, by name.
struct Side {
    name: &'static str,
    cost: Cost,
}

/// One chart.
struct Chart {
    id: &'static str,
    title: &'static str,
    what: &'static str,
    text: fn(f64) -> String,
    /// Drawn with filled dots, then with hollow ones.
    sides: &'static [Side],
}

const CHARTS: [Chart; 3] = [
    Chart {
        id: "bytes",
        title: "Bytes for each event delivered",
        what: "bytes on the server's sockets, both ways, protocol framing included",
        text: format::bytes,
        sides: &[Side { name: "both ways", cost: costs::WIRE_BYTES }],
    },
    Chart {
        id: "cpu",
        title: "CPU time for each event delivered",
        what: "user and system time; filled: server, hollow: client",
        text: format::processor_time,
        sides: &[Side { name: "server", cost: costs::SERVER_CPU }, Side { name: "client", cost: costs::CLIENT_CPU }],
    },
    Chart {
        id: "memory",
        title: "Memory for each client",
        what: "growth over the idle process, user space; filled: server, hollow: client",
        text: format::bytes,
        sides: &[
            Side { name: "server", cost: costs::SERVER_MEMORY },
            Side { name: "client", cost: costs::CLIENT_MEMORY },
        ],
    },
];

/// Renders the three figures. A figure without values is left out.
pub(super) fn figures(point: &LoadPoint, id: &str) -> String {
    let rows = chart::measured(point);
    CHARTS.iter().map(|chart| figure(chart, &rows, &format!("{id}-{}", chart.id))).collect()
}

fn figure(chart: &Chart, rows: &[&Row], id: &str) -> String {
    let rounds = rows.iter().filter_map(|row| row.merged.as_ref()).flat_map(|merged| &merged.rounds);
    let values = rounds.flat_map(|round| chart.sides.iter().filter_map(|side| (side.cost.round)(round)));
    let Some((bounds, ticks)) = logarithmic_axis(values) else { return String::new() };
    let frame = Frame { left: NAMES, right: WIDTH - 60, top: 20, bottom: 20 + ROW * rows.len() as i32 };
    let scale = Scale::logarithmic(bounds[0], bounds[1], frame.left + 20, frame.right);
    let takeaway = takeaway(chart, rows);
    let drawing = canvas::svg(id, (WIDTH, frame.bottom + 100), chart.title, &takeaway, |canvas| {
        let ticks: Vec<_> = ticks.iter().map(|tick| (scale.at(*tick), format::tick(&(chart.text)(*tick)))).collect();
        chart::horizontal_axis(canvas, frame, &ticks, &format!("{}; logarithmic", chart.what));
        chart::row_names(canvas, frame, rows);
        for (index, row) in rows.iter().enumerate() {
            draw(canvas, chart, row, chart::row_middle(frame, index), scale);
        }
    });
    chart::figure(chart.title, &takeaway, &drawing, &table(chart, rows))
}

/// The sides are slightly above and below the middle, so that they never overlap.
fn draw(canvas: &Canvas<'_>, chart: &Chart, row: &Row, middle: i32, scale: Scale) {
    let Some(merged) = &row.merged else { return };
    for (index, side) in chart.sides.iter().enumerate() {
        let y = if chart.sides.len() == 1 { middle } else { middle - 11 + 22 * index as i32 };
        let xs: Vec<i32> = merged
            .rounds
            .iter()
            .filter_map(side.cost.round)
            .filter(|value| *value > 0.0)
            .map(|value| scale.at(value))
            .collect();
        // Each side has two columns in the table, after the name.
        canvas.group(&row.variant, Some(1 + 2 * index), || {
            if let Some((least, most)) = xs.iter().min().zip(xs.iter().max()) {
                canvas.line(vec![(*least, y), (*most, y)], Ink::Plain(style(row)), 3, 0.5);
            }
            for x in &xs {
                canvas.marker(style(row), (*x, y), index == 0);
            }
        });
    }
}

fn takeaway(chart: &Chart, rows: &[&Row]) -> String {
    let first = &chart.sides[0];
    let mut values: Vec<(f64, &str)> = rows
        .iter()
        .filter(|row| !row.floor)
        .filter_map(|row| Some(((first.cost.whole)(row.merged.as_ref()?)?, row.variant.as_str())))
        .collect();
    values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return "Nothing was measured.".to_owned() };
    if values.len() == 1 {
        return "One mark for each round.".to_owned();
    }
    let side = if chart.sides.len() == 1 { String::new() } else { format!(" on the {}", first.name) };
    format!(
        "Least{side}, apart from the floor: {}, {}. Most: {}, {}. One mark for each round.",
        least.1,
        (chart.text)(least.0),
        most.1,
        (chart.text)(most.0)
    )
}

fn table(chart: &Chart, rows: &[&Row]) -> String {
    let mut headings = vec!["Approach".to_owned()];
    for side in chart.sides {
        headings.extend([side.name.to_owned(), format!("{}, rounds", side.name)]);
    }
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let cells: Vec<Vec<Cell>> =
        rows.iter().filter_map(|row| Some(table_row(chart, row, row.merged.as_ref()?))).collect();
    markup::table("figures", &format!("{}, all rounds and each", chart.title), &headings, &cells)
}

fn table_row(chart: &Chart, row: &Row, merged: &Merged) -> Vec<Cell> {
    let mut cells = vec![markup::name(style(row), &row.variant, "")];
    for side in chart.sides {
        let whole = (side.cost.whole)(merged);
        cells.push(Cell::number(&or_none(whole, chart.text), whole));
        let rounds: Vec<String> =
            merged.rounds.iter().map(|round| or_none((side.cost.round)(round), chart.text)).collect();
        cells.push(Cell::html(format!("<span class=\"rounds\">{}</span>", markup::values(&rounds)), None));
    }
    cells
}
