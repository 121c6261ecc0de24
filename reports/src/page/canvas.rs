//! Draws lines, shapes and text as SVG that scales and uses the page's colours.
//!
//! Elements are drawn with placeholder colours at twice their size. Then the fixed size is removed, and each placeholder
//! becomes a class of the style sheet. Colour, dash and marker of an approach follow from its position in the registry, so
//! they are the same in all charts and runs.

use std::cell::RefCell;

use plotters::{
    backend::SVGBackend,
    drawing::IntoDrawingArea,
    element::{Circle, PathElement, Polygon, Rectangle, Text},
    style::{
        Color, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::markup::{escape, printable};
use crate::rows::Row;

/// Colours in the style sheet. With more approaches they repeat.
pub(super) const COLOURS: usize = 12;
/// Dashes in the style sheet.
const DASHES: usize = 6;
/// Shapes of [`Canvas::marker`]. Not a divisor of the number of dashes, so that both together distinguish thirty
/// approaches.
const MARKERS: usize = 5;
/// Plotters measures a font by its box.
const FONT_BOX: f64 = 1.24;
/// Height of ordinary text.
pub(super) const TEXT: i32 = 28;

/// The colour of an element.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ink {
    /// Colour and dash of a [`style`].
    Series(usize),
    /// Its colour only.
    Plain(usize),
    /// Its colour, finely dotted.
    Dotted(usize),
    /// Ordinary text.
    Text,
    /// Subdued text and marks.
    Muted,
    /// A dashed line that belongs to no approach.
    Dashed,
    /// Guide lines.
    Grid,
    /// The background.
    Paper,
}

/// Returns the style of a row: its number decides colour, dash and marker. Variants of an approach have the same colour, and
/// differ in the others.
pub(super) fn style(row: &Row) -> usize {
    row.order + COLOURS * row.place
}

/// The anchor of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// At its left end.
    Left,
    /// In the middle.
    Middle,
    /// At its right end.
    Right,
}

/// A drawing with its elements so far.
pub(super) struct Canvas<'a> {
    size: (i32, i32),
    body: &'a RefCell<String>,
}

/// Draws an SVG of this size. `id` must be unique on the page. `description` is the takeaway.
pub(super) fn svg(
    id: &str,
    size: (i32, i32),
    title: &str,
    description: &str,
    draw: impl FnOnce(&Canvas<'_>),
) -> String {
    let body = RefCell::default();
    draw(&Canvas { size, body: &body });
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>\n{}</svg>\n",
        size.0,
        size.1,
        escape(title),
        escape(description),
        body.into_inner(),
    )
}

impl Canvas<'_> {
    /// Groups the elements of a variant, which the page's script can hide and describe from the table. `column` is
    /// the column of the value in the table, from 0, or `None` for the whole row.
    pub(super) fn group<T>(&self, variant: &str, column: Option<usize>, draw: impl FnOnce() -> T) -> T {
        let column = column.map_or(String::new(), |column| format!(" data-c=\"{column}\""));
        self.body.borrow_mut().push_str(&format!("<g data-v=\"{}\"{column}>", escape(variant)));
        let drawn = draw();
        self.body.borrow_mut().push_str("</g>\n");
        drawn
    }

    /// Draws a line through these points. `strength` is from 0 to 1.
    pub(super) fn line(&self, points: Vec<(i32, i32)>, ink: Ink, width: u32, strength: f64) {
        self.put(&PathElement::new(points, stroke(ink, width, strength)));
    }

    /// Draws a filled rectangle from corner to corner.
    pub(super) fn bar(&self, from: (i32, i32), to: (i32, i32), ink: Ink, strength: f64) {
        self.put(&Rectangle::new([from, to], mixed(ink, strength).filled()));
    }

    /// Draws a filled polygon.
    pub(super) fn shape(&self, corners: Vec<(i32, i32)>, ink: Ink, strength: f64) {
        self.put(&Polygon::new(corners, mixed(ink, strength).filled()));
    }

    /// Draws text. `place` is its anchor on the middle line.
    pub(super) fn text(&self, text: &str, place: (i32, i32), ink: Ink, hold: Hold) {
        let hold = match hold {
            Hold::Left => HPos::Left,
            Hold::Middle => HPos::Center,
            Hold::Right => HPos::Right,
        };
        let font = ("sans-serif", f64::from(TEXT) * FONT_BOX).into_font();
        let colour = mixed(ink, 1.0);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(hold, VPos::Center));
        self.put(&Text::new(text.chars().map(printable).collect::<String>(), place, style));
    }

    /// Draws the marker of the approach at this position in the registry, filled or hollow.
    pub(super) fn marker(&self, order: usize, (x, y): (i32, i32), filled: bool) {
        let shape = |style: ShapeStyle| match outline(order) {
            None => self.put(&Circle::new((x, y), 8, style)),
            Some(outline) => {
                let points: Vec<(i32, i32)> = outline.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
                if style.filled {
                    self.put(&Polygon::new(points, style));
                } else {
                    let closed = points.iter().chain(&points[..2]).copied().collect::<Vec<_>>();
                    self.put(&PathElement::new(closed, style));
                }
            }
        };
        if filled {
            shape(mixed(Ink::Plain(order), 1.0).filled());
        } else {
            // A hollow marker hides what is below it.
            shape(mixed(Ink::Paper, 1.0).filled());
            shape(stroke(Ink::Plain(order), 3, 1.0));
        }
    }

    /// Draws a circle around the marker of the approach at this position in the registry.
    pub(super) fn ring(&self, order: usize, place: (i32, i32)) {
        self.put(&Circle::new(place, 15, stroke(Ink::Plain(order), 2, 1.0)));
    }

    fn put<'e, E>(&self, element: &'e E)
    where
        &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: for<'b> plotters::element::Drawable<SVGBackend<'b>>,
    {
        let mut raw = String::new();
        let size = (self.size.0 as u32, self.size.1 as u32);
        let area = SVGBackend::with_string(&mut raw, size).into_drawing_area();
        area.draw(element).expect("drawing into a text cannot fail");
        drop(area);
        self.body.borrow_mut().push_str(&classes(inside(&raw)));
    }
}

/// Returns the corners of the marker of an approach. Empty for a circle.
fn outline(order: usize) -> Option<&'static [(i32, i32)]> {
    match order % MARKERS {
        0 => None,
        1 => Some(&[(-7, -7), (7, -7), (7, 7), (-7, 7)]),
        2 => Some(&[(0, -10), (9, 7), (-9, 7)]),
        3 => Some(&[(0, -10), (10, 0), (0, 10), (-10, 0)]),
        _ => Some(&[(0, 10), (9, -7), (-9, -7)]),
    }
}

/// Draws a small line and marker of an approach, for its name in a table.
pub(super) fn key(order: usize) -> String {
    let body = RefCell::default();
    let canvas = Canvas { size: (64, 28), body: &body };
    canvas.line(vec![(2, 14), (62, 14)], Ink::Series(order), 4, 1.0);
    canvas.marker(order, (32, 14), true);
    format!("<svg class=\"key\" viewBox=\"0 0 64 28\" aria-hidden=\"true\">{}</svg>\n", body.into_inner())
}

fn stroke(ink: Ink, width: u32, strength: f64) -> ShapeStyle {
    mixed(ink, strength).stroke_width(width)
}

/// Returns the placeholder of an ink: the first byte is the kind, the last the number.
fn mixed(ink: Ink, strength: f64) -> RGBAColor {
    let colour = match ink {
        Ink::Series(order) => RGBColor(1, ((order + order / COLOURS) % DASHES) as u8, (order % COLOURS) as u8),
        Ink::Plain(order) => RGBColor(2, 0, (order % COLOURS) as u8),
        Ink::Dotted(order) => RGBColor(2, DASHES as u8, (order % COLOURS) as u8),
        Ink::Text => RGBColor(3, 0, 0),
        Ink::Muted => RGBColor(3, 0, 1),
        Ink::Dashed => RGBColor(3, 1, 1),
        Ink::Grid => RGBColor(3, 0, 2),
        Ink::Paper => RGBColor(3, 0, 3),
    };
    colour.mix(strength)
}

/// Returns the content of the root element.
fn inside(svg: &str) -> &str {
    let (_, body) = svg.split_once(">\n").unwrap_or_default();
    body.trim_end().strip_suffix("</svg>").unwrap_or(body)
}

/// Replaces placeholders with classes and removes redundant attributes. Quotes in texts are escaped, so they are
/// never taken for attributes.
fn classes(raw: &str) -> String {
    let mut text = raw.to_owned();
    for (said, meant) in [
        (" opacity=\"1\"", ""),
        (" stroke=\"none\"", ""),
        (" font-family=\"sans-serif\"", ""),
        (" \"/>", "\"/>"),
        ("\n</text>", "</text>"),
    ] {
        text = text.replace(said, meant);
    }
    let mut dressed = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find("=\"#0") {
        let (before, after) = rest.split_at(start);
        let (attribute, code) = (before.rsplit(' ').next().unwrap_or(""), after.get(2..9).unwrap_or(""));
        dressed += &before[..before.len() - attribute.len()];
        dressed += &format!("class=\"{}\"", class(attribute, code));
        rest = after.get(10..).unwrap_or("");
    }
    dressed + rest
}

/// Returns the class for `#KKDDCC` in this attribute: kind, dash, colour.
fn class(attribute: &str, code: &str) -> String {
    let byte = |from: usize| code.get(from..from + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
    let kind = if attribute == "fill" { "f" } else { "s" };
    match (byte(1), byte(3), byte(5)) {
        (1, dash, colour) => format!("{kind}{colour} d{dash}"),
        (2, 0, colour) => format!("{kind}{colour}"),
        (2, dash, colour) => format!("{kind}{colour} d{dash}"),
        (_, dash, which) => {
            let dash = if dash == 0 { String::new() } else { format!(" d{dash}") };
            format!("{kind}-{}{dash}", ["text", "muted", "grid", "paper"][usize::from(which % 4)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_scales_and_has_a_text_alternative() {
        let text = svg("x", (100, 50), "<title>", "a & b", |canvas| {
            canvas.line(vec![(1, 2), (3, 4)], Ink::Series(7), 3, 1.0);
            canvas.text("<script>\" opacity=\"1\"", (5, 6), Ink::Text, Hold::Left);
            canvas.marker(1, (9, 9), true);
        });
        assert!(text.starts_with("<svg class=\"chart\" viewBox=\"0 0 100 50\" role=\"img\""), "{text}");
        assert!(text.contains("&lt;title&gt;") && text.contains("a &amp; b"), "{text}");
        assert!(
            text.contains("<polyline fill=\"none\" class=\"s7 d1\" stroke-width=\"3\" points=\"1,2 3,4\"/>"),
            "{text}"
        );
        assert!(text.contains("&lt;script&gt;&quot; opacity=&quot;1&quot;</text>"), "{text}");
        assert!(text.contains("<polygon class=\"f1\" points="), "{text}");
        assert!(!text.contains("xmlns") && !text.contains("width=\"100\""), "{text}");
    }
}
