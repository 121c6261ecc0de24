//! How far the numbers of a run can be trusted: trials that are missing, failed or invalid, and every check's verdicts.

use serde::Serialize;

use crate::{
    schema::{Check, Load, Status, TrialRecord, Verdict},
    store::Run,
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
    /// The run was interrupted.
    pub(crate) interrupted: bool,
    /// Trials that are not valid; none of their numbers is used.
    pub(crate) problems: Vec<Problem>,
    /// Checks that warned, in valid trials.
    pub(crate) warnings: Vec<Warning>,
    /// Every check over all trials, in the order of their first appearance.
    pub(crate) checks: Vec<CheckTotal>,
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
pub(crate) fn of(run: &Run) -> Validity {
    let count = |status| run.trials.iter().filter(|trial| trial.status == status).count() as u32;
    Validity {
        planned: run.run.planned_trials,
        recorded: run.trials.len() as u32,
        valid: count(Status::Ok),
        interrupted: run.interrupted.is_some(),
        problems: run.trials.iter().filter(|trial| trial.status != Status::Ok).map(problem).collect(),
        warnings: run.trials.iter().filter(|trial| trial.status == Status::Ok).flat_map(warnings).collect(),
        checks: totals(&run.trials),
    }
}

impl Validity {
    /// One line, as under the terminal table.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("valid: {} of {} trials", self.valid, self.planned.max(self.recorded));
        let missing = self.planned.saturating_sub(self.recorded);
        if missing > 0 {
            let why = if self.interrupted { "interrupted" } else { "the file ends early" };
            line += &format!("; {missing} not run: {why}");
        }
        let mut ids: Vec<&str> = self.warnings.iter().map(|warning| warning.check.id.as_str()).collect();
        let warned = ids.len();
        ids.sort_unstable();
        ids.dedup();
        match warned {
            0 => line += "; no warnings",
            1 => line += &format!("; 1 warning: {}", ids.join(", ")),
            _ => line += &format!("; {warned} warnings: {}", ids.join(", ")),
        }
        line
    }
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

fn totals(trials: &[TrialRecord]) -> Vec<CheckTotal> {
    let mut totals: Vec<CheckTotal> = Vec::new();
    for check in trials.iter().filter_map(|trial| trial.measured.as_ref()).flat_map(|measured| &measured.checks) {
        let index = totals.iter().position(|total| total.id == check.id).unwrap_or_else(|| {
            totals.push(unseen(check));
            totals.len() - 1
        });
        add(&mut totals[index], check);
    }
    totals
}

fn unseen(check: &Check) -> CheckTotal {
    CheckTotal {
        id: check.id.clone(),
        passed: 0,
        warned: 0,
        invalid: 0,
        range: None,
        threshold: check.threshold,
        note: check.note.clone(),
        worst: check.verdict,
    }
}

fn add(total: &mut CheckTotal, check: &Check) {
    match check.verdict {
        Verdict::Pass => total.passed += 1,
        Verdict::Warn => total.warned += 1,
        Verdict::Invalid => total.invalid += 1,
    }
    if check.verdict > total.worst {
        total.worst = check.verdict;
        total.note.clone_from(&check.note);
        total.threshold = check.threshold;
    }
    let Some(value) = check.value.filter(|value| value.is_finite()) else { return };
    let [least, most] = total.range.unwrap_or([value, value]);
    total.range = Some([least.min(value), most.max(value)]);
}
