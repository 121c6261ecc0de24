//! Latency against complexity, one chart for the clients and one for the servers, with the front: those that no other
//! is both simpler and no slower than.

use super::{
    canvas::{self, Canvas, Hold, Ink},
    chart::{self, Frame},
    markup::{self, Cell},
    places::{self, Place},
    scale::{Scale, logarithmic_axis},
};
use crate::{
    complexity::front,
    format,
    report::{LoadPoint, Row},
};

const SIZE: (i32, i32) = (1480, 900);
const FRAME: Frame = Frame { left: 150, right: SIZE.0 - 30, top: 56, bottom: SIZE.1 - 90 };
/// Between the axes and the first marks.
const MARGIN: i32 = 30;
/// What is drawn on an axis of lines: whole steps, so many of them at most.
const STEPS: u32 = 8;

/// The two figures; each is left out where nothing was measured.
pub(super) fn figures(point: &LoadPoint, id: &str) -> String {
    let rows = chart::measured(point);
    ["client", "server"].iter().enumerate().map(|(side, name)| figure(&rows, side, name, id)).collect()
}

fn figure(rows: &[&Row], side: usize, name: &str, id: &str) -> String {
    let measured: Vec<(&Row, u64)> = rows.iter().filter_map(|row| Some((*row, p50(row)?))).collect();
    let Some((bounds, ticks)) = logarithmic_axis(measured.iter().map(|(_, p50)| *p50 as f64)) else {
        return String::new();
    };
    let most = measured.iter().map(|(row, _)| row.code_lines[side]).max().unwrap_or(1);
    let step = step(most);
    let across = Scale::linear(0.0, f64::from(most.div_ceil(step) * step), FRAME.left, FRAME.right - MARGIN);
    let up = Scale::logarithmic(bounds[0], bounds[1], FRAME.bottom - MARGIN, FRAME.top);
    let front = front::of(rows, side);
    let title = format!("Latency against the complexity of the {name}");
    let take_away = take_away(&front, side, name);
    let drawing = canvas::svg(&format!("{id}-front-{name}"), SIZE, &title, &take_away, |canvas| {
        let lines: Vec<_> = (0..=most.div_ceil(step))
            .map(|index| (across.at(f64::from(index * step)), (index * step).to_string()))
            .collect();
        let times: Vec<_> =
            ticks.iter().map(|tick| (up.at(*tick), format::tick(&format::duration(*tick as u64)))).collect();
        chart::horizontal_axis(canvas, FRAME, &lines, &format!("lines of code of the {name}"));
        chart::vertical_axis(canvas, FRAME, &times, "latency, p50, logarithmic");
        let place = |row: &Row, p50: u64| (across.at(f64::from(row.code_lines[side])), up.at(p50 as f64));
        let steps: Vec<_> = front.iter().filter_map(|row| Some(place(row, p50(row)?))).collect();
        draw_front(canvas, &steps);
        let marks: Vec<_> = measured.iter().map(|(row, p50)| (*row, place(row, *p50))).collect();
        draw_marks(canvas, &marks);
    });
    chart::figure(&title, &take_away, &drawing, &table(&measured, &front, side))
}

fn p50(row: &Row) -> Option<u64> {
    row.merged.as_ref()?.latency_ns.p50.filter(|p50| *p50 > 0)
}

/// The least of 1, 2 and 5 times a power of ten of which few enough make the whole axis.
fn step(most: u32) -> u32 {
    let steps = (0..8).flat_map(|power| [1, 2, 5].map(|step| step * 10_u32.pow(power)));
    steps.into_iter().find(|step| most.div_ceil(*step) <= STEPS).unwrap_or(most)
}

/// Stairs: right of and above them something is beaten.
fn draw_front(canvas: &Canvas<'_>, front: &[(i32, i32)]) {
    let (Some(first), Some(last)) = (front.first(), front.last()) else { return };
    let mut stairs = vec![(first.0, FRAME.top)];
    for (x, y) in front {
        let before = stairs.last().map_or(*y, |(_, before)| *before);
        stairs.extend([(*x, before), (*x, *y)]);
    }
    stairs.push((FRAME.right, last.1));
    stairs.dedup();
    canvas.line(stairs, Ink::Dashed, 3, 1.0);
}

/// Marks, hollow where it is the floor's, and the names where there is room.
fn draw_marks(canvas: &Canvas<'_>, marks: &[(&Row, (i32, i32))]) {
    let names: Vec<(String, (i32, i32))> =
        marks.iter().map(|(row, mark)| (chart::shortened(&row.variant), *mark)).collect();
    let places = places::beside(&names, FRAME);
    for ((row, mark), Place { joint, .. }) in marks.iter().zip(&places) {
        if let Some(joint) = joint {
            canvas.line(vec![*mark, *joint], Ink::Plain(row.order), 2, 0.6);
        }
    }
    for (row, mark) in marks {
        canvas.marker(row.order, *mark, !row.floor);
    }
    for ((text, _), place) in names.iter().zip(&places) {
        canvas.text(text, (place.left, place.middle), Ink::Text, Hold::Left);
    }
}

fn take_away(front: &[&Row], side: usize, name: &str) -> String {
    let said: Vec<String> = front
        .iter()
        .filter_map(|row| {
            Some(format!("{} ({} lines, {})", row.variant, row.code_lines[side], format::duration(p50(row)?)))
        })
        .collect();
    if said.is_empty() {
        return "No approach beside the floor has enough events for a median.".to_owned();
    }
    format!(
        "On the dashed front, from the simplest {name}: {}. Of any other, one of these is simpler and no slower, as \
         far as is shown. The floor, hollow, is no choice and on no front.",
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
                markup::name(row.order, &row.variant, ""),
                Cell::number(&lines.to_string(), Some(f64::from(lines))),
                Cell::number(&format::duration(*p50), Some(*p50 as f64)),
                Cell::text(standing),
            ]
        })
        .collect();
    markup::table("figures", "Lines of code and median latency", &["Approach", "lines", "p50", "front"], &cells)
}
