//! Reduces recorded trials to the values that the study needs.

use reports::{merge, validity};
use results::{
    schema::{Status, Tool, TrialRecord, Verdict},
    store::Run,
};
use thiserror::Error;

use super::unique;

/// Why these runs cannot be studied.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub(crate) enum StudyError {
    /// Faults were injected in a run.
    #[error("run {run}, {scenario} of {started}: {faults}; leave it out")]
    Faults {
        /// Position of the run on the command line, from 1.
        run: u32,
        /// Name of its scenario.
        scenario: String,
        /// When it started.
        started: String,
        /// The injected faults.
        faults: String,
    },
    /// The table of samples would have too many columns.
    #[error(
        "the runs have {found} different checks, expected at most {MOST_CHECKS}; study runs of one scenario at a time"
    )]
    Checks {
        /// Different checks found.
        found: usize,
    },
}

/// Maximum number of checks. A check with two thresholds counts twice.
const MOST_CHECKS: usize = 1_000;

/// One measured trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    /// Position of its run on the command line, from 1.
    pub(crate) run: u32,
    /// Name of the variant.
    pub(crate) variant: String,
    /// Simulated clients.
    pub(crate) clients: u32,
    /// Events per second, over all symbols.
    pub(crate) events_per_second: f64,
    /// Payload of each event, in bytes.
    pub(crate) payload_bytes: u32,
    /// Round, from 1.
    pub(crate) round: u32,
    /// Outcome.
    pub(crate) status: Status,
    /// Median latency. `None` with too few events.
    pub(crate) p50_ns: Option<u64>,
    /// 95 % interval of the median. `None` with too few events.
    pub(crate) interval_ns: Option<[u64; 2]>,
    /// Independent observations behind them.
    pub(crate) effective_events: u64,
    /// Revision of the tool, with `+` if its checkout had uncommitted changes.
    pub(crate) revision: String,
    /// Number of the machine's boot among the boots in the study, from 1.
    pub(crate) boot: u32,
    /// The value of each check.
    pub(crate) readings: Vec<Reading>,
}

/// The value of one check in one trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// Name of the check.
    pub(crate) check: String,
    /// Its limit, if it has one.
    pub(crate) threshold: Option<f64>,
    /// The value, to six significant digits. `None` if there was nothing to judge.
    pub(crate) value: Option<f64>,
    /// The verdict.
    pub(crate) verdict: Verdict,
}

impl Reading {
    /// Identifies the check: its name, and its threshold as bits.
    pub(super) fn kind(&self) -> (String, Option<u64>) {
        (self.check.clone(), self.threshold.map(f64::to_bits))
    }
}

/// Returns the measured trials, in the order of the runs and of their files.
pub(crate) fn samples(runs: &[Run]) -> Result<Vec<Sample>, StudyError> {
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

/// Rounds to six significant digits, to keep the committed tables small.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
