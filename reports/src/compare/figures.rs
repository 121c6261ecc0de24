//! The values by which two runs are compared, and when one is called different.
//!
//! Every value exists once per round. Rounds with the same number are paired, and the rule of [`stats::difference`] decides. The
//! runs share no minute, so pairing by number is arbitrary. That is valid, because equal runs would exchange their values.

use std::cmp::Ordering;

use results::format;
use serde::Serialize;
use stats::difference::{Difference, FEWEST_ROUNDS, RULE};

use crate::{
    difference::{p50s, rounds},
    merge::{
        Merged,
        costs::{self, Cost},
    },
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
    /// 99 % interval of that ratio, over the rounds of both runs. `None` with fewer than eight common rounds, or if the value
    /// does not exist per round.
    pub interval: Option<[f64; 2]>,
    /// The conclusion.
    pub judgement: Judgement,
}

/// The conclusion about the second run compared with the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// The interval is below 1: the second is less.
    Less,
    /// The interval is above 1: the second is more.
    More,
    /// The interval contains 1. That does not prove that both are equal.
    NoneShown,
    /// There is no interval.
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
    let p50 = judged("p50_ns", latency(|merged| merged.latency_ns.p50), both.map(p50s));
    let p99s = |merged| rounds(merged, |round| round.latency_ns.p99.map(|p99| p99 as f64));
    let p99 = judged("p99_ns", latency(|merged| merged.latency_ns.p99), both.map(p99s));
    let floor = judged("p50_times_floor", times_floor, [Vec::new(), Vec::new()]);
    [p50, p99, floor].into_iter().chain(COSTS.iter().map(|(metric, cost)| cost_figure(metric, cost, both))).collect()
}

fn cost_figure(metric: &'static str, cost: &Cost, both: [&Merged; 2]) -> Figure {
    judged(metric, both.map(cost.whole), both.map(|merged| rounds(merged, cost.round)))
}

/// Applies the rule to the values of the rounds.
fn judged(metric: &'static str, [a, b]: [Option<f64>; 2], [a_rounds, b_rounds]: [Vec<(u32, f64)>; 2]) -> Figure {
    let ratio = a.zip(b).filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a);
    let difference = Difference::between(&b_rounds, &a_rounds).filter(|difference| difference.interval.is_some());
    let judgement = match difference.map(|difference| difference.shown()) {
        Some(Some(Ordering::Less)) => Judgement::Less,
        Some(Some(_)) => Judgement::More,
        Some(None) => Judgement::NoneShown,
        None => Judgement::NotJudged,
    };
    Figure { metric, a, b, ratio, interval: difference.and_then(|difference| difference.interval), judgement }
}

/// The rules, as printed.
pub(super) fn rules() -> Vec<String> {
    vec![
        RULE.to_owned(),
        format!(
            "Rounds with the same number are paired, and at least {FEWEST_ROUNDS} are needed. A p99 is compared if the rounds have \
             one. × floor is not compared."
        ),
        "CPU µs/event is CPU time in the window divided by deliveries, with waking cores and polls in it. It is not the slope that \
         a run with further rates has in its table."
            .to_owned(),
        "The rounds of a run share its minutes: if the machine was slower for all of one run, every row differs, and no interval \
         within a run shows it."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(a: [f64; 10], b: [f64; 10]) -> Figure {
        let rounds = [a, b].map(|values| (1..).zip(values).collect());
        judged("cost", [Some(a[0]), Some(b[0])], rounds)
    }

    #[test]
    fn a_value_is_judged_over_its_rounds() {
        let noise = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0, 1.03, 0.97, 1.01, 0.99];
        let (equal, more) = (figure(noise, noise), figure(noise, noise.map(|value| 1.2 * value)));
        assert_eq!((equal.judgement, more.judgement), (Judgement::NoneShown, Judgement::More));
        assert_eq!(figure(noise.map(|value| 1.2 * value), noise).judgement, Judgement::Less);
        assert!(more.interval.is_some_and(|[lower, upper]| lower > 1.19 && upper < 1.21), "{more:?}");
    }

    #[test]
    fn a_value_without_rounds_is_not_judged() {
        let figure = judged("cost", [Some(1.0), Some(2.0)], [Vec::new(), Vec::new()]);
        assert_eq!((figure.ratio, figure.interval, figure.judgement), (Some(2.0), None, Judgement::NotJudged));
    }
}
