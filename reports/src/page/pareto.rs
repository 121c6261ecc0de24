//! Latency against complexity, in one chart for clients and one for servers, with the Pareto front.

use results::format;

use super::{
    canvas::{self, Canvas, Ink, style},
    chart::{self, Frame},
    label_placement::{self, Place},
    markup::{self, Cell},
    scale::{Scale, logarithmic_axis},
};
use crate::{
    difference, front,
    rows::{LoadPoint, Row},
};

const SIZE: (i32, i32) = (1480, 900);
const FRAME: Frame = Frame { left: 150, right: SIZE.0 - 30, top: 56, bottom: SIZE.1 - 90 };
/// Distance between the axes and the first marks.
const MARGIN: i32 = 30;
/// Margin of the latency axis, as a factor.
const ROOM: f64 = 2.0;
/// Maximum number of steps on the axis of lines.
const STEPS: u32 = 8;

/// Renders both figures. A figure without values is left out.
pub(super) fn figures(point: &LoadPoint, id: &str) -> String {
    let rows = chart::measured(point);
    ["client", "server"].iter().enumerate().map(|(side, name)| figure(&rows, side, name, id)).collect()
}

fn figure(rows: &[&Row], side: usize, name: &str, id: &str) -> String {
    let measured: Vec<(&Row, u64)> = rows.iter().filter_map(|row| Some((*row, p50(row)?))).collect();
    let times = measured.iter().map(|(_, p50)| *p50 as f64);
    let Some((_, ticks)) = logarithmic_axis(times.clone()) else { return String::new() };
    let bounds = [times.clone().fold(f64::MAX, f64::min) / ROOM, times.fold(0.0, f64::max) * ROOM];
    let ticks = ticks.into_iter().filter(|tick| (bounds[0]..=bounds[1]).contains(tick));
    let most = measured.iter().map(|(row, _)| row.code_lines[side]).max().unwrap_or(1);
    let step = step(most);
    let across = Scale::linear(0.0, f64::from(most.div_ceil(step) * step), FRAME.left, FRAME.right - MARGIN);
    let up = Scale::logarithmic(bounds[0], bounds[1], FRAME.bottom, FRAME.top);
    let front = front::pareto_front(rows, side);
    let title = format!("Latency against the complexity of the {name}");
    let takeaway = takeaway(&measured, &front, side, name);
    let drawing = canvas::svg(&format!("{id}-front-{name}"), SIZE, &title, &takeaway, |canvas| {
        let lines: Vec<_> = (0..=most.div_ceil(step))
            .map(|index| (across.at(f64::from(index * step)), (index * step).to_string()))
            .collect();
        let times: Vec<_> = ticks.map(|tick| (up.at(tick), format::tick(&format::duration(tick as u64)))).collect();
        chart::horizontal_axis(canvas, FRAME, &lines, &format!("lines of code of the {name}"));
        chart::vertical_axis(canvas, FRAME, &times, "latency, p50, logarithmic");
        let place = |row: &Row, p50: u64| (across.at(f64::from(row.code_lines[side])), up.at(p50 as f64));
        let stairs = stairs(front.iter().filter_map(|row| Some(place(row, p50(row)?))));
        canvas.line(stairs.clone(), Ink::Dashed, 3, 1.0);
        let marks: Vec<_> = measured.iter().map(|(row, p50)| (*row, place(row, *p50))).collect();
        draw_marks(canvas, &marks, &stairs);
    });
    chart::figure(&title, &takeaway, &drawing, &table(&measured, &front, side))
}

fn p50(row: &Row) -> Option<u64> {
    row.merged.as_ref()?.latency_ns.p50.filter(|p50| *p50 > 0)
}

/// Returns the smallest step of 1, 2 or 5 times a power of ten that does not need too many steps.
fn step(most: u32) -> u32 {
    let steps = (0..8).flat_map(|power| [1, 2, 5].map(|step| step * 10_u32.pow(power)));
    steps.into_iter().find(|step| most.div_ceil(*step) <= STEPS).unwrap_or(most)
}

/// Draws the front. Marks to the right of and above it are dominated.
fn stairs(front: impl Iterator<Item = (i32, i32)>) -> Vec<(i32, i32)> {
    let mut stairs: Vec<(i32, i32)> = Vec::new();
    for (x, y) in front {
        let before = stairs.last().map_or(FRAME.top, |(_, before)| *before);
        stairs.extend([(x, before), (x, y)]);
    }
    stairs.extend(stairs.last().map(|(_, last)| (FRAME.right, *last)));
    stairs
}

/// Draws the marks, hollow for the floor, and the names. Lines to names are below all marks.
fn draw_marks(canvas: &Canvas<'_>, marks: &[(&Row, (i32, i32))], stairs: &[(i32, i32)]) {
    let names: Vec<(String, (i32, i32))> =
        marks.iter().map(|(row, mark)| (chart::shortened(&row.variant), *mark)).collect();
    let places = label_placement::beside(&names, stairs, FRAME);
    for ((row, mark), Place { joint, .. }) in marks.iter().zip(&places) {
        if let Some(joint) = joint {
            canvas.group(&row.variant, None, || canvas.line(vec![*mark, *joint], Ink::Plain(style(row)), 2, 0.6));
        }
    }
    for (((row, mark), (text, _)), place) in marks.iter().zip(&names).zip(&places) {
        canvas.group(&row.variant, None, || {
            canvas.marker(style(row), *mark, !row.floor);
            canvas.text(text, (place.end, place.middle), Ink::Text, place.hold);
        });
    }
}

fn takeaway(measured: &[(&Row, u64)], front: &[&Row], side: usize, name: &str) -> String {
    let said: Vec<String> = front
        .iter()
        .filter_map(|row| {
            Some(format!("{} ({} lines, {})", row.variant, row.code_lines[side], format::duration(p50(row)?)))
        })
        .collect();
    if said.is_empty() {
        return "No approach apart from the floor has enough events for a median.".to_owned();
    }
    let is_below = |(row, own): &&(&Row, u64)| {
        let simpler = front.iter().filter(|other| other.code_lines[side] <= row.code_lines[side]);
        !row.floor && simpler.filter_map(|other| p50(other)).min().is_some_and(|least| *own < least)
    };
    let below = match measured.iter().filter(is_below).count() {
        0 => "",
        _ => " What lies below the line is quicker by the digits alone: no difference is shown.",
    };
    let has_rounds = |row: &Row| row.merged.as_ref().is_some_and(difference::is_comparable);
    let digits = if measured.iter().all(|(row, _)| has_rounds(row)) {
        ""
    } else {
        " Where there are too few rounds to show a difference, the digits decide."
    };
    format!(
        "On the dashed front, from the simplest {name}: {}. For every other there is one that takes no more lines and, as \
         far as is shown, is no slower.{below}{digits} The floor, hollow, is no choice and on no front.",
        said.join(", ")
    )
}

fn table(measured: &[(&Row, u64)], front: &[&Row], side: usize) -> String {
    let cells: Vec<Vec<Cell>> = measured
        .iter()
        .map(|(row, p50)| {
            let lines = row.code_lines[side];
            let is_on_front = front.iter().any(|other| other.variant == row.variant);
            let standing = match (row.floor, is_on_front) {
                (true, _) => "the floor",
                (false, true) => "on the front",
                (false, false) => format::NONE,
            };
            vec![
                markup::name(style(row), &row.variant, ""),
                Cell::number(&lines.to_string(), Some(f64::from(lines))),
                Cell::number(&format::duration(*p50), Some(*p50 as f64)),
                Cell::text(standing),
            ]
        })
        .collect();
    markup::table("figures", "Lines of code and median latency", &["Approach", "lines", "p50", "front"], &cells)
}
