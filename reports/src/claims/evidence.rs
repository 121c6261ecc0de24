//! What a run has to show for a claim: its rows with valid trials, found by the article's names or by facts, and the
//! judgements that several claims share.
//!
//! Knows no claim and no approach by name.

use std::{cmp::Ordering, collections::HashMap, ptr};

use results::{
    format::{self, count, duration, significant},
    schema::{ApproachFacts, Load, TrialRecord},
    statistics,
    store::Run,
};

use super::claim::{BESIDE, Figure, Says};
use crate::{
    bands, difference,
    headline::describe,
    merge::{Merged, share},
    rows::{LoadPoint, Row},
};

/// From here on each event has a round trip, or a connection, of its own; events that come together may share one.
pub(super) const ONE_EACH: f64 = 0.9;
/// Up to here there is next to none.
pub(super) const NEXT_TO_NONE: f64 = 0.1;

/// Most variants that a claim is judged in under one load.
pub(super) const MOST_VARIANTS: usize = 100;

/// The run that claims are judged by.
pub(super) struct Evidence<'a> {
    pub(super) loads: &'a [LoadPoint],
    /// The rows with valid trials, in the order of the loads.
    rows: Vec<Seen<'a>>,
}

/// A row with valid trials, and what is known beside its figures.
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
    /// What a run has to show, up to [`MOST_VARIANTS`] under each load.
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

    /// Every row with valid trials whose approach has such facts.
    pub(super) fn that(&self, is: impl Fn(&ApproachFacts) -> bool) -> Vec<Seen<'a>> {
        self.rows.iter().filter(|seen| is(seen.facts)).copied().collect()
    }

    /// The rows of what the article calls by one of these names.
    pub(super) fn called(&self, labels: &[&str]) -> Vec<Seen<'a>> {
        self.that(|facts| facts.article.as_ref().is_some_and(|words| labels.contains(&words.label.as_str())))
    }

    /// Every pair of rows under the same load, of what the article calls by the one and by the other names.
    pub(super) fn pairs(&self, labels: &[&str], others: &[&str]) -> Vec<(Seen<'a>, Seen<'a>)> {
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

    /// Whether several loads are run, so that a figure has to say which it is of.
    pub(super) fn is_sweep(&self) -> bool {
        self.loads.len() > 1
    }

    /// A figure of one row.
    pub(super) fn figure(&self, seen: &Seen<'_>, text: String, says: Says) -> Figure {
        Figure {
            variant: seen.row.variant.clone(),
            load: self.is_sweep().then(|| describe(seen.load)),
            trials: Some(seen.row.trials.valid),
            text,
            says,
        }
    }

    /// A figure of two rows under one load.
    pub(super) fn figure_of_two(&self, one: &Seen<'_>, other: &Seen<'_>, text: String, says: Says) -> Figure {
        let trials = one.row.trials.valid + other.row.trials.valid;
        let variant = format!("{}{BESIDE}{}", one.row.variant, other.row.variant);
        Figure { variant, trials: Some(trials), ..self.figure(one, text, says) }
    }

    /// Each row's p99 against a bound that the article gives in numbers.
    pub(super) fn p99_below(&self, rows: &[Seen<'_>], limit_ns: u64) -> Vec<Figure> {
        let judged = rows.iter().map(|seen| {
            let (text, says) = p99_below(seen, limit_ns);
            self.figure(seen, text, says)
        });
        judged.collect()
    }

    /// Whether there was a connection for each of so many of what is named; none where there was nothing.
    pub(super) fn connection_each(&self, seen: &Seen<'_>, whole: u64, name: &str) -> Option<Figure> {
        let opened = seen.merged.connections_opened?;
        let says = match share(opened, whole)? {
            each if each >= ONE_EACH => Says::Kept,
            each if each <= NEXT_TO_NONE => Says::Broken,
            _ => Says::Partly,
        };
        Some(self.figure(seen, format!("{} connections opened for {} {name}", count(opened), count(whole)), says))
    }

    /// Whether the first of each pair has the shorter or the longer median, by the rule for differences.
    pub(super) fn order(&self, pairs: &[(Seen<'_>, Seen<'_>)], claimed: Ordering) -> Vec<Figure> {
        let comparable = pairs.iter().filter(|(one, other)| one.hull().is_some() && other.hull().is_some());
        comparable
            .map(|(one, other)| {
                let medians = [one, other].map(|seen| format::or_none(seen.merged.latency_ns.p50, duration));
                let shown = difference::shown(one.merged, other.merged);
                let (word, says) = match shown {
                    _ if one.row.overloaded || other.row.overloaded => ("OVERLOAD", Says::Open),
                    None => ("no difference shown", Says::Open),
                    Some(Ordering::Less) => ("shorter", Says::of(claimed == Ordering::Less)),
                    Some(_) => ("longer", Says::of(claimed == Ordering::Greater)),
                };
                self.figure_of_two(one, other, format!("{} against {}: {word}", medians[0], medians[1]), says)
            })
            .collect()
    }
}

impl Seen<'_> {
    /// Whether this setting has this value in the trials.
    pub(super) fn is_set(&self, setting: &str, value: &str) -> bool {
        self.trial.parameters.get(setting).is_some_and(|set| set == value)
    }

    /// The poll interval in seconds; none where it does not poll.
    pub(super) fn interval_seconds(&self) -> Option<f64> {
        self.row.poll_interval_ns.map(|interval| interval as f64 / 1e9)
    }

    /// Hull of the rounds' intervals, which differences rest on.
    pub(super) fn hull(&self) -> Option<[u64; 2]> {
        self.merged.interval_over_rounds_ns
    }
}

/// p99 against a bound: every round that supports one must be on the same side, or all together where none does.
fn p99_below(seen: &Seen<'_>, limit_ns: u64) -> (String, Says) {
    let of_rounds: Vec<u64> = seen.merged.rounds.iter().filter_map(|round| round.latency_ns.p99).collect();
    let Some(p99) = seen.merged.latency_ns.p99 else {
        return (format!("no p99: it needs {} events", statistics::needed(0.99)), Says::Open);
    };
    let judged = if of_rounds.is_empty() { vec![p99] } else { of_rounds };
    let below = judged.iter().filter(|p99| **p99 < limit_ns).count();
    let text = format!("p99 {}", duration(p99));
    match below {
        _ if seen.row.overloaded => (format!("{text}, OVERLOAD"), Says::Open),
        below if below == judged.len() => (text, Says::Kept),
        0 => (text, Says::Broken),
        below => (format!("{text}, below in {below} of {} rounds", judged.len()), Says::Open),
    }
}

/// The band of a median by the printed rule, for every ratio to the floor that the rounds allow: by the rule that marks
/// the article's word in the table.
pub(super) fn latency_band(seen: &Seen<'_>, word: &str) -> Option<(String, Says)> {
    let ratios = seen.row.times_floor_allowed?;
    let times = seen.row.times_floor.map_or_else(String::new, |times| format!("{} × floor, ", significant(times)));
    let [least, most] = ratios.map(significant);
    let text = format!("{times}the rounds allow {least} to {most}: {}", bands::latencies(ratios));
    let kept = bands::keeps(word, ratios).filter(|_| !seen.row.overloaded);
    Some((text, kept.map_or(Says::Open, Says::of)))
}
