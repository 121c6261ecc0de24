//! Runs the trials of a plan one after the other, and records each as it ends.

use std::{collections::BTreeMap, path::PathBuf};

use reports::saturation;
use results::{
    schema::{Interrupted, Record, RunRecord, Status, TrialRecord},
    store::{Store, StoreError},
};
use scenario::plan::Trial;
use tokio::sync::mpsc;

use super::{
    host::{Children, Host},
    merge,
    observe::Observer,
    trial::{self, TrialResult},
};

/// The outcome of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The file with the records.
    pub results: PathBuf,
    /// Number of trials that were recorded.
    pub recorded: usize,
    /// Number of trials that are not `ok`.
    pub not_ok: usize,
    /// Whether the run was interrupted.
    pub interrupted: bool,
}

/// Decides after each round whether a run has another one.
pub trait Rounds {
    /// Takes note of a trial that has ended.
    fn ended(&mut self, record: &TrialRecord);
    /// Returns the trials of the next round, or none if the run is complete.
    fn next_round(&mut self) -> Vec<Trial>;
}

/// Runs the trials and records them, and then those of further rounds. Variants that do not conform are not measured: their
/// trials are recorded as failed, with the reason. The run ends when `interrupted` does.
///
/// # Errors
/// The records cannot be written. A trial that fails is not an error; it is recorded.
pub async fn run(
    run: RunRecord,
    mut trials: Vec<Trial>,
    rounds: &mut impl Rounds,
    nonconforming: &BTreeMap<String, String>,
    mut store: Store,
    observer: &mut impl Observer,
    interrupted: impl Future<Output = ()>,
) -> Result<Outcome, StoreError> {
    let scenario = run.scenario_name.clone();
    store.append(&Record::Run(Box::new(run)))?;
    let mut interrupted = std::pin::pin!(interrupted);
    let mut outcome = Outcome { results: PathBuf::new(), recorded: 0, not_ok: 0, interrupted: false };
    let mut index = 0;
    loop {
        if index == trials.len() {
            trials.extend(rounds.next_round());
        }
        let Some(trial) = trials.get(index) else { break };
        let mark =
            Record::Interrupted(Interrupted { recorded_trials: count(index), planned_trials: count(trials.len()) });
        observer.began(trial, index, trials.len());
        let measured = tokio::select! {
            biased;
            () = &mut interrupted => {
                outcome.interrupted = true;
                store.append(&mark)?;
                break;
            }
            measured = observed(trial, nonconforming.get(&trial.variant), observer) => measured,
        };
        let record = record(&scenario, trial, measured);
        outcome.not_ok += usize::from(record.status != Status::Ok && !saturation::is_intended(&record));
        observer.ended(&record);
        rounds.ended(&record);
        if let Err(full) = store.append(&Record::Trial(Box::new(record))) {
            // The mark may fit on a disk that has no room for a whole record.
            let _ = store.append(&mark);
            return Err(full);
        }
        index += 1;
    }
    outcome.recorded = index;
    outcome.results = store.finish()?;
    Ok(outcome)
}

/// Runs a trial and shows its progress.
async fn observed(
    trial: &Trial,
    nonconforming: Option<&String>,
    observer: &mut impl Observer,
) -> anyhow::Result<TrialResult> {
    if let Some(reason) = nonconforming {
        anyhow::bail!("not measured, since it does not conform: {reason}");
    }
    let (sender, mut progress) = mpsc::unbounded_channel();
    let mut running = std::pin::pin!(trial::run(trial, Host::local(Children::Processes), sender));
    loop {
        tokio::select! {
            results = &mut running => return results,
            Some(progress) = progress.recv() => observer.progressed(progress),
        }
    }
}

fn record(scenario: &str, trial: &Trial, measured: anyhow::Result<TrialResult>) -> TrialRecord {
    measured
        .and_then(|result| merge::record(scenario, trial, &result))
        .unwrap_or_else(|error| merge::failure(scenario, trial, &error))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("trials are counted in 32 bits")
}
