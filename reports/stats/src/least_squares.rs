//! Least squares with coefficients that cannot be negative, for costs that are a sum of parts.

/// Returns the non-negative coefficients with the least sum of squared relative errors. With three columns all
/// subsets are tried; the best one without a negative coefficient is the solution (Lawson and Hanson, 1974, chapter
/// 23).
pub fn nonnegative(rows: &[([f64; 3], f64)], allowed: [bool; 3]) -> [f64; 3] {
    let relative: Vec<[f64; 3]> =
        rows.iter().filter(|(_, value)| *value > 0.0).map(|(columns, value)| columns.map(|one| one / value)).collect();
    let mut best = ([0.0; 3], relative.len() as f64);
    for choice in 1..8_u32 {
        let chosen: Vec<usize> = (0..3).filter(|column| (choice >> column) & 1 == 1).collect();
        if chosen.iter().any(|column| !allowed[*column]) {
            continue;
        }
        let Some(solved) = least_squares(&relative, &chosen) else { continue };
        if solved.iter().any(|coefficient| *coefficient < 0.0) {
            continue;
        }
        let error = |columns: &[f64; 3]| {
            1.0 - columns.iter().zip(&solved).map(|(column, coefficient)| column * coefficient).sum::<f64>()
        };
        let left = relative.iter().map(|columns| error(columns).powi(2)).sum::<f64>();
        // A further column must improve the fit.
        if left < best.1 - 1e-9 {
            best = (solved, left);
        }
    }
    best.0
}

/// Solves the normal equations for a target of 1 in every row. Returns `None` if they are singular.
fn least_squares(rows: &[[f64; 3]], chosen: &[usize]) -> Option<[f64; 3]> {
    let size = chosen.len();
    let scale: Vec<f64> = chosen.iter().map(|column| rows.iter().map(|row| row[*column]).fold(0.0, f64::max)).collect();
    if rows.len() < size || scale.iter().any(|scale| *scale <= 0.0) {
        return None;
    }
    let at = |row: &[f64; 3], index: usize| row[chosen[index]] / scale[index];
    let mut equations: Vec<Vec<f64>> = (0..size)
        .map(|i| {
            let products = (0..size).map(|j| rows.iter().map(|row| at(row, i) * at(row, j)).sum());
            products.chain([rows.iter().map(|row| at(row, i)).sum()]).collect()
        })
        .collect();
    for pivot in 0..size {
        let largest = (pivot..size).max_by(|a, b| equations[*a][pivot].abs().total_cmp(&equations[*b][pivot].abs()))?;
        equations.swap(pivot, largest);
        if equations[pivot][pivot].abs() < 1e-9 {
            return None;
        }
        for row in (0..size).filter(|row| *row != pivot) {
            let factor = equations[row][pivot] / equations[pivot][pivot];
            let upper = equations[pivot].clone();
            equations[row].iter_mut().zip(&upper).for_each(|(own, upper)| *own -= factor * upper);
        }
    }
    let mut solved = [0.0; 3];
    for (index, column) in chosen.iter().enumerate() {
        solved[*column] = equations[index][size] / equations[index][index] / scale[index];
    }
    Some(solved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovers_known_coefficients() {
        let row = |x: f64, d: f64| ([1.0, x, d], 300.0 + 40.0 * x + 7.0 * d);
        let rows = [row(100.0, 10.0), row(100.0, 400.0), row(2_000.0, 50.0), row(9_000.0, 9_000.0)];
        for (found, known) in nonnegative(&rows, [true; 3]).into_iter().zip([300.0, 40.0, 7.0]) {
            assert!((found / known - 1.0).abs() < 1e-6, "{found} for {known}");
        }
    }

    #[test]
    fn coefficients_are_never_negative_or_invented() {
        // The values fall, so the unconstrained fit would have a negative slope.
        let falling = [([1.0, 1.0, 0.0], 10.0), ([1.0, 2.0, 0.0], 9.0), ([1.0, 3.0, 0.0], 8.0)];
        let [fixed, each, _] = nonnegative(&falling, [true, true, false]);
        assert!(fixed > 8.0 && each == 0.0);
        // Two equal columns share one coefficient.
        let same = [([1.0, 5.0, 5.0], 50.0), ([1.0, 9.0, 9.0], 90.0)];
        let [_, x, d] = nonnegative(&same, [false, true, true]);
        assert!((x + d - 10.0).abs() < 1e-9);
        assert_eq!(nonnegative(&[], [true; 3]), [0.0; 3]);
        assert_eq!(nonnegative(&[([1.0, 0.0, 0.0], 0.0)], [true; 3]), [0.0; 3]);
    }
}
