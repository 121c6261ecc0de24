//! One quantity against the varied load, log–log: marks are filled for valid trials and hollow for saturated ones,
//! with a ring if only the server was short of CPU time.

use results::format::{self, NONE};

use super::{
    canvas::{self, Canvas, Hold, Ink, TEXT, style},
    chart::{self, EndLabel, Frame, NAMES},
    marks::{self, Line, Mark, Standing},
    markup::{self, Cell},
    quantities::Quantity,
    scale::{Scale, logarithmic_axis, share_axis},
    takeaway,
};
use crate::sweep::Sweep;

const SIZE: (i32, i32) = (1480, 820);
const FRAME: Frame = Frame { left: 150, right: SIZE.0 - NAMES, top: 56, bottom: SIZE.1 - 90 };
/// Distance between the axis and the lightest load, so that no mark covers the axis.
const MARGIN: i32 = 24;
/// Height of a line of the legend.
const LEGEND: i32 = TEXT + 8;

/// Renders the figure. The text is empty if no variant has a value.
pub(super) fn figure(sweep: &Sweep<'_>, quantity: &Quantity) -> String {
    let lines = marks::lines(sweep, quantity);
    let Some((horizontal, vertical)) = scales(sweep, quantity, &lines) else { return String::new() };
    let axis = sweep.axis.name;
    let title = format!("{} against {axis}, with {}", quantity.title, sweep.held());
    let takeaway = takeaway::sentence(sweep, quantity, &lines);
    let legend = legend(&lines);
    let id = format!("sweep-{}-{}-{}", axis.replace(' ', "-"), sweep.index, quantity.id);
    let size = (SIZE.0, SIZE.1 + LEGEND * legend.len() as i32 + 8);
    let drawing = canvas::svg(&id, size, &title, &takeaway, |canvas| {
        let loads = loads(sweep);
        let along: Vec<_> = loads.iter().map(|load| (horizontal.at(*load), format::plain(*load))).collect();
        let ticks: Vec<_> =
            vertical.1.iter().map(|tick| (vertical.0.at(*tick), format::tick(&(quantity.text)(*tick)))).collect();
        chart::horizontal_axis(canvas, FRAME, &along, &format!("{axis}, logarithmic"));
        chart::vertical_axis(canvas, FRAME, &ticks, &format!("{}, logarithmic", quantity.what));
        for (text, line) in legend.iter().zip(0..) {
            canvas.text(text, (8, SIZE.1 + LEGEND * line + TEXT / 2 + 8), Ink::Muted, Hold::Left);
        }
        let place = |mark: &Mark| (horizontal.at(mark.load), vertical.0.at(mark.value));
        let labels: Vec<EndLabel> = lines.iter().filter_map(|line| draw(canvas, line, &loads, place)).collect();
        chart::end_labels(canvas, FRAME, &labels);
    });
    chart::figure(&title, &takeaway, &drawing, &table(sweep, quantity, &lines))
}

/// Returns the loads, which are also the columns of the table.
fn loads(sweep: &Sweep<'_>) -> Vec<f64> {
    sweep.points.iter().map(|point| (sweep.axis.value)(&point.load)).collect()
}

/// Returns both scales with their ticks. Returns `None` if nothing can be drawn. A load without values keeps its
/// place.
fn scales(sweep: &Sweep<'_>, quantity: &Quantity, lines: &[Line<'_>]) -> Option<(Scale, (Scale, Vec<f64>))> {
    let values = lines.iter().flat_map(|(_, marks)| marks.iter().map(|mark| mark.value));
    let (bounds, ticks) = logarithmic_axis(values.clone())?;
    let (bounds, ticks) = if quantity.whole.is_some() { share_axis(values) } else { (bounds, ticks) };
    let loads = sweep.points.iter().map(|point| (sweep.axis.value)(&point.load));
    let ([lightest, heaviest], _) = logarithmic_axis(loads)?;
    let horizontal = Scale::logarithmic(lightest, heaviest, FRAME.left + MARGIN, FRAME.right);
    Some((horizontal, (Scale::logarithmic(bounds[0], bounds[1], FRAME.bottom, FRAME.top), ticks)))
}

/// Draws a line through valid trials, a dotted line to the others, and the marks. Returns the place of the name.
fn draw(
    canvas: &Canvas<'_>,
    (row, marks): &Line<'_>,
    loads: &[f64],
    place: impl Fn(&Mark) -> (i32, i32),
) -> Option<EndLabel> {
    let drawn: Vec<&Mark> = marks.iter().filter(|mark| mark.value > 0.0).collect();
    canvas.group(&row.variant, None, || {
        for pair in drawn.windows(2).filter(|pair| pair.iter().any(|mark| !mark.standing.is_valid())) {
            canvas.line(vec![place(pair[0]), place(pair[1])], Ink::Dotted(style(row)), 3, 1.0);
        }
        let solid: Vec<_> = drawn.iter().filter(|mark| mark.standing.is_valid()).map(|mark| place(mark)).collect();
        if solid.len() > 1 {
            canvas.line(solid, Ink::Series(style(row)), 4, 1.0);
        }
    });
    for mark in &drawn {
        let load = loads.iter().position(|load| *load == mark.load);
        canvas.group(&row.variant, load.map(|load| load + 1), || {
            canvas.marker(style(row), place(mark), mark.standing.is_valid());
            if mark.standing.is_ringed() {
                canvas.ring(style(row), place(mark));
            }
        });
    }
    let end = place(drawn.last()?);
    Some(EndLabel { order: Some(style(row)), text: row.variant.clone(), end })
}

/// Describes unusual marks, if there are any.
fn legend(lines: &[Line<'_>]) -> Vec<&'static str> {
    let any = |standing| lines.iter().any(|(_, marks)| marks.iter().any(|mark| mark.standing == standing));
    let meanings = [
        (Standing::Limited, "hollow: SATURATED, the load generator was the limit, or one of two; no valid trial"),
        (Standing::Saturated, "hollow and ringed: SATURATED, the server alone was short of CPU time; no valid trial"),
        (Standing::Overload, "ringed: OVERLOAD, valid, and the server was short of CPU time"),
    ];
    meanings.into_iter().filter(|(standing, _)| any(*standing)).map(|(_, meaning)| meaning).collect()
}

fn table(sweep: &Sweep<'_>, quantity: &Quantity, lines: &[Line<'_>]) -> String {
    let loads = loads(sweep);
    let mut headings = vec!["Approach".to_owned()];
    headings.extend(loads.iter().map(|load| format!("{} {}", format::plain(*load), sweep.axis.name)));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let cells: Vec<Vec<Cell>> = lines
        .iter()
        .map(|(row, marks)| {
            let values = loads.iter().map(|load| cell(quantity, marks.iter().filter(|mark| mark.load == *load)));
            [markup::name(style(row), &row.variant, "")].into_iter().chain(values).collect()
        })
        .collect();
    markup::table("figures", &format!("{} against {}", quantity.title, sweep.axis.name), &headings, &cells)
}

/// Renders the value under one load: of valid trials, and labelled of others.
fn cell<'a>(quantity: &Quantity, marks: impl Iterator<Item = &'a Mark>) -> Cell {
    let mut cell = Cell::default();
    for mark in marks {
        if !cell.html.is_empty() {
            cell.html += "<br>";
        }
        let label = match mark.standing {
            Standing::Valid => "",
            Standing::Overload => " <small class=\"differs\">OVERLOAD</small>",
            Standing::Saturated | Standing::Limited => " <small class=\"differs\">SATURATED</small>",
        };
        cell.html += &format!("{}{label}", markup::escape(&(quantity.text)(mark.value)));
        cell.order = cell.order.or(Some(mark.value));
    }
    if cell.html.is_empty() { Cell::text(NONE) } else { cell }
}
