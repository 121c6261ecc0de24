//! Shared parts of charts: axes, names beside lines, and the figure with its table.

use results::sanitize;

use super::{
    canvas::{Canvas, Hold, Ink, TEXT, style},
    markup::escape,
    scale::apart,
};
use crate::rows::{LoadPoint, Row};

/// The area of the data, in pixels of the drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
}

/// Width of the names at the right of lines and at the left of bars and dots.
pub(super) const NAMES: i32 = 430;
/// Characters of a name that fit in it.
const NAME_LENGTH: usize = 22;
/// Height of a row of bars or dots.
pub(super) const ROW: i32 = 54;

/// A name at the end of a line.
#[derive(Debug, Clone)]
pub(super) struct EndLabel {
    /// Position in the registry. `None` if the line belongs to no approach.
    pub(super) order: Option<usize>,
    pub(super) text: String,
    pub(super) end: (i32, i32),
}

/// Draws vertical grid lines with their values and a title below.
pub(super) fn horizontal_axis(canvas: &Canvas<'_>, frame: Frame, ticks: &[(i32, String)], what: &str) {
    let mut free = i32::MIN;
    for (x, text) in ticks {
        canvas.line(vec![(*x, frame.top), (*x, frame.bottom)], Ink::Grid, 2, 1.0);
        // A value that would overlap the one before it is left out.
        let half = text.chars().count() as i32 * TEXT * 30 / 100 + 9;
        if x - half >= free {
            canvas.text(text, (*x, frame.bottom + TEXT + 4), Ink::Muted, Hold::Middle);
            free = x + half;
        }
    }
    canvas.line(vec![(frame.left, frame.bottom), (frame.right, frame.bottom)], Ink::Muted, 2, 1.0);
    canvas.text(what, (8, frame.bottom + 2 * TEXT + 18), Ink::Muted, Hold::Left);
}

/// Draws horizontal grid lines with their values at the left.
pub(super) fn vertical_axis(canvas: &Canvas<'_>, frame: Frame, ticks: &[(i32, String)], what: &str) {
    for (y, text) in ticks {
        canvas.line(vec![(frame.left, *y), (frame.right, *y)], Ink::Grid, 2, 1.0);
        canvas.text(text, (frame.left - 14, *y), Ink::Muted, Hold::Right);
    }
    canvas.text(what, (8, TEXT / 2 + 2), Ink::Muted, Hold::Left);
}

/// Draws names at the right, joined with the ends of their lines and moved apart so that they do not overlap.
pub(super) fn end_labels(canvas: &Canvas<'_>, frame: Frame, labels: &[EndLabel]) {
    let mut heights: Vec<i32> = labels.iter().map(|label| label.end.1).collect();
    apart(&mut heights, TEXT + 6, frame.top, frame.bottom);
    for (label, height) in labels.iter().zip(heights) {
        let draw = || end_label(canvas, frame.right, label, height);
        if label.order.is_some() { canvas.group(&label.text, None, draw) } else { draw() }
    }
}

fn end_label(canvas: &Canvas<'_>, right: i32, label: &EndLabel, height: i32) {
    let points = vec![label.end, (right + 16, height), (right + 26, height)];
    canvas.line(points, label.order.map_or(Ink::Muted, Ink::Plain), 1, 0.5);
    if let Some(order) = label.order {
        canvas.marker(order, (right + 38, height), true);
    }
    canvas.text(&shortened(&label.text), (right + 56, height), Ink::Text, Hold::Left);
}

/// Draws names at the left of rows, with a line below each.
pub(super) fn row_names(canvas: &Canvas<'_>, frame: Frame, rows: &[&Row]) {
    for (index, row) in rows.iter().enumerate() {
        let middle = row_middle(frame, index);
        row_name(canvas, row, middle);
        let below = middle + ROW / 2;
        canvas.line(vec![(0, below), (frame.right, below)], Ink::Grid, 1, 1.0);
    }
}

/// Draws a name at the left, beside its marker.
pub(super) fn row_name(canvas: &Canvas<'_>, row: &Row, middle: i32) {
    canvas.group(&row.variant, None, || {
        canvas.marker(style(row), (14, middle), true);
        canvas.text(&shortened(&row.variant), (36, middle), Ink::Text, Hold::Left);
    });
}

/// Cuts a name to its width. The table beside the chart has the whole name.
pub(super) fn shortened(name: &str) -> String {
    sanitize::cut(name, NAME_LENGTH)
}

/// Returns the middle of the row at this position.
pub(super) fn row_middle(frame: Frame, index: usize) -> i32 {
    frame.top + ROW * index as i32 + ROW / 2
}

/// Returns the rows with values.
pub(super) fn measured(point: &LoadPoint) -> Vec<&Row> {
    point.rows.iter().filter(|row| row.merged.is_some()).collect()
}

/// Renders a chart with its heading, takeaway and table.
pub(super) fn figure(title: &str, takeaway: &str, drawing: &str, table: &str) -> String {
    let title = escape(title);
    // The keyboard can scroll the drawing and step through its elements.
    format!(
        "<figure><h3>{title}</h3><figcaption>{}</figcaption><div class=\"picture\"><div class=\"drawing\" role=\"group\" \
         tabindex=\"0\" aria-label=\"Chart: {title}\">{drawing}</div></div>{table}</figure>\n",
        escape(takeaway),
    )
}
