//! The picture of the first screen: one strip per approach, from the median latency to the 99th percentile, beside what the
//! floor and the machine itself need.

use results::format::{self, or_none};

use super::{
    canvas::{self, Canvas, Hold, Ink, TEXT, style},
    chart::{self, Frame, NAMES, ROW},
    markup::{self, Cell},
    scale::{Scale, logarithmic_axis},
};
use crate::{
    merge::Merged,
    report::Report,
    rows::{LoadPoint, Row},
};

const WIDTH: i32 = 1480;
/// Width of the text at the right of each strip.
const SAYING: i32 = 370;
const TOP: i32 = 2 * TEXT;
const TITLE: &str = "From the median to the 99th percentile";

/// A vertical line with its name.
struct Mark {
    name: &'static str,
    ns: u64,
    ink: Ink,
}

/// Renders the picture of the heaviest load. The text is empty if no row has a median.
pub(super) fn section(report: &Report) -> String {
    let Some(point) = report.loads.last() else { return String::new() };
    let rows = rows(point);
    let marks = marks(point);
    let latencies =
        rows.iter().filter_map(|row| row.merged.as_ref()).flat_map(|merged| [merged.latency_ns.p50, end(merged)]);
    let values = latencies.flatten().chain(marks.iter().map(|mark| mark.ns)).map(|ns| ns as f64);
    let Some((bounds, ticks)) = logarithmic_axis(values) else { return String::new() };
    let frame = Frame { left: NAMES, right: WIDTH - SAYING, top: TOP, bottom: TOP + ROW * rows.len() as i32 };
    let scale = Scale::logarithmic(bounds[0], bounds[1], frame.left + 10, frame.right);
    let takeaway = takeaway(&marks);
    let drawing = canvas::svg("overview", (WIDTH, frame.bottom + 100), TITLE, &takeaway, |canvas| {
        let ticks: Vec<_> =
            ticks.iter().map(|tick| (scale.at(*tick), format::tick(&format::duration(*tick as u64)))).collect();
        chart::horizontal_axis(
            canvas,
            frame,
            &ticks,
            "latency, logarithmic; mark: median, end of the strip: 99th percentile",
        );
        chart::row_names(canvas, Frame { right: WIDTH, ..frame }, &rows);
        for (index, mark) in marks.iter().enumerate() {
            // The names stand on either side, so that they do not overlap.
            let (aside, hold) = if index == 0 { (-8, Hold::Right) } else { (8, Hold::Left) };
            draw_mark(canvas, mark, (scale.at(mark.ns as f64), aside, hold), frame);
        }
        for (index, row) in rows.iter().enumerate() {
            canvas.group(&row.variant, None, || draw(canvas, row, chart::row_middle(frame, index), scale, frame.right));
        }
    });
    format!(
        "<section class=\"overview\"><h2>Latency at a glance</h2>{}</section>\n",
        chart::figure(TITLE, &takeaway, &drawing, &table(&rows))
    )
}

/// Returns the rows with a median.
fn rows(point: &LoadPoint) -> Vec<&Row> {
    let mut rows = chart::measured(point);
    rows.retain(|row| row.merged.as_ref().is_some_and(|merged| merged.latency_ns.p50.is_some()));
    rows
}

/// Returns the end of a strip: p99, or p90 with too few events for it.
fn end(merged: &Merged) -> Option<u64> {
    merged.latency_ns.p99.or(merged.latency_ns.p90)
}

/// Returns the lines of the floor and of the machine, from the left.
fn marks(point: &LoadPoint) -> Vec<Mark> {
    let floor = point.rows.iter().find(|row| row.floor).and_then(|row| row.merged.as_ref()?.latency_ns.p50);
    let wake = point.wake_up_ns.as_ref().and_then(|summary| summary.p99);
    let floor = floor.map(|ns| Mark { name: "floor", ns, ink: Ink::Dashed });
    let wake = wake.map(|ns| Mark { name: "wake-up", ns, ink: Ink::Muted });
    let mut marks: Vec<Mark> = floor.into_iter().chain(wake).collect();
    marks.sort_by_key(|mark| mark.ns);
    marks
}

fn draw_mark(canvas: &Canvas<'_>, mark: &Mark, (x, aside, hold): (i32, i32, Hold), frame: Frame) {
    canvas.line(vec![(x, frame.top - 6), (x, frame.bottom)], mark.ink, 3, 0.9);
    canvas.text(mark.name, (x + aside, frame.top - TEXT / 2 - 6), Ink::Muted, hold);
}

fn draw(canvas: &Canvas<'_>, row: &Row, middle: i32, scale: Scale, right: i32) {
    let Some((merged, p50)) = row.merged.as_ref().and_then(|merged| Some((merged, merged.latency_ns.p50?))) else {
        return;
    };
    let from = scale.at(p50 as f64);
    let to = end(merged).map_or(from, |ns| scale.at(ns as f64));
    canvas.bar((from, middle - 9), (to, middle + 9), Ink::Plain(style(row)), 0.55);
    canvas.marker(style(row), (from, middle), true);
    let mut saying = format::duration(p50);
    if let Some(share) = merged.empty_share.filter(|share| *share > 0.0) {
        saying += &format!(", {} wasted", format::percent(share));
    }
    canvas.text(&saying, (right + 16, middle), Ink::Text, Hold::Left);
}

fn takeaway(marks: &[Mark]) -> String {
    let said: Vec<String> = marks
        .iter()
        .map(|mark| match mark.name {
            "floor" => format!("Dashed: the median of the floor, {}.", format::duration(mark.ns)),
            _ => format!(
                "Upright line: 99 % of the machine's own wake-ups take less than {}.",
                format::duration(mark.ns)
            ),
        })
        .collect();
    format!("At the right: the median, and the share of responses without an event. {}", said.join(" "))
        .trim_end()
        .to_owned()
}

fn table(rows: &[&Row]) -> String {
    let time = |value: Option<u64>| Cell::number(&or_none(value, format::duration), value.map(|ns| ns as f64));
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .filter_map(|row| {
            let merged = row.merged.as_ref()?;
            let share = merged.empty_share;
            Some(vec![
                markup::name(style(row), &row.variant, ""),
                time(merged.latency_ns.p50),
                time(merged.latency_ns.p99),
                Cell::number(&or_none(share, format::percent), share),
            ])
        })
        .collect();
    let table = markup::table("figures", TITLE, &["Approach", "p50", "p99", "Wasted responses"], &cells);
    format!("<details><summary>These figures as a table</summary>{table}</details>")
}
