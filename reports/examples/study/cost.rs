//! How much the cost of a delivery changes from run to run.

use anyhow::{Result, ensure};
use reports::cost::{Slope, slopes};
use results::{
    format::{self, WIDTH, or_none},
    sanitize,
    store::Run,
};

/// Renders the slope of each variant in each run, and by how much the largest is above the smallest.
pub(crate) fn render(runs: &[Run]) -> Result<String> {
    let of_runs: Vec<Vec<Slope>> = runs.iter().map(slopes).collect();
    ensure!(of_runs.iter().all(|slopes| !slopes.is_empty()), "a run has fewer than three rates: name runs with [cost]");
    let mut lines: Vec<Vec<String>> = vec![
        ["variant", "server", "largest", "client", "largest"].map(str::to_owned).to_vec(),
        ["", "CPU µs/delivery", "is above", "CPU µs/delivery", "is above"].map(str::to_owned).to_vec(),
    ];
    for Slope { variant, .. } in &of_runs[0] {
        let mut line = vec![sanitize::text(variant)];
        for side in 0..2 {
            let of = |slopes: &Vec<Slope>| {
                let same = slopes.iter().find(|slope| slope.variant == *variant)?;
                same.us_per_delivery[side]
            };
            let found: Vec<Option<f64>> = of_runs.iter().map(of).collect();
            let shown: Vec<String> = found.iter().map(|slope| or_none(*slope, format::significant)).collect();
            line.push(shown.join(" "));
            line.push(or_none(spread(&found), format::percent));
        }
        lines.push(line);
    }
    let lines: Vec<[String; 5]> = lines.into_iter().filter_map(|line| line.try_into().ok()).collect();
    Ok(format::aligned(&lines, 2, WIDTH))
}

/// Returns by how much the largest slope is above the smallest. `None` if a run has none.
fn spread(slopes: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = slopes.iter().copied().collect::<Option<_>>()?;
    let least = known.iter().copied().reduce(f64::min)?;
    Some(known.iter().copied().fold(0.0, f64::max) / least - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_the_extremes() {
        assert!((spread(&[Some(10.0), Some(11.0), Some(10.5)]).unwrap() - 0.1).abs() < 1e-9);
        assert_eq!(spread(&[Some(10.0), None]), None);
    }

    #[test]
    fn a_run_with_one_rate_is_refused() {
        assert!(render(&[crate::support::run()]).unwrap_err().to_string().contains("three rates"));
    }
}
