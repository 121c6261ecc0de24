//! The rows of a run that claims are judged by, found by the article's names or by facts, and the comparisons that several
//! judges share.

use std::{cmp::Ordering, collections::HashMap, ptr};

use results::{
    format::{self, duration, significant},
    schema::{ApproachFacts, Delivery, Flow, Load, Side, TrialRecord},
    statistics,
    store::Run,
};

use super::claim::{BESIDE, Figure, Support};
use crate::{
    bands, difference,
    headline::describe,
    merge::Merged,
    rows::{LoadPoint, Row},
};

/// Maximum number of variants that a claim is judged by under one load.
pub(super) const MOST_VARIANTS: usize = 100;

/// The rows of a run.
pub(super) struct Evidence<'a> {
    pub(super) loads: &'a [LoadPoint],
    /// The rows with valid trials, in the order of the loads.
    rows: Vec<Seen<'a>>,
}

/// A row with valid trials.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) load: &'a Load,
    pub(super) row: &'a Row,
    pub(super) facts: &'a ApproachFacts,
    pub(super) merged: &'a Merged,
    /// One of its trials, for the settings.
    trial: &'a TrialRecord,
}

impl<'a> Evidence<'a> {
    /// Collects the rows with valid trials, at most [`MOST_VARIANTS`] per load.
    pub(super) fn new(run: &'a Run, loads: &'a [LoadPoint]) -> Self {
        let mut trials: HashMap<&str, &TrialRecord> = HashMap::new();
        for trial in &run.trials {
            trials.entry(&trial.variant).or_insert(trial);
        }
        let seen = |(point, row): (&'a LoadPoint, &'a Row)| {
            let trial = *trials.get(row.variant.as_str())?;
            let facts = run.run.approaches.get(row.order)?;
            Some(Seen { load: &point.load, row, facts, merged: row.merged.as_ref()?, trial })
        };
        let mut rows = Vec::new();
        for point in loads {
            rows.extend(point.rows.iter().filter_map(|row| seen((point, row))).take(MOST_VARIANTS));
        }
        Self { loads, rows }
    }

    /// Returns the rows of the approaches whose facts satisfy a condition.
    pub(super) fn that(&self, is: impl Fn(&ApproachFacts) -> bool) -> Vec<Seen<'a>> {
        self.rows.iter().filter(|seen| is(seen.facts)).copied().collect()
    }

    /// Returns the rows of webhooks: the server connects.
    pub(super) fn webhooks(&self) -> Vec<Seen<'a>> {
        self.that(|facts| facts.connects == Side::Server)
    }

    /// Returns the rows of conditional GET: a browser could poll for the newest state.
    pub(super) fn conditional(&self) -> Vec<Seen<'a>> {
        self.that(|facts| facts.flow == Flow::Pull && facts.delivery == Delivery::Snapshot && facts.browser)
    }

    /// Returns the rows of gRPC-Web: push without a row in the article's table, which no browser can use directly.
    pub(super) fn browser_rpc(&self) -> Vec<Seen<'a>> {
        self.that(ApproachFacts::is_rpc_for_browsers)
    }

    /// Returns the rows of the approaches that the article calls by one of these names.
    pub(super) fn called(&self, labels: &[String]) -> Vec<Seen<'a>> {
        self.that(|facts| facts.article.as_ref().is_some_and(|words| labels.contains(&words.label)))
    }

    /// Returns every pair of rows under the same load: one called by the first names, the other by the second.
    pub(super) fn pairs(&self, labels: &[String], others: &[String]) -> Vec<(Seen<'a>, Seen<'a>)> {
        let mut by_load: HashMap<*const Load, Vec<Seen<'a>>> = HashMap::new();
        for other in self.called(others) {
            by_load.entry(other.load).or_default().push(other);
        }
        let own = self.called(labels).into_iter();
        own.flat_map(|one| {
            let beside = by_load.get(&ptr::from_ref(one.load)).into_iter().flatten();
            beside.map(move |other| (one, *other)).collect::<Vec<_>>()
        })
        .collect()
    }

    /// Returns whether the run has several loads, so that a figure must name its load.
    pub(super) fn is_sweep(&self) -> bool {
        self.loads.len() > 1
    }

    /// Builds a figure of one row.
    pub(super) fn figure(&self, seen: &Seen<'_>, text: String, says: Support) -> Figure {
        Figure {
            variant: seen.row.variant.clone(),
            load: self.is_sweep().then(|| describe(seen.load)),
            trials: Some(seen.row.trials.valid),
            text,
            says,
        }
    }

    /// Builds a figure of each row that has a text and a support.
    pub(super) fn figures(
        &self,
        rows: &[Seen<'_>],
        judge: impl Fn(&Seen<'_>) -> Option<(String, Support)>,
    ) -> Vec<Figure> {
        let judged = rows.iter().filter_map(|seen| {
            let (text, says) = judge(seen)?;
            Some(self.figure(seen, text, says))
        });
        judged.collect()
    }

    /// Builds a figure of two rows under one load.
    pub(super) fn figure_of_two(&self, one: &Seen<'_>, other: &Seen<'_>, text: String, says: Support) -> Figure {
        let trials = one.row.trials.valid + other.row.trials.valid;
        let variant = format!("{}{BESIDE}{}", one.row.variant, other.row.variant);
        Figure { variant, trials: Some(trials), ..self.figure(one, text, says) }
    }

    /// Compares each row's p99 with a limit.
    pub(super) fn p99_below(&self, rows: &[Seen<'_>], limit_ns: u64) -> Vec<Figure> {
        self.figures(rows, |seen| Some(seen.p99_below(limit_ns)))
    }

    /// Compares the medians of each pair by the rule for differences. The claim is the order of the first to the second.
    pub(super) fn order(&self, pairs: &[(Seen<'_>, Seen<'_>)], claimed: Ordering) -> Vec<Figure> {
        let comparable = pairs.iter().filter(|(one, other)| one.is_comparable() && other.is_comparable());
        comparable
            .map(|(one, other)| {
                let medians = [one, other].map(|seen| format::or_none(seen.merged.latency_ns.p50, duration));
                let shown = difference::shown(one.merged, other.merged);
                let (word, says) = match shown {
                    _ if one.row.overloaded || other.row.overloaded => ("OVERLOAD", Support::Open),
                    None => ("no difference shown", Support::Open),
                    Some(Ordering::Less) => ("shorter", Support::decided(claimed == Ordering::Less)),
                    Some(_) => ("longer", Support::decided(claimed == Ordering::Greater)),
                };
                self.figure_of_two(one, other, format!("{} against {}: {word}", medians[0], medians[1]), says)
            })
            .collect()
    }
}

impl Seen<'_> {
    /// Returns whether a setting has this value.
    pub(super) fn is_set(&self, setting: &str, value: &str) -> bool {
        self.trial.parameters.get(setting).is_some_and(|set| set == value)
    }

    /// Returns the poll interval in seconds. Returns `None` if the row does not poll.
    pub(super) fn interval_seconds(&self) -> Option<f64> {
        self.row.poll_interval_ns.map(|interval| interval as f64 / 1e9)
    }

    /// Returns whether there are enough rounds to show a difference.
    pub(super) fn is_comparable(&self) -> bool {
        difference::is_comparable(self.merged)
    }

    /// Compares a p99 with a limit. Every round with a p99 must be on the same side; without such rounds, that of all rounds
    /// together decides.
    pub(super) fn p99_below(&self, limit_ns: u64) -> (String, Support) {
        let of_rounds: Vec<u64> = self.merged.rounds.iter().filter_map(|round| round.latency_ns.p99).collect();
        let Some(p99) = self.merged.latency_ns.p99 else {
            return (format!("no p99: it needs {} events", statistics::needed(0.99)), Support::Open);
        };
        let judged = if of_rounds.is_empty() { vec![p99] } else { of_rounds };
        let below = judged.iter().filter(|p99| **p99 < limit_ns).count();
        let text = format!("p99 {}", duration(p99));
        match below {
            _ if self.row.overloaded => (format!("{text}, OVERLOAD"), Support::Open),
            below if below == judged.len() => (text, Support::Kept),
            0 => (text, Support::Broken),
            below => (format!("{text}, below in {below} of {} rounds", judged.len()), Support::Open),
        }
    }
}

/// Returns the band of a row's median, over the interval of its ratio to the floor, by the rule under the table. Returns `None`
/// without an interval.
pub(super) fn latency_band(seen: &Seen<'_>, word: &str) -> Option<(String, Support)> {
    let ratios = seen.row.times_floor_interval?;
    let times = seen.row.times_floor.map_or_else(String::new, |times| format!("{} × floor, ", significant(times)));
    let [least, most] = ratios.map(significant);
    let text = format!("{times}99 % interval {least} to {most}: {}", bands::latencies(ratios));
    let kept = bands::keeps(word, ratios).filter(|_| !seen.row.overloaded);
    Some((text, kept.map_or(Support::Open, Support::decided)))
}
