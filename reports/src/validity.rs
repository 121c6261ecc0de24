//! How far the numbers of a run can be trusted: trials that are missing, failed or invalid, and every check's verdicts.

mod totals;

use std::collections::HashMap;

use results::{
    format, sanitize,
    schema::{Check, Load, Status, TrialRecord, Verdict},
    store::Run,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    host_noise::{self, HostNoise},
    saturation::{self, Side},
};

/// The trust in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Validity {
    /// Trials planned.
    pub(crate) planned: u32,
    /// Trials recorded.
    pub(crate) recorded: u32,
    /// Of them measured, with no check that says otherwise.
    pub(crate) valid: u32,
    /// Of them invalid because they were offered more than the machine carries, as the scenario meant them to be.
    pub(crate) overloaded_as_intended: u32,
    /// The run was interrupted.
    pub(crate) interrupted: bool,
    /// Trials that are not valid, those apart that were overloaded as intended; none of their numbers is a figure.
    pub(crate) problems: Vec<Problem>,
    /// Checks that warned, in valid trials.
    pub(crate) warnings: Vec<Warning>,
    /// The same, each check once.
    pub(crate) warned: Vec<WarningTotal>,
    /// Every check over all trials, in the order of their first appearance. One that judges different things, each by a
    /// threshold of its own, has a line for each.
    pub(crate) checks: Vec<CheckTotal>,
    /// What the machine did meanwhile; none without a valid trial.
    pub(crate) surroundings: Option<HostNoise>,
}

/// A trial that is not valid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Problem {
    pub(crate) variant: String,
    pub(crate) load: Load,
    pub(crate) round: u32,
    pub(crate) status: Status,
    pub(crate) reason: String,
}

/// A check that warned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Warning {
    pub(crate) variant: String,
    pub(crate) load: Load,
    pub(crate) round: u32,
    pub(crate) check: Check,
}

/// A check that warned, over all valid trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct WarningTotal {
    pub(crate) id: String,
    /// Trials in which it warned.
    pub(crate) trials: u32,
    /// Variants of those trials, in the registry's order.
    pub(crate) variants: Vec<String>,
    /// Value that lies furthest from 0.
    pub(crate) worst: Option<f64>,
    /// From where on it warned, in the trial with the worst value.
    pub(crate) threshold: Option<f64>,
    /// Cause and remedy, as the trial with the worst value says.
    pub(crate) note: String,
}

/// One check over all trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CheckTotal {
    pub(crate) id: String,
    pub(crate) passed: u32,
    pub(crate) warned: u32,
    pub(crate) invalid: u32,
    /// Least and largest value that was measured.
    pub(crate) range: Option<[f64; 2]>,
    /// From where on it does not pass.
    pub(crate) threshold: Option<f64>,
    /// Note of the first worst verdict.
    pub(crate) note: String,
    /// Verdict that the note is of.
    pub(crate) worst: Verdict,
}

/// Judges a run.
pub(crate) fn from_run(run: &Run) -> Validity {
    let mut valid: Vec<&TrialRecord> = run.trials.iter().filter(|trial| trial.status == Status::Ok).collect();
    let places = run.run.approaches.iter().enumerate().map(|(place, facts)| (facts.name.as_str(), place));
    let places: HashMap<&str, usize> = places.collect();
    // In a run's file the trials of a round are shuffled.
    valid.sort_by_key(|trial| (places.get(trial.approach.as_str()), &trial.variant, trial.round));
    let valid_trials = valid.len() as u32;
    let warnings: Vec<Warning> = valid.into_iter().flat_map(warnings).collect();
    let (intended, problems): (Vec<&TrialRecord>, _) =
        run.trials.iter().filter(|trial| trial.status != Status::Ok).partition(|trial| saturation::is_intended(trial));
    Validity {
        planned: run.run.planned_trials,
        recorded: run.trials.len() as u32,
        valid: valid_trials,
        overloaded_as_intended: intended.len() as u32,
        interrupted: run.interrupted.is_some(),
        problems: problems.into_iter().map(problem).collect(),
        warned: totals::warned(&warnings),
        warnings,
        checks: totals::checks(&run.trials),
        surroundings: host_noise::from_trials(&run.trials),
    }
}

/// Whether a valid trial of these ran on a server that waited too long for processors. Its figures stay, with a label.
pub(crate) fn overloaded(trials: &[&TrialRecord]) -> bool {
    let valid = trials.iter().filter(|trial| trial.status == Status::Ok);
    let mut sides = valid.filter_map(|trial| saturation::saturated(trial.measured.as_ref()?));
    sides.any(|side| side != Side::LoadGenerator)
}

/// Trials that are not valid, warnings and checks that are listed one by one.
pub(crate) const LISTED: usize = 200;

/// Longest reason that is printed, in characters.
pub(crate) const LONGEST_REASON: usize = 1_000;

/// Checks whose warning says that a part of the tail is not the approach's.
const OF_THE_TAIL: [&str; 4] = ["lateness", "omission-gap", "stall", "pause"];

/// Which of these warned in a valid trial, so that the p99 is not the approach's alone.
pub(crate) fn tail_warnings(trials: &[&TrialRecord]) -> Vec<&'static str> {
    let valid = trials.iter().filter(|trial| trial.status == Status::Ok);
    let warned: Vec<Warning> = valid.flat_map(|trial| warnings(trial)).collect();
    OF_THE_TAIL.into_iter().filter(|id| warned.iter().any(|warning| warning.check.id == *id)).collect()
}

impl Validity {
    /// Whether every trial that was planned is valid, or came out as it was meant to.
    pub(crate) fn is_whole(&self) -> bool {
        self.valid + self.overloaded_as_intended == self.planned.max(self.recorded)
    }

    /// One line, as under the terminal table.
    pub(crate) fn line(&self) -> String {
        format!("{}; {}", self.line_of_trials(), self.line_of_warnings().unwrap_or_else(|| "no warnings".to_owned()))
    }

    /// How many trials are valid, and what became of those that are not there.
    pub(crate) fn line_of_trials(&self) -> String {
        let mut line = format!("valid: {} of {} trials", self.valid, self.planned.max(self.recorded));
        if self.overloaded_as_intended > 0 {
            line += &format!(", {} overloaded as intended", self.overloaded_as_intended);
        }
        let missing = self.planned.saturating_sub(self.recorded);
        if missing > 0 {
            let why = if self.interrupted { "interrupted" } else { "the file ends early" };
            line += &format!("; {missing} not run: {why}");
        }
        line
    }

    /// How many warnings there are, of which checks; none without one.
    pub(crate) fn line_of_warnings(&self) -> Option<String> {
        let ids: Vec<String> =
            self.warned.iter().map(|total| format!("{} ({})", total.id, some_of(&total.variants))).collect();
        match self.warnings.len() {
            0 => None,
            1 => Some(format!("1 warning: {}", ids.join(", "))),
            warnings => Some(format!("{warnings} warnings: {}", format::listed(&ids))),
        }
    }

    /// One line for each check that warned: where, how far, and what to do.
    pub(crate) fn explanations(&self) -> Vec<String> {
        let explain = |total: &WarningTotal| {
            let worst = format::or_none(total.worst, format::significant);
            let limit = total.threshold.map_or_else(String::new, |limit| format!(" (limit {})", format::plain(limit)));
            format!(
                "{}, {} of {} trials ({}), worst {worst}{limit}: {}",
                total.id,
                total.trials,
                self.valid,
                format::listed(&total.variants),
                sanitize::cut(&total.note, LONGEST_REASON)
            )
        };
        let more = self.warned.len().saturating_sub(LISTED);
        let left_out = (more > 0).then(|| format!("{more} more checks warned; report.json has them"));
        self.warned.iter().take(LISTED).map(explain).chain(left_out).collect()
    }
}

/// The names where they are few, and how many where they are not.
fn some_of(names: &[String]) -> String {
    if names.len() > 3 { format!("{} variants", names.len()) } else { names.join(", ") }
}

fn problem(trial: &TrialRecord) -> Problem {
    Problem {
        variant: trial.variant.clone(),
        load: trial.load.clone(),
        round: trial.round,
        status: trial.status,
        reason: trial.error.clone().unwrap_or_else(|| broken_checks(trial)),
    }
}

/// What the checks that broke say, for a trial whose record gives no reason itself.
fn broken_checks(trial: &TrialRecord) -> String {
    let checks = trial.measured.iter().flat_map(|measured| &measured.checks);
    let broken = checks.filter(|check| check.verdict == Verdict::Invalid);
    let notes: Vec<String> = broken.map(|check| format!("{}: {}", check.id, check.note)).collect();
    if notes.is_empty() { "no reason recorded".to_owned() } else { notes.join("; ") }
}

fn warnings(trial: &TrialRecord) -> impl Iterator<Item = Warning> {
    let checks = trial.measured.iter().flat_map(|measured| &measured.checks);
    checks.filter(|check| check.verdict == Verdict::Warn).map(|check| Warning {
        variant: trial.variant.clone(),
        load: trial.load.clone(),
        round: trial.round,
        check: check.clone(),
    })
}

/// What is said of a run whose scenario injects faults. Loud, because such a run looks like any other.
#[must_use]
pub fn faults(scenario: &Value) -> Option<String> {
    let injected: Vec<String> = scenario
        .get("faults")?
        .as_object()?
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let said = "this is a test of the checks and no measurement";
    (!injected.is_empty()).then(|| format!("faults were injected on purpose: {}; {said}", injected.join(", ")))
}
