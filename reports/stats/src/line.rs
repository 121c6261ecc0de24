//! A straight line from the first of several points: what a quantity grows by, where its beginning is known well.

use serde::Serialize;

/// A line, `fixed + slope × x`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// Value at 0, at least 0.
    pub fixed: f64,
    /// Growth per unit of x.
    pub slope: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
}

/// Fits a line that begins at the first of at least three points `[x, y]`, by least squares, so that the points far from
/// it decide. Returns `None` with fewer points, or if all x are equal.
#[must_use]
pub fn from_first(points: &[[f64; 2]]) -> Option<Line> {
    let ([x, y], [_, _, ..]) = (*points.first()?, points.get(1..)?) else { return None };
    let others = || points[1..].iter().map(|[other_x, other_y]| (other_x - x, other_y - y));
    let squares: f64 = others().map(|(dx, _)| dx * dx).sum();
    if squares <= 0.0 {
        return None;
    }
    let slope = others().map(|(dx, dy)| dx * dy).sum::<f64>() / squares;
    let left: f64 = others().map(|(dx, dy)| (dy - slope * dx).powi(2)).sum();
    let slope_error = (left / (points.len() - 2) as f64 / squares).sqrt();
    Some(Line { fixed: (y - slope * x).max(0.0), slope, slope_error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovers_a_line() {
        let points = [1.0, 10.0, 500.0].map(|x| [x, 7.0 + 3.0 * x]);
        let line = from_first(&points).unwrap();
        assert!((line.fixed - 7.0).abs() < 1e-9 && (line.slope - 3.0).abs() < 1e-9, "{line:?}");
        assert!(line.slope_error < 1e-9, "{line:?}");
    }

    #[test]
    fn the_error_of_the_slope_grows_with_the_deviations() {
        let line = from_first(&[[0.0, 0.0], [1.0, 2.0], [2.0, 2.0]]).unwrap();
        // Slope (2 + 4) / 5; deviations 0.8 and -0.4.
        assert!(
            (line.slope - 1.2).abs() < 1e-9 && (line.slope_error - (0.8_f64 / 5.0).sqrt()).abs() < 1e-9,
            "{line:?}"
        );
    }

    #[test]
    fn the_value_at_0_is_not_negative() {
        assert_eq!(from_first(&[[5.0, 1.0], [6.0, 4.0], [7.0, 7.0]]).unwrap().fixed, 0.0);
    }

    #[test]
    fn fewer_than_three_points_or_one_place_have_no_line() {
        assert_eq!(from_first(&[]), None);
        assert_eq!(from_first(&[[1.0, 1.0], [2.0, 2.0]]), None);
        assert_eq!(from_first(&[[5.0, 1.0], [5.0, 2.0], [5.0, 3.0]]), None);
    }
}
