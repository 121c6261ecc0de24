//! Recorded runs reduced to samples: of each trial what a study needs, and nothing that could not be published.
//!
//! Refuses what is no measurement. Pure; compares nothing.

use results::{
    schema::{Status, Tool, TrialRecord, Verdict},
    store::Run,
};
use thiserror::Error;

use super::unique;
use crate::{merge, validity};

/// Why runs make no study.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum StudyError {
    /// A run is a test of the checks.
    #[error("run {run}, {scenario} of {started}: {faults}; leave it out")]
    Faults {
        /// Place of the run among those that were given, from 1.
        run: u32,
        /// Name of its scenario.
        scenario: String,
        /// When it was started.
        started: String,
        /// What was injected.
        faults: String,
    },
    /// So many checks would make a table of samples that nobody can read.
    #[error(
        "the runs have {found} different checks, expected at most {MOST_CHECKS}; study runs of one scenario at a time"
    )]
    Checks {
        /// How many there are.
        found: usize,
    },
}

/// Most checks of a study, one with two thresholds counted twice.
const MOST_CHECKS: usize = 1_000;

/// One trial, as far as a study needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Place of its run among those that were given, from 1.
    pub run: u32,
    /// Name of the variant.
    pub variant: String,
    /// Simulated clients.
    pub clients: u32,
    /// Events a second, over all symbols.
    pub events_per_second: f64,
    /// Filler in each event.
    pub payload_bytes: u32,
    /// Round, from 1.
    pub round: u32,
    /// Outcome.
    pub status: Status,
    /// Median latency; none where too few events support one.
    pub p50_ns: Option<u64>,
    /// 95 % interval of the median; none where there are too few events.
    pub interval_ns: Option<[u64; 2]>,
    /// Independent observations behind them.
    pub effective_events: u64,
    /// Revision of the tool that ran it, with `+` where its checkout had uncommitted changes.
    pub revision: String,
    /// Place of its machine's boot among those of the runs that were given, from 1: another machine is another boot.
    pub boot: u32,
    /// What each check read.
    pub readings: Vec<Reading>,
}

/// What one check read in one trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Name of the check.
    pub check: String,
    /// From where on it does not pass; none where it is no threshold.
    pub threshold: Option<f64>,
    /// What was measured, to six significant digits; none where there was nothing to judge.
    pub value: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
}

impl Reading {
    /// What readings of one check are told apart by: its name, and its threshold as bits.
    pub(super) fn kind(&self) -> (String, Option<u64>) {
        (self.check.clone(), self.threshold.map(f64::to_bits))
    }
}

/// The trials of these runs that were measured, in the order of the runs and of their files.
///
/// # Errors
/// Faults were injected in one of the runs.
pub fn samples(runs: &[Run]) -> Result<Vec<Sample>, StudyError> {
    let boots = unique(runs.iter().map(|run| run.run.environment.boot_id.as_str()));
    let mut samples = Vec::new();
    for (number, run) in (1..).zip(runs) {
        let record = &run.run;
        if let Some(faults) = validity::faults(&record.scenario) {
            let (scenario, started) = (record.scenario_name.clone(), record.started.clone());
            return Err(StudyError::Faults { run: number, scenario, started, faults });
        }
        let boot = (1..).zip(&boots).find(|(_, boot)| **boot == record.environment.boot_id).map_or(0, |(boot, _)| boot);
        let revision = revision(&record.tool);
        samples.extend(run.trials.iter().filter_map(|trial| sample(number, &revision, boot, trial)));
    }
    let checks = samples.iter().flat_map(|sample: &Sample| sample.readings.iter().map(Reading::kind));
    match unique(checks).len() {
        found if found > MOST_CHECKS => Err(StudyError::Checks { found }),
        _ => Ok(samples),
    }
}

fn revision(tool: &Tool) -> String {
    format!("{}{}", tool.git_revision, if tool.dirty { "+" } else { "" })
}

fn sample(run: u32, revision: &str, boot: u32, trial: &TrialRecord) -> Option<Sample> {
    let measured = trial.measured.as_ref()?;
    let round = merge::one_round(trial.round, measured);
    let readings = measured.checks.iter().map(|check| Reading {
        check: check.id.clone(),
        threshold: check.threshold,
        value: check.value.map(rounded),
        verdict: check.verdict,
    });
    Some(Sample {
        run,
        variant: trial.variant.clone(),
        clients: trial.load.clients,
        events_per_second: trial.load.events_per_second,
        payload_bytes: trial.load.payload_bytes,
        round: trial.round,
        status: trial.status,
        p50_ns: round.latency_ns.p50,
        interval_ns: round.median_interval_ns,
        effective_events: round.effective_observations,
        revision: revision.to_owned(),
        boot,
        readings: readings.collect(),
    })
}

/// To six significant digits, so that a table of the data is no longer than it is exact.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
