//! How far the numbers of a run can be trusted: missing, failed and invalid trials, and the checks.

mod totals;

use std::collections::HashMap;

use results::{
    format, sanitize,
    schema::{Check, Load, Part, Status, TrialRecord, Verdict},
    store::Run,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    host_noise::{self, HostNoise},
    saturation::{self, Side},
};

/// The validity of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Validity {
    /// Trials planned.
    pub(crate) planned: u32,
    /// Trials recorded.
    pub(crate) recorded: u32,
    /// Valid trials.
    pub(crate) valid: u32,
    /// Valid trials whose warnings count.
    pub(crate) judged: u32,
    /// Trials that are invalid because of an intended overload.
    pub(crate) overloaded_as_intended: u32,
    /// Whether the run was interrupted.
    pub(crate) interrupted: bool,
    /// Trials that are not valid, except intended overloads. They are in no figure.
    pub(crate) problems: Vec<Problem>,
    /// Warnings in valid trials. Those of the further rates for the cost of a delivery do not count: they go to the limit on
    /// purpose, and their latencies are not used.
    pub(crate) warnings: Vec<Warning>,
    /// The same warnings, once per check.
    pub(crate) warned: Vec<WarningTotal>,
    /// Every check over all trials, once per threshold, in the order of their first appearance.
    pub(crate) checks: Vec<CheckTotal>,
    /// Disturbances by the machine. `None` without a valid trial.
    pub(crate) surroundings: Option<HostNoise>,
}

/// A trial that is not valid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Problem {
    pub(crate) variant: String,
    pub(crate) load: Load,
    pub(crate) round: u32,
    /// Which part of the report it was for.
    pub(crate) part: Part,
    pub(crate) status: Status,
    pub(crate) reason: String,
}

impl Problem {
    /// Names the round, and what the trial was for if that is not the table.
    pub(crate) fn place(&self) -> String {
        match self.part {
            Part::Table => format!("round {}", self.round),
            Part::Cost => format!(
                "round {}, for the cost at {} events a second",
                self.round,
                format::plain(self.load.events_per_second)
            ),
            Part::Awake => format!("round {}, with cores kept awake", self.round),
        }
    }
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Warning {
    pub(crate) variant: String,
    pub(crate) load: Load,
    pub(crate) round: u32,
    pub(crate) check: Check,
}

/// The warnings of one check, over all valid trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct WarningTotal {
    pub(crate) id: String,
    /// Number of trials with the warning.
    pub(crate) trials: u32,
    /// Variants of those trials, in the order of the registry.
    pub(crate) variants: Vec<String>,
    /// The value furthest from 0.
    pub(crate) worst: Option<f64>,
    /// The limit in the trial with the worst value.
    pub(crate) threshold: Option<f64>,
    /// Cause and remedy, from the trial with the worst value.
    pub(crate) note: String,
}

/// One check over all trials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct CheckTotal {
    pub(crate) id: String,
    pub(crate) passed: u32,
    pub(crate) warned: u32,
    pub(crate) invalid: u32,
    /// Smallest and largest measured value.
    pub(crate) range: Option<[f64; 2]>,
    /// The limit.
    pub(crate) threshold: Option<f64>,
    /// Note of the first trial with the worst verdict.
    pub(crate) note: String,
    /// The worst verdict.
    pub(crate) worst: Verdict,
}

/// Summarises a run.
pub(crate) fn from_run(run: &Run) -> Validity {
    let mut valid: Vec<&TrialRecord> = run.trials.iter().filter(|trial| trial.status == Status::Ok).collect();
    let places = run.run.approaches.iter().enumerate().map(|(place, facts)| (facts.name.as_str(), place));
    let places: HashMap<&str, usize> = places.collect();
    // Trials of a round are shuffled in the file.
    valid.sort_by_key(|trial| (places.get(trial.approach.as_str()), &trial.variant, trial.round));
    let valid_trials = valid.len() as u32;
    valid.retain(|trial| trial.part != Part::Cost);
    let judged = valid.len() as u32;
    let warnings: Vec<Warning> = valid.into_iter().flat_map(warnings).collect();
    let (intended, problems): (Vec<&TrialRecord>, _) =
        run.trials.iter().filter(|trial| trial.status != Status::Ok).partition(|trial| saturation::is_intended(trial));
    Validity {
        planned: run.run.planned_trials,
        recorded: run.trials.len() as u32,
        valid: valid_trials,
        judged,
        overloaded_as_intended: intended.len() as u32,
        interrupted: run.interrupted.is_some(),
        problems: problems.into_iter().map(problem).collect(),
        warned: totals::warned(&warnings),
        warnings,
        checks: totals::checks(&run.trials),
        surroundings: host_noise::from_trials(&run.trials),
    }
}

/// Returns whether the server of a valid trial was overloaded. The figures stay, with a label.
pub(crate) fn overloaded(trials: &[&TrialRecord]) -> bool {
    let valid = trials.iter().filter(|trial| trial.status == Status::Ok);
    let mut sides = valid.filter_map(|trial| saturation::saturated(trial.measured.as_ref()?));
    sides.any(|side| side != Side::LoadGenerator)
}

/// Maximum number of listed trials, warnings and checks.
pub(crate) const LISTED: usize = 200;

/// Maximum length of a printed reason, in characters.
pub(crate) const LONGEST_REASON: usize = 1_000;

/// Checks whose warning means that a part of the tail is not due to the approach.
const OF_THE_TAIL: [&str; 4] = ["lateness", "omission-gap", "stall", "pause"];

/// Returns which of them warned in a valid trial.
pub(crate) fn tail_warnings(trials: &[&TrialRecord]) -> Vec<&'static str> {
    let valid = trials.iter().filter(|trial| trial.status == Status::Ok);
    let warned: Vec<Warning> = valid.flat_map(|trial| warnings(trial)).collect();
    OF_THE_TAIL.into_iter().filter(|id| warned.iter().any(|warning| warning.check.id == *id)).collect()
}

impl Validity {
    /// Returns whether every planned trial is valid or an intended overload.
    pub(crate) fn is_whole(&self) -> bool {
        self.valid + self.overloaded_as_intended == self.planned.max(self.recorded)
    }

    /// Describes the validity in one line.
    pub(crate) fn line(&self) -> String {
        match self.line_of_warnings() {
            Some(warnings) => format!("{}; {warnings}", self.line_of_trials()),
            None if self.valid == 0 => self.line_of_trials(),
            None => format!("{}; no warnings", self.line_of_trials()),
        }
    }

    /// Describes how many trials are valid, and what happened to the others.
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

    /// Describes the warnings. Returns `None` without any.
    pub(crate) fn line_of_warnings(&self) -> Option<String> {
        let ids: Vec<String> =
            self.warned.iter().map(|total| format!("{} ({})", total.id, some_of(&total.variants))).collect();
        match self.warnings.len() {
            0 => None,
            1 => Some(format!("1 warning: {}", ids.join(", "))),
            warnings => Some(format!("{warnings} warnings: {}", format::listed(&ids))),
        }
    }

    /// Returns one line per check that warned: variants, value and remedy.
    pub(crate) fn explanations(&self) -> Vec<String> {
        let explain = |total: &WarningTotal| {
            let worst = format::or_none(total.worst, format::significant);
            let limit = total.threshold.map_or_else(String::new, |limit| format!(" (limit {})", format::plain(limit)));
            format!(
                "{}, {} of {} trials ({}), worst {worst}{limit}: {}",
                total.id,
                total.trials,
                self.judged,
                format::listed(&total.variants),
                sanitize::cut(&total.note, LONGEST_REASON)
            )
        };
        let more = self.warned.len().saturating_sub(LISTED);
        let left_out = (more > 0).then(|| format!("{more} more checks warned; report.json has them"));
        self.warned.iter().take(LISTED).map(explain).chain(left_out).collect()
    }
}

/// Lists a few names, or counts them if there are many.
fn some_of(names: &[String]) -> String {
    if names.len() > 3 { format!("{} variants", names.len()) } else { names.join(", ") }
}

fn problem(trial: &TrialRecord) -> Problem {
    Problem {
        variant: trial.variant.clone(),
        load: trial.load.clone(),
        round: trial.round,
        part: trial.part,
        status: trial.status,
        reason: trial.error.clone().unwrap_or_else(|| broken_checks(trial)),
    }
}

/// Returns the notes of the invalid checks, for a trial without a recorded reason.
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

/// Describes the faults of a scenario. Returns `None` without faults. The text is prominent, because such a run looks
/// like any other.
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
