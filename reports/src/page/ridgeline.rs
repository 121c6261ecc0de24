//! The distribution of latencies: a ridge per variant, from its merged histogram, on one logarithmic axis.
//!
//! The height of a ridge is the number of deliveries around a latency, scaled to the height of its row. So positions and
//! widths of ridges can be compared, heights cannot.

use results::{
    format::{self, or_none},
    statistics::Histogram,
};

use super::{
    canvas::{self, Canvas, Ink, style},
    chart::{self, Frame, NAMES},
    markup::{self, Cell},
    scale::{Scale, logarithmic_axis},
};
use crate::{
    merge::{self, Merged},
    rows::{LoadPoint, Row},
};

const WIDTH: i32 = 1480;
/// Height of a row.
const ROW: i32 = 84;
const RIDGE: i32 = 62;
/// Classes per factor of ten. A histogram bucket is narrower than a class, so its count belongs to one class.
const CLASSES_OF_TEN: f64 = 24.0;

/// Renders the figure. The text is empty if no row has values.
pub(super) fn figure(point: &LoadPoint, id: &str) -> String {
    let rows = chart::measured(point);
    let histograms: Vec<(&Row, &Merged, Histogram)> = rows
        .iter()
        .filter_map(|row| Some((*row, row.merged.as_ref()?)))
        .map(|(row, merged)| (row, merged, merge::histogram(&merged.latency_ns)))
        .filter(|(.., histogram)| !histogram.is_empty())
        .collect();
    let ends = histograms.iter().flat_map(|(.., histogram)| [histogram.min_nz(), histogram.max()]);
    let Some((bounds, ticks)) = logarithmic_axis(ends.map(|end| end as f64)) else { return String::new() };
    let bottom = 20 + ROW * histograms.len() as i32;
    let frame = Frame { left: NAMES, right: WIDTH - 60, top: 20, bottom };
    let scale = Scale::logarithmic(bounds[0], bounds[1], frame.left, frame.right);
    let title = "Where the latencies lie";
    let takeaway = takeaway(&histograms);
    let drawing = canvas::svg(id, (WIDTH, bottom + 100), title, &takeaway, |canvas| {
        let duration = |tick: &f64| format::tick(&format::duration(*tick as u64));
        let ticks: Vec<_> = ticks.iter().map(|tick| (scale.at(*tick), duration(tick))).collect();
        chart::horizontal_axis(canvas, frame, &ticks, "latency, logarithmic; filled mark: p50, hollow mark: p99");
        for ((row, merged, histogram), index) in histograms.iter().zip(1..) {
            let base = frame.top + ROW * index - 12;
            chart::row_name(canvas, row, base - 20);
            canvas.line(vec![(frame.left, base), (frame.right, base)], Ink::Grid, 2, 1.0);
            canvas.group(&row.variant, None, || draw(canvas, row, merged, histogram, base, scale));
        }
    });
    chart::figure(title, &takeaway, &drawing, &table(&histograms))
}

fn draw(canvas: &Canvas<'_>, row: &Row, merged: &Merged, histogram: &Histogram, base: i32, scale: Scale) {
    let outline: Vec<(i32, i32)> = ridge(histogram)
        .into_iter()
        .map(|(latency, height)| (scale.at(latency), base - (height * f64::from(RIDGE)).round() as i32))
        .collect();
    canvas.shape(outline.clone(), Ink::Plain(style(row)), 0.25);
    canvas.line(outline, Ink::Series(style(row)), 3, 1.0);
    for (percentile, filled) in [(merged.latency_ns.p99, false), (merged.latency_ns.p50, true)] {
        let Some(latency) = percentile else { continue };
        let x = scale.at(latency as f64);
        canvas.line(vec![(x, base + 8), (x, base - RIDGE)], Ink::Plain(style(row)), 2, 0.8);
        canvas.marker(style(row), (x, base), filled);
    }
}

/// Returns latencies and heights from 0 to 1, through the middle of each class.
fn ridge(histogram: &Histogram) -> Vec<(f64, f64)> {
    let class = |latency: u64| ((latency.max(1) as f64).log10() * CLASSES_OF_TEN).floor() as i32;
    let first = class(histogram.min_nz());
    let mut counts = vec![0_u64; (class(histogram.max()) - first + 1).max(1) as usize];
    for value in histogram.iter_recorded() {
        let index = (class(value.value_iterated_to()) - first).clamp(0, counts.len() as i32 - 1);
        counts[index as usize] += value.count_at_value();
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let latency = |classes: f64| 10f64.powf((f64::from(first) + classes) / CLASSES_OF_TEN);
    let middles = counts.iter().enumerate().map(|(class, count)| (latency(class as f64 + 0.5), *count as f64 / most));
    let [start, end] = [0.0, counts.len() as f64].map(|classes| (latency(classes), 0.0));
    std::iter::once(start).chain(middles).chain([end]).collect()
}

fn takeaway(rows: &[(&Row, &Merged, Histogram)]) -> String {
    let said = "A ridge is high where many deliveries lie; its highest place fills its row.";
    let widths = rows.iter().filter(|(row, ..)| !row.floor).filter_map(|(row, merged, _)| {
        let (p50, p99) = (merged.latency_ns.p50?, merged.latency_ns.p99?);
        Some((p99 as f64 / p50.max(1) as f64, row.variant.as_str()))
    });
    let least = widths.clone().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = widths.max_by(|a, b| a.0.total_cmp(&b.0));
    match least.zip(most) {
        None => format!("No approach beside the floor has enough events for a p99. {said}"),
        Some((only, most)) if only.1 == most.1 => {
            format!("p99 over p50, beside the floor: {} ×, {}. {said}", format::significant(only.0), only.1)
        }
        Some((least, most)) => format!(
            "p99 over p50, beside the floor: least {} ×, {}; most {} ×, {}. {said}",
            format::significant(least.0),
            least.1,
            format::significant(most.0),
            most.1
        ),
    }
}

fn table(rows: &[(&Row, &Merged, Histogram)]) -> String {
    let headings = ["Approach", "min", "mean", "p50", "p99", "max", "samples"];
    let time = |value: Option<u64>| Cell::number(&or_none(value, format::duration), value.map(|value| value as f64));
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|(row, merged, _)| {
            let latency = &merged.latency_ns;
            vec![
                markup::name(style(row), &row.variant, ""),
                time(latency.min),
                Cell::number(&or_none(latency.mean, |mean| format::duration(mean as u64)), latency.mean),
                time(latency.p50),
                time(latency.p99),
                time(latency.max),
                Cell::number(&format::count(latency.count), Some(latency.count as f64)),
            ]
        })
        .collect();
    markup::table("figures", "Latency from least to most, of all rounds together", &headings, &cells)
}

#[cfg(test)]
mod tests {
    use results::statistics::new_histogram;

    use super::*;

    #[test]
    fn ridge_height_follows_the_counts() {
        let mut histogram = new_histogram();
        histogram.record_n(1_000, 30).unwrap();
        histogram.record_n(100_000, 60).unwrap();
        let ridge = ridge(&histogram);
        let heights: Vec<f64> = ridge.iter().map(|(_, height)| *height).collect();
        assert_eq!((heights.first(), heights.last()), (Some(&0.0), Some(&0.0)));
        assert_eq!(heights.iter().filter(|height| **height == 1.0).count(), 1);
        assert_eq!(heights.iter().filter(|height| **height == 0.5).count(), 1);
        assert!(ridge.is_sorted_by(|(a, _), (b, _)| a <= b));
        assert!(ridge[0].0 <= 1_000.0 && ridge.last().unwrap().0 >= 100_000.0);
    }
}
