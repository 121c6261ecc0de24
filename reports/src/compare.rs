//! Compares two runs: every value of each variant that both measured under the same load. A difference is shown only if
//! intervals support it. Whether a difference is good or bad is up to the gate.

mod conditions;
mod figures;
mod text;

use std::collections::HashMap;

use results::{schema::Load, store::Run};
use serde::Serialize;
use thiserror::Error;

use crate::{
    headline,
    report::Report,
    rows::{LoadPoint, Row},
    validity,
};

pub use conditions::Difference;
pub use figures::{Figure, Judgement};
pub use text::render;

/// A comparison of two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first run.
    pub a: Brief,
    /// The second run, which is compared with the first.
    pub b: Brief,
    /// Whether the conditions are equal: `apart` is empty, and both runs are complete.
    pub like_with_like: bool,
    /// Differences of the conditions, which may explain any difference below.
    pub apart: Vec<Difference>,
    /// Further notes on the comparison.
    pub notices: Vec<String>,
    /// The loads that both runs have, from the lightest.
    pub loads: Vec<LoadPair>,
    /// Variants that only the first run measured.
    pub only_in_a: Vec<String>,
    /// Variants that only the second run measured.
    pub only_in_b: Vec<String>,
    /// Values with intervals on both sides.
    pub judged: usize,
    /// Those with a shown difference.
    pub shown: usize,
    /// The rules.
    pub rules: Vec<String>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brief {
    /// Name of its scenario.
    pub scenario: String,
    /// When it started, as in RFC 3339.
    pub started: String,
    /// Commit of the tool, and whether it had uncommitted changes.
    pub commit: String,
    /// Its valid trials and warnings.
    pub validity: String,
}

/// One load of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadPair {
    /// The load in the first run.
    pub load_a: Load,
    /// The load in the second run. It is the same, unless each run has one load and they differ, as listed in
    /// `apart`.
    pub load_b: Load,
    /// Variants that both runs measured, in the order of the table.
    pub variants: Vec<Pair>,
}

/// One variant under one load in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Name of the approach.
    pub approach: String,
    /// Name of the variant.
    pub variant: String,
    /// Whether it is the floor.
    pub floor: bool,
    /// Valid trials in the first and second run.
    pub trials: [u32; 2],
    /// Whether the first and second are labelled as overloaded.
    pub overloaded: [bool; 2],
    /// The values.
    pub figures: Vec<Figure>,
}

/// Why two runs cannot be compared.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CompareError {
    /// Faults were injected in a run.
    #[error("the {which} run is no measurement: {faults}; compare runs without faults")]
    Faults {
        /// `first` or `second`.
        which: &'static str,
        /// Its faults.
        faults: String,
    },
}

/// Compares the second run with the first.
///
/// # Errors
/// Faults were injected in one of them.
pub fn compare(a: &Run, b: &Run) -> Result<Comparison, CompareError> {
    for (which, run) in [("first", a), ("second", b)] {
        if let Some(faults) = validity::faults(&run.run.scenario) {
            return Err(CompareError::Faults { which, faults });
        }
    }
    let reports = [Report::from_run(a), Report::from_run(b)];
    let matched = matched(&reports);
    let mut apart = conditions::differences(a, b);
    let mut loads = Vec::new();
    let mut lone = [Vec::new(), Vec::new()];
    for (first, second) in matched {
        match (first, second) {
            (Some(first), Some(second)) => {
                apart.extend(conditions::load_differences(&first.load, &second.load));
                loads.push(pair_of_loads(first, second, &mut lone));
            }
            (Some(point), None) => lone[0].push(whole_load(point)),
            (None, Some(point)) => lone[1].push(whole_load(point)),
            (None, None) => {}
        }
    }
    let mut notices = notices(&loads, &reports);
    if a == b {
        notices.push("A and B are the same run, so no figure can differ".to_owned());
    }
    let judgements = || loads.iter().flat_map(|load| &load.variants).flat_map(|pair| &pair.figures);
    let judged = judgements().filter(|figure| figure.judgement != Judgement::NotJudged).count();
    let none_shown = judgements().filter(|figure| figure.judgement == Judgement::NoneShown).count();
    let [only_in_a, only_in_b] = lone;
    Ok(Comparison {
        a: brief(a, &reports[0]),
        b: brief(b, &reports[1]),
        like_with_like: apart.is_empty() && reports.iter().all(|report| report.validity.is_whole()),
        apart,
        notices,
        loads,
        only_in_a,
        only_in_b,
        judged,
        shown: judged - none_shown,
        rules: figures::rules(),
    })
}

fn brief(run: &Run, report: &Report) -> Brief {
    let tool = &run.run.tool;
    Brief {
        scenario: run.run.scenario_name.clone(),
        started: run.run.started.clone(),
        commit: format!("{}{}", tool.git_revision, if tool.dirty { ", with uncommitted changes" } else { "" }),
        validity: report.validity.line(),
    }
}

type Matched<'a> = (Option<&'a LoadPoint>, Option<&'a LoadPoint>);

/// Pairs equal loads. If each run has one load, they are paired whatever they are.
fn matched(reports: &[Report; 2]) -> Vec<Matched<'_>> {
    let [a, b] = [&reports[0].loads, &reports[1].loads];
    if let ([first], [second]) = (&a[..], &b[..]) {
        return vec![(Some(first), Some(second))];
    }
    let [of_a, of_b] =
        [a, b].map(|points| points.iter().map(|point| (point.load.key(), point)).collect::<HashMap<_, _>>());
    let first = a.iter().map(|point| (Some(point), of_b.get(&point.load.key()).copied()));
    let second = b.iter().filter(|point| !of_a.contains_key(&point.load.key())).map(|point| (None, Some(point)));
    first.chain(second).collect()
}

fn whole_load(point: &LoadPoint) -> String {
    let variants: Vec<&str> = point.rows.iter().map(|row| row.variant.as_str()).collect();
    format!("{}: {}", headline::describe(&point.load), variants.join(", "))
}

/// Returns the variants of both runs, and adds those of only one run to `lone`.
fn pair_of_loads(a: &LoadPoint, b: &LoadPoint, lone: &mut [Vec<String>; 2]) -> LoadPair {
    let mut variants = Vec::new();
    let [of_a, of_b] = [a, b].map(|point| point.rows.iter().map(|row| (name(row), row)).collect::<HashMap<_, _>>());
    for row in &a.rows {
        let other = of_b.get(&name(row)).copied();
        match (&row.merged, other.map(|other| (other, &other.merged))) {
            (Some(first), Some((other, Some(second)))) => variants.push(Pair {
                approach: row.approach.clone(),
                variant: row.variant.clone(),
                floor: row.floor && other.floor,
                trials: [row.trials.valid, other.trials.valid],
                overloaded: [row.overloaded, other.overloaded],
                figures: figures::compare([first, second], [row.times_floor, other.times_floor]),
            }),
            (Some(_), Some((_, None))) => lone[0].push(said(row, a, ", without a valid trial in the other")),
            (None, Some((_, Some(_)))) => lone[1].push(said(row, b, ", without a valid trial in the other")),
            (Some(_), None) => lone[0].push(said(row, a, "")),
            (None, _) => {}
        }
    }
    for row in b.rows.iter().filter(|row| row.merged.is_some() && !of_a.contains_key(&name(row))) {
        lone[1].push(said(row, b, ""));
    }
    LoadPair { load_a: a.load.clone(), load_b: b.load.clone(), variants }
}

fn name(row: &Row) -> (&str, &str) {
    (&row.approach, &row.variant)
}

fn said(row: &Row, point: &LoadPoint, why: &str) -> String {
    format!("{} under {}{why}", row.variant, headline::describe(&point.load))
}

/// Returns the notes on the comparison.
fn notices(loads: &[LoadPair], reports: &[Report; 2]) -> Vec<String> {
    let mut notices = Vec::new();
    for (name, report) in ["A", "B"].into_iter().zip(reports) {
        if !report.validity.is_whole() {
            notices.push(format!("{name} is not whole: {}", report.validity.line()));
        }
    }
    let floors = loads.iter().filter_map(|load| load.variants.iter().find(|pair| pair.floor));
    for pair in floors {
        let differing: Vec<String> = pair.figures.iter().filter_map(Figure::shown).collect();
        if !differing.is_empty() {
            notices.push(format!(
                "{}, the floor, differs by itself ({}): so much may be the machine and no approach; compare × floor",
                pair.variant,
                differing.join(", ")
            ));
        }
    }
    notices
}
