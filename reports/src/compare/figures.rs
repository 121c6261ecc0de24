//! The values by which two runs are compared, and when one is called different.
//!
//! Latency is compared by the 95 % intervals of its rounds' medians and the rule of [`stats::difference`]. Costs have one
//! value per round, so their uncertainty comes from the spread between rounds: Student's interval of their mean, and the same
//! rule. Percentiles other than the median have no interval.

use std::cmp::Ordering;

use results::format;
use serde::Serialize;
use stats::difference::{self, FEWEST_ROUNDS};

use crate::merge::{
    Merged,
    costs::{self, Cost},
};

/// One value of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Its name, with its unit.
    pub metric: &'static str,
    /// The value in the first run. `None` with too few events.
    pub a: Option<f64>,
    /// The value in the second run.
    pub b: Option<f64>,
    /// Second ÷ first. `None` if the first is 0.
    pub ratio: Option<f64>,
    /// Interval in the first run: for latency the hull of the rounds' 95 % intervals of the median, for costs
    /// Student's 95 % interval of the rounds' mean. `None` with fewer than three rounds, or if the value has no
    /// interval.
    pub interval_a: Option<[f64; 2]>,
    /// Interval in the second run.
    pub interval_b: Option<[f64; 2]>,
    /// The conclusion.
    pub judgement: Judgement,
}

/// The conclusion about the second run compared with the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// The intervals do not overlap, and the second is less.
    Less,
    /// The intervals do not overlap, and the second is more.
    More,
    /// The intervals overlap. That does not prove that both are equal.
    NoneShown,
    /// At least one has no interval.
    NotJudged,
}

impl Figure {
    /// Returns the name and ratio, if a difference is shown.
    pub(super) fn shown(&self) -> Option<String> {
        let is_shown = matches!(self.judgement, Judgement::Less | Judgement::More);
        is_shown.then(|| format!("{} × {}", self.metric, format::or_none(self.ratio, format::significant)))
    }
}

/// The costs, by name.
const COSTS: [(&str, Cost); 6] = [
    ("server_us_per_event", costs::SERVER_CPU),
    ("client_us_per_event", costs::CLIENT_CPU),
    ("server_bytes_per_client", costs::SERVER_MEMORY),
    ("client_bytes_per_client", costs::CLIENT_MEMORY),
    ("wire_bytes_per_event", costs::WIRE_BYTES),
    ("empty_share", costs::EMPTY_SHARE),
];

/// Compares all values of a variant in two runs, in the order of the table.
pub(super) fn compare(both: [&Merged; 2], times_floor: [Option<f64>; 2]) -> Vec<Figure> {
    let latency = |of: fn(&Merged) -> Option<u64>| both.map(|merged| of(merged).map(|value| value as f64));
    let hulls = both.map(|merged| merged.interval_over_rounds_ns);
    let as_numbers = |hull: Option<[u64; 2]>| hull.map(|bounds| bounds.map(|bound| bound as f64));
    let mut p50 = unjudged("p50_ns", latency(|merged| merged.latency_ns.p50));
    p50.judgement = judged(hulls);
    (p50.interval_a, p50.interval_b) = (as_numbers(hulls[0]), as_numbers(hulls[1]));
    let p99 = unjudged("p99_ns", latency(|merged| merged.latency_ns.p99));
    let floor = unjudged("p50_times_floor", times_floor);
    [p50, p99, floor].into_iter().chain(COSTS.iter().map(|(metric, cost)| cost_figure(metric, cost, both))).collect()
}

fn unjudged(metric: &'static str, [a, b]: [Option<f64>; 2]) -> Figure {
    let ratio = a.zip(b).filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a);
    Figure { metric, a, b, ratio, interval_a: None, interval_b: None, judgement: Judgement::NotJudged }
}

fn cost_figure(metric: &'static str, cost: &Cost, both: [&Merged; 2]) -> Figure {
    let [a, b] = both.map(|merged| {
        let rounds: Vec<f64> = merged.rounds.iter().filter_map(|round| (cost.round)(round)).collect();
        mean_interval(&rounds)
    });
    Figure {
        interval_a: a,
        interval_b: b,
        judgement: judged([a.map(outwards), b.map(outwards)]),
        ..unjudged(metric, both.map(cost.whole))
    }
}

/// Applies the rule.
fn judged([a, b]: [Option<[u64; 2]>; 2]) -> Judgement {
    match difference::between(b, a) {
        Some(Ordering::Less) => Judgement::Less,
        Some(_) => Judgement::More,
        None if a.is_some() && b.is_some() => Judgement::NoneShown,
        None => Judgement::NotJudged,
    }
}

/// Converts to millionths, because the rule compares integers. Rounds outwards.
fn outwards([least, most]: [f64; 2]) -> [u64; 2] {
    [(least * 1e6).floor() as u64, (most * 1e6).ceil() as u64]
}

/// Returns Student's 95 % interval of the mean, at least 0. Returns `None` with too few values. It assumes
/// independent, normal rounds. Two such intervals of equal distributions are disjoint in about 1 of 100 cases, see
/// the test.
fn mean_interval(values: &[f64]) -> Option<[f64; 2]> {
    if values.len() < FEWEST_ROUNDS {
        return None;
    }
    let size = values.len() as f64;
    let mean = values.iter().sum::<f64>() / size;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (size - 1.0);
    let reach = student(values.len() - 1) * (variance / size).sqrt();
    Some([(mean - reach).max(0.0), mean + reach])
}

/// Returns the two-sided 95 % quantile of Student's distribution: tabulated for few degrees of freedom, else by the
/// first terms of its expansion (Abramowitz and Stegun, 26.7.5).
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    const NORMAL: f64 = 1.959_964;
    TABLE.get(freedom.saturating_sub(1)).copied().unwrap_or_else(|| {
        let (z, of) = (NORMAL, freedom as f64);
        z + (z.powi(3) + z) / (4.0 * of) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * of * of)
    })
}

/// The rules, as printed.
pub(super) fn rules() -> Vec<String> {
    vec![
        format!(
            "Latency: a difference in p50 is shown where both runs have 95 % intervals of the median in at least \
             {FEWEST_ROUNDS} rounds, and the hulls of these intervals do not overlap. A p99 has no interval and × floor \
             neither: their ratios are shown, and no difference in them is called."
        ),
        format!(
            "CPU time, memory, bytes and empty responses are counted once a round, exactly, and differ from round \
             to round: a difference is shown where Student's 95 % intervals of the mean over at least {FEWEST_ROUNDS} \
             rounds do not overlap."
        ),
        "The rounds of a run share its minutes: a machine that was slower for all of one run differs in every row, and \
         no interval within a run knows of it."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_match_published_tables() {
        for (freedom, tabulated) in [(2, 4.303), (10, 2.228), (11, 2.201), (20, 2.086), (60, 2.000), (10_000, 1.960)] {
            assert!((student(freedom) - tabulated).abs() < 0.003, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn the_interval_covers_the_mean() {
        let [least, most] = mean_interval(&[9.0, 10.0, 11.0]).unwrap();
        assert!((least - (10.0 - 4.303 / 3f64.sqrt())).abs() < 1e-9 && (most + least - 20.0).abs() < 1e-9);
        assert_eq!(mean_interval(&[9.0, 10.0]), None);
        assert_eq!(mean_interval(&[0.0, 0.0, 3.0]).unwrap()[0], 0.0);
    }

    #[test]
    fn equal_runs_are_seldom_called_different() {
        // A multiplicative generator (Park and Miller, 1988) and sums of twelve values are nearly normal.
        let mut state = 20_260_102_u64;
        let mut normal = || {
            (0..12).fold(-6.0, |sum, _| {
                state = state * 48_271 % 2_147_483_647;
                sum + state as f64 / 2_147_483_647.0
            })
        };
        let mut side = || mean_interval(&[0; 3].map(|_| 100.0 + normal())).map(outwards);
        let different = (0..20_000).filter(|_| !matches!(judged([side(), side()]), Judgement::NoneShown)).count();
        assert!((50..300).contains(&different), "{different} of 20,000");
    }
}
