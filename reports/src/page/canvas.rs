//! Lines, shapes and text on an SVG that scales and follows the page's colours.
//!
//! Each element is drawn with stand-in colours, in whole pixels at twice its nominal size, and dressed: the fixed size
//! goes, and each stand-in becomes a class of the style sheet. Colour, dash and marker of an approach follow from its
//! place in the registry, so they are the same in every chart and every run.

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

/// Colours in the style sheet; more approaches than that begin again.
pub(super) const COLOURS: usize = 12;
/// Dashes in the style sheet.
const DASHES: usize = 6;
/// Shapes of [`Canvas::marker`]. Not a divisor of the dashes, so that the pair of both tells thirty approaches apart.
const MARKERS: usize = 5;
/// A font's size in plotters is that of its box.
const FONT_BOX: f64 = 1.24;
/// Height of ordinary text.
pub(super) const TEXT: i32 = 28;

/// What something is drawn with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ink {
    /// Colour and dash of the approach at this place in the registry.
    Series(usize),
    /// Its colour alone.
    Plain(usize),
    /// Its colour, on a line that is finely dotted for every approach.
    Dotted(usize),
    /// Ordinary text.
    Text,
    /// Text and marks that step back.
    Muted,
    /// A dashed line that is of no approach.
    Dashed,
    /// Lines that only guide the eye.
    Grid,
    /// The page behind.
    Paper,
}

/// Where a text is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// At its left end.
    Left,
    /// In the middle.
    Middle,
    /// At its right end.
    Right,
}

/// A drawing under way: what has been drawn, dressed.
pub(super) struct Canvas<'a> {
    size: (i32, i32),
    body: &'a RefCell<String>,
}

/// Draws an SVG of `size`. `id` must be the page's only one; `description` says the take-away.
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
    /// What is drawn meanwhile is of a variant: the page's script hides it, and says what the table beside it has.
    /// `column` is that of its figure in the table, from 0; none where the whole row is.
    pub(super) fn group<T>(&self, variant: &str, column: Option<usize>, draw: impl FnOnce() -> T) -> T {
        let column = column.map_or(String::new(), |column| format!(" data-c=\"{column}\""));
        self.body.borrow_mut().push_str(&format!("<g data-v=\"{}\"{column}>", escape(variant)));
        let drawn = draw();
        self.body.borrow_mut().push_str("</g>\n");
        drawn
    }

    /// A line through these points; `strength` from 0 to 1.
    pub(super) fn line(&self, points: Vec<(i32, i32)>, ink: Ink, width: u32, strength: f64) {
        self.put(&PathElement::new(points, stroke(ink, width, strength)));
    }

    /// A filled rectangle from corner to corner.
    pub(super) fn bar(&self, from: (i32, i32), to: (i32, i32), ink: Ink, strength: f64) {
        self.put(&Rectangle::new([from, to], mixed(ink, strength).filled()));
    }

    /// A filled shape with these corners.
    pub(super) fn shape(&self, corners: Vec<(i32, i32)>, ink: Ink, strength: f64) {
        self.put(&Polygon::new(corners, mixed(ink, strength).filled()));
    }

    /// Text; `place` is its middle line.
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

    /// The marker of the approach at this place in the registry, filled or hollow.
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
            // What lies below does not show through.
            shape(mixed(Ink::Paper, 1.0).filled());
            shape(stroke(Ink::Plain(order), 3, 1.0));
        }
    }

    /// A circle around the marker of the approach at this place in the registry.
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

/// Corners of the marker of the approach at this place in the registry; none where it is a circle.
fn outline(order: usize) -> Option<&'static [(i32, i32)]> {
    match order % MARKERS {
        0 => None,
        1 => Some(&[(-7, -7), (7, -7), (7, 7), (-7, 7)]),
        2 => Some(&[(0, -10), (9, 7), (-9, 7)]),
        3 => Some(&[(0, -10), (10, 0), (0, 10), (-10, 0)]),
        _ => Some(&[(0, 10), (9, -7), (-9, -7)]),
    }
}

/// A small picture of an approach's line and marker, for the name in a table.
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

/// The stand-in of an ink: the first byte says the kind, the last which.
fn mixed(ink: Ink, strength: f64) -> RGBAColor {
    let colour = match ink {
        Ink::Series(order) => RGBColor(1, (order % DASHES) as u8, (order % COLOURS) as u8),
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

/// What stands between the root's tags.
fn inside(svg: &str) -> &str {
    let (_, body) = svg.split_once(">\n").unwrap_or_default();
    body.trim_end().strip_suffix("</svg>").unwrap_or(body)
}

/// Each stand-in becomes a class, and what says nothing goes. Quotes within texts are escaped, so an attribute is only
/// found where it is one.
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

/// The class of `#KKDDCC` as this attribute: kind, dash, colour.
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
    fn a_drawing_scales_and_says_what_it_is() {
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
