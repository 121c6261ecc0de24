//! Curves by percentile, on an axis with equal space per nine. Each curve ends where its samples do.

use results::{
    format,
    schema::Summary,
    statistics::{Histogram, largest_supported},
};

use super::{
    canvas::Canvas,
    chart::{self, Frame, NAMES},
    scale::{Scale, logarithmic_axis, nines, quantile_at},
};
use crate::merge;

/// Size of the drawing.
pub(super) const SIZE: (i32, i32) = (1480, 900);
/// The area of the data.
pub(super) const FRAME: Frame = Frame { left: 150, right: SIZE.0 - NAMES, top: 56, bottom: SIZE.1 - 90 };
/// Points per curve.
const POINTS: u32 = 72;
/// Percentiles with a grid line.
const TICKS: [(f64, &str); 7] = [
    (0.0, "min"),
    (0.5, "p50"),
    (0.9, "p90"),
    (0.99, "p99"),
    (0.999, "p99.9"),
    (0.9999, "p99.99"),
    (0.99999, "p99.999"),
];

/// Positions on the axis of nines, and nanoseconds.
pub(super) type Curve = Vec<(f64, f64)>;

/// Returns the curve from the smallest value to the highest percentile that the observations support.
pub(super) fn curve(summary: &Summary, observations: u64) -> Curve {
    let histogram: Histogram = merge::histogram(summary);
    if histogram.is_empty() || observations == 0 {
        return Vec::new();
    }
    let last = nines(largest_supported(observations));
    let places: Vec<f64> = (0..=POINTS).map(|step| last * f64::from(step) / f64::from(POINTS)).collect();
    let quantiles: Vec<f64> = places.iter().map(|place| quantile_at(*place)).collect();
    let values = histogram.value_at_quantiles(quantiles).map(|value| value as f64);
    places.into_iter().zip(values).collect()
}

/// Axes for a set of curves.
pub(super) struct Axes {
    horizontal: Scale,
    vertical: Scale,
    widest: f64,
    ticks: Vec<f64>,
}

impl Axes {
    /// Returns axes for these curves. Returns `None` if no value is above 0.
    pub(super) fn around(curves: &[&Curve]) -> Option<Self> {
        let values = curves.iter().flat_map(|curve| curve.iter().map(|(_, value)| *value));
        let (bounds, ticks) = logarithmic_axis(values)?;
        let ends = curves.iter().filter_map(|curve| curve.last()).map(|(place, _)| *place);
        let widest = ends.fold(0.5, f64::max);
        Some(Self {
            horizontal: Scale::linear(0.0, widest, FRAME.left, FRAME.right),
            vertical: Scale::logarithmic(bounds[0], bounds[1], FRAME.bottom, FRAME.top),
            widest,
            ticks,
        })
    }

    /// Draws the axes. `what` is the title of the durations.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, what: &str) {
        let percentiles = TICKS.map(|(quantile, text)| (nines(quantile), text.to_owned()));
        let percentiles = percentiles.into_iter().filter(|(place, _)| *place <= self.widest);
        let percentiles: Vec<_> = percentiles.map(|(place, text)| (self.horizontal.at(place), text)).collect();
        let duration = |tick: &f64| format::tick(&format::duration(*tick as u64));
        let durations: Vec<_> = self.ticks.iter().map(|tick| (self.vertical.at(*tick), duration(tick))).collect();
        chart::horizontal_axis(canvas, FRAME, &percentiles, "percentile: each further nine takes the same room");
        chart::vertical_axis(canvas, FRAME, &durations, &format!("{what}, logarithmic"));
    }

    /// Returns the points of a curve in the drawing.
    pub(super) fn pixels(&self, curve: &Curve) -> Vec<(i32, i32)> {
        curve.iter().map(|(place, value)| (self.horizontal.at(*place), self.vertical.at(*value))).collect()
    }
}
