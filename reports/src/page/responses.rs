//! Useful and wasted responses: the shares with and without events, and the theory.

use results::{
    format::{self, NONE, or_none},
    theory,
};

use super::{
    canvas::{self, Canvas, Hold, Ink, style},
    chart::{self, Frame, NAMES, ROW},
    markup::{self, Cell},
    scale::Scale,
};
use crate::{
    merge::Merged,
    rows::{LoadPoint, Row},
};

const WIDTH: i32 = 1480;
/// Width of the text at the right of each bar.
const SAYING: i32 = 450;

/// Renders the figure. The text is empty if no row has responses.
pub(super) fn figure(point: &LoadPoint, id: &str) -> String {
    let mut rows = chart::measured(point);
    rows.retain(|row| row.merged.as_ref().is_some_and(|merged| merged.empty_share.is_some()));
    if rows.is_empty() {
        return String::new();
    }
    let bottom = 20 + ROW * rows.len() as i32;
    let frame = Frame { left: NAMES, right: WIDTH - SAYING, top: 20, bottom };
    let scale = Scale::linear(0.0, 1.0, frame.left, frame.right);
    let title = "Useful and wasted responses";
    let takeaway = takeaway(&rows);
    let drawing = canvas::svg(id, (WIDTH, bottom + 100), title, &takeaway, |canvas| {
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (scale.at(share), format::tick(&format::percent(share))));
        chart::horizontal_axis(
            canvas,
            frame,
            &ticks,
            "share of the responses; full: with events, pale: without, upright line: theory",
        );
        chart::row_names(canvas, Frame { right: WIDTH, ..frame }, &rows);
        for (index, row) in rows.iter().enumerate() {
            let middle = chart::row_middle(frame, index);
            canvas.group(&row.variant, None, || draw(canvas, row, middle, scale, frame.right));
        }
    });
    chart::figure(title, &takeaway, &drawing, &table(&rows))
}

fn draw(canvas: &Canvas<'_>, row: &Row, middle: i32, scale: Scale, right: i32) {
    let Some((merged, empty)) = row.merged.as_ref().and_then(|merged| Some((merged, merged.empty_share?))) else {
        return;
    };
    let (top, bottom) = (middle - 15, middle + 15);
    let border = scale.at(1.0 - empty);
    canvas.bar((scale.at(0.0), top), (border, bottom), Ink::Plain(style(row)), 1.0);
    canvas.bar((border, top), (right, bottom), Ink::Plain(style(row)), 0.28);
    let mut saying = format!("{} empty", format::percent(empty));
    if let Some(theory) = theory::expected(&merged.responses) {
        let x = scale.at(1.0 - theory.probability);
        canvas.line(vec![(x, top - 8), (x, bottom + 8)], Ink::Paper, 9, 1.0);
        canvas.line(vec![(x, top - 8), (x, bottom + 8)], Ink::Text, 4, 1.0);
        saying += &format!(", theory {}", format::percent(theory.probability));
    }
    canvas.text(&saying, (right + 16, middle), Ink::Text, Hold::Left);
}

fn takeaway(rows: &[&Row]) -> String {
    let shares = rows.iter().filter_map(|row| Some((row.merged.as_ref()?.empty_share?, &row.variant)));
    let wasting: Vec<String> = shares
        .filter(|(share, _)| *share > 0.0)
        .map(|(share, variant)| format!("{variant} {}", format::percent(share)))
        .collect();
    if wasting.is_empty() {
        return "Every response carried an event.".to_owned();
    }
    let others = match rows.len() - wasting.len() {
        0 => String::new(),
        1 => " The other one sent none.".to_owned(),
        others => format!(" The other {others} sent none."),
    };
    format!("Responses without an event: {}.{others}", wasting.join(", "))
}

fn table(rows: &[&Row]) -> String {
    let headings = [
        "Approach",
        "Responses",
        "With events",
        "Empty",
        "Not modified",
        "Timed out",
        "Errors",
        "Heartbeats",
        "Empty, seen",
        "Empty, theory",
    ];
    let cells: Vec<Vec<Cell>> = rows.iter().filter_map(|row| Some(table_row(row, row.merged.as_ref()?))).collect();
    markup::table("figures", "Responses by what they carried, and the empty ones against theory", &headings, &cells)
}

fn table_row(row: &Row, merged: &Merged) -> Vec<Cell> {
    let responses = &merged.responses;
    let count = |value: u64| Cell::number(&format::count(value), Some(value as f64));
    let expected = theory::expected(responses);
    let theory = expected.map_or(NONE.to_owned(), |theory| {
        let far =
            or_none(merged.empty_deviation, |far| format!("{} standard deviations off", format::significant(far)));
        format!("{} ({far})", format::percent(theory.probability))
    });
    vec![
        markup::name(style(row), &row.variant, ""),
        count(responses.total),
        count(responses.with_events),
        count(responses.empty),
        count(responses.not_modified),
        count(responses.timed_out),
        count(responses.errors),
        count(responses.heartbeats),
        Cell::number(&or_none(merged.empty_share, format::percent), merged.empty_share),
        Cell::number(&theory, expected.map(|theory| theory.probability)),
    ]
}
