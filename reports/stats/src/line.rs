//! A straight line through points by least squares of relative errors: a point counts as much at a small value as at a large
//! one. Neither coefficient is negative.

use serde::Serialize;

/// A line, `fixed + slope × x`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// Value at 0.
    pub fixed: f64,
    /// Growth per unit of x.
    pub slope: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Typical relative deviation of a point from the line: 0.1 means 10 %.
    pub deviation: f64,
}

/// Fits a line to at least three points `[x, y]` with positive y. Returns `None` with fewer, or if all x are equal.
#[must_use]
pub fn through(points: &[[f64; 2]]) -> Option<Line> {
    let relative: Vec<[f64; 2]> = points.iter().filter(|[_, y]| *y > 0.0).map(|[x, y]| [1.0 / y, x / y]).collect();
    if relative.len() < 3 {
        return None;
    }
    let sum = |of: fn(&[f64; 2]) -> f64| relative.iter().map(of).sum::<f64>();
    let (ones, mixed, squares) = (sum(|[a, _]| a * a), sum(|[a, b]| a * b), sum(|[_, b]| b * b));
    let (of_ones, of_xs) = (sum(|[a, _]| *a), sum(|[_, b]| *b));
    let determinant = ones * squares - mixed * mixed;
    if determinant <= 1e-9 * ones * squares {
        return None;
    }
    let fixed = (of_ones * squares - mixed * of_xs) / determinant;
    let slope = (ones * of_xs - mixed * of_ones) / determinant;
    let (fixed, slope) = match (fixed < 0.0, slope < 0.0) {
        (true, _) => (0.0, of_xs / squares),
        (_, true) => (of_ones / ones, 0.0),
        _ => (fixed, slope),
    };
    let left: f64 = relative.iter().map(|[a, b]| (fixed * a + slope * b - 1.0).powi(2)).sum();
    let variance = left / (relative.len() - 2) as f64;
    Some(Line { fixed, slope, slope_error: (variance * ones / determinant).sqrt(), deviation: variance.sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovers_a_line() {
        let points: Vec<[f64; 2]> = [1.0, 10.0, 500.0].iter().map(|x| [*x, 7.0 + 3.0 * x]).collect();
        let line = through(&points).unwrap();
        assert!((line.fixed - 7.0).abs() < 1e-9 && (line.slope - 3.0).abs() < 1e-9, "{line:?}");
        assert!(line.deviation < 1e-9 && line.slope_error < 1e-9, "{line:?}");
    }

    #[test]
    fn no_coefficient_is_negative() {
        let falling = through(&[[1.0, 10.0], [2.0, 9.0], [3.0, 8.0]]).unwrap();
        assert!(falling.slope == 0.0 && falling.fixed > 8.0, "{falling:?}");
        let steep = through(&[[1.0, 1.0], [2.0, 4.0], [3.0, 9.0]]).unwrap();
        assert!(steep.fixed == 0.0 && steep.slope > 1.0, "{steep:?}");
    }

    #[test]
    fn a_relative_error_at_a_small_value_counts_like_one_at_a_large_value() {
        let error = |at: usize| {
            let mut points = [[0.0, 10.0], [100.0, 1_010.0], [1e4, 100_010.0], [1e6, 1e7 + 10.0]];
            points[at][1] *= 1.1;
            through(&points).unwrap().deviation
        };
        assert!(error(1) > 0.01 && error(2) > 0.01, "{} {}", error(1), error(2));
    }

    #[test]
    fn fewer_than_three_points_or_one_place_have_no_line() {
        assert_eq!(through(&[[1.0, 1.0], [2.0, 2.0]]), None);
        assert_eq!(through(&[[1.0, 1.0], [2.0, 2.0], [3.0, 0.0]]), None);
        assert_eq!(through(&[[5.0, 1.0], [5.0, 2.0], [5.0, 3.0]]), None);
    }
}
