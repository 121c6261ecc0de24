//! A session of the paired gate: two builds, and a copy of the first, run the same load in turns. Each trial is recorded
//! when it ends. This module must not decide anything.
//!
//! A build is any program with this command line and result format. A trial is a `run` of the build, so each build measures
//! with its own instrument.

use std::{process::Command, time::Duration};

use gate::{
    budget::{self, Candidate},
    paired::{Arm, Cell, Plan, Session, SessionLine, Slot, Trial},
};
use results::{
    schema::{Status, Tool, TrialRecord},
    store::{self, Run},
};

use super::{
    build::{self, Ended},
    injection::Injection,
    setup::{Setup, TRIALS},
};
use crate::{failure::Failure, host::clock};

/// Exit codes of a `run` that recorded its trials: all valid, or some invalid.
const RECORDED: [i32; 2] = [0, 4];
/// Exit code of a `run` that the machine cannot hold.
const UNABLE: i32 = 6;
/// Maximum duration of a trial in the rehearsal. A longer one has stalled.
const REHEARSAL_LIMIT: Duration = Duration::from_secs(600);
/// Maximum duration of a later trial: a multiple of its duration in the rehearsal, but at least this time.
const LIMIT_TIMES: f64 = 10.0;
const LEAST_LIMIT: Duration = Duration::from_secs(60);

/// The rehearsal: each approach once, with the base.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    /// The build of the base.
    pub(crate) base: String,
    /// The build of the head.
    pub(crate) head: String,
    /// In the scenario's order.
    trials: Vec<Rehearsed>,
}

/// One trial before the session.
#[derive(Debug)]
struct Rehearsed {
    /// Which build made it.
    tool: Tool,
    record: TrialRecord,
    candidate: Candidate,
}

impl Rehearsal {
    /// The approaches that can run, in the scenario's order, with the duration of the whole program.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        self.trials.iter().map(|trial| trial.candidate.clone()).collect()
    }

    /// Returns the slowdown of the head in each of the first `count` cells.
    ///
    /// # Errors
    /// It cannot be injected into one of them.
    pub(crate) fn keys(&self, injection: Option<Injection>, cells: usize) -> Result<Vec<Option<String>>, String> {
        let of = |trial: &Rehearsed| injection.map(|injection| injection.key(&trial.record)).transpose();
        self.trials[..cells].iter().map(of).collect()
    }
}

/// The reason why a program left no record.
struct NoRecord {
    /// Its exit status, if it ended.
    code: Option<i32>,
    reason: String,
}

impl Setup {
    /// Runs each approach once with the base, and the first one with the head too. This finds approaches that cannot run, and
    /// the duration of a trial.
    ///
    /// # Errors
    /// A build cannot be measured, or the machine cannot hold the load.
    pub(crate) fn rehearse(&mut self) -> Result<Rehearsal, Failure> {
        let approaches = self.approaches.clone();
        let trials = approaches.iter().map(|approach| self.rehearsed(Arm::Base, approach));
        let trials = trials.collect::<Result<Vec<_>, Failure>>()?;
        let head = self.rehearsed(Arm::Head, &approaches[0])?;
        Ok(Rehearsal { base: describe(&trials[0].tool), head: describe(&head.tool), trials })
    }

    /// Runs a trial that must not fail.
    fn rehearsed(&mut self, arm: Arm, approach: &str) -> Result<Rehearsed, Failure> {
        let start_ns = clock::now_ns();
        let out = format!("rehearsal-{}-{approach}", arm.name());
        let ran = self.turn(arm, approach, self.seed, None, &out, REHEARSAL_LIMIT);
        self.go_on()?;
        let Run { run, trials, .. } = ran.map_err(|none| {
            let unable = none.code == Some(UNABLE);
            if unable { Failure::Machine(none.reason) } else { Failure::Invalid(none.reason) }
        })?;
        let Some(record) = trials.into_iter().next() else {
            return Err(Failure::Invalid(format!("{} recorded no trial", arm.name())));
        };
        if record.status == Status::Failed {
            let reason = record.error.as_deref().unwrap_or("it does not say why");
            let problem = format!("{} of {} failed in the rehearsal: {reason}", arm.name(), record.variant);
            return Err(Failure::Invalid(problem));
        }
        let cell = Cell { variant: record.variant.clone(), load: self.load.clone() };
        let candidate = Candidate { cell, trial_seconds: (clock::now_ns() - start_ns) as f64 / 1e9 };
        Ok(Rehearsed { tool: run.tool, record, candidate })
    }

    /// Runs one trial of one arm. Returns its record, or the reason why there is none.
    fn turn(
        &mut self,
        arm: Arm,
        approach: &str,
        seed: u64,
        key: Option<&str>,
        out: &str,
        limit: Duration,
    ) -> Result<Run, NoRecord> {
        let out = self.directory.join(TRIALS).join(out);
        let mut command = Command::new(self.program(arm));
        command.arg("run").arg(self.scenario()).args(["--approach", approach, "--no-report"]).arg("--out").arg(&out);
        command.args(["--set", &format!("load.seed={seed}")]);
        if let Some(key) = key {
            command.args(["--set", key]);
        }
        let failed = |code, reason: String| NoRecord { code, reason: format!("{} {reason}", arm.name()) };
        let Ended { status, last_words } = build::run(command, limit, &mut self.keeper, &self.attention)
            .map_err(|unended| failed(None, unended.to_string()))?;
        if !status.code().is_some_and(|code| RECORDED.contains(&code)) {
            let last = last_words.line().unwrap_or_else(|| "it said nothing".to_owned());
            return Err(failed(status.code(), format!("ended with {status}: {last}")));
        }
        store::read(&out).map_err(|error| failed(status.code(), format!("left no record of it: {error}")))
    }
}

/// Runs the blocks of a plan, and records each trial as it ends.
///
/// # Errors
/// The session cannot be written, or the gate was told to end. A trial that fails is no error: it is recorded.
pub(crate) fn run(
    setup: &mut Setup,
    rehearsal: &Rehearsal,
    keys: &[Option<String>],
    plan: Plan,
    say: impl Fn(&str),
) -> Result<Session, Failure> {
    setup.write(&SessionLine::Plan(plan.clone()))?;
    let slots = budget::order(plan.seed, plan.cells.len(), plan.blocks);
    let mut trials = Vec::new();
    for (slot, turn) in slots.iter().zip(1..) {
        let Slot { block, cell, arm, position } = *slot;
        let place = &plan.cells[cell];
        say(&format!("[{turn}/{}] block {block} {} {}", slots.len(), place.variant, arm.name()));
        let key = keys[cell].as_deref().filter(|_| arm == Arm::Head);
        let out = format!("block-{block:02}-{}-{}", setup.approaches[cell], arm.name());
        let seed = setup.seed.wrapping_add(plan.seed).wrapping_add(u64::from(block));
        let rehearsed = &rehearsal.trials[cell];
        let limit = LEAST_LIMIT.max(Duration::from_secs_f64(rehearsed.candidate.trial_seconds * LIMIT_TIMES));
        let approach = setup.approaches[cell].clone();
        let ran = setup.turn(arm, &approach, seed, key, &out, limit).map_err(|none| none.reason);
        setup.go_on()?;
        let trial = ran.and_then(|run| match run.trials.as_slice() {
            [trial] if is_alike(trial, &rehearsed.record) => {
                Ok(Trial::from_record(block, arm, position, place.load.clone(), trial))
            }
            _ => Err(format!(
                "{} recorded something else than one trial of {} under the load and window of the rehearsal",
                arm.name(),
                place.variant
            )),
        });
        let trial = trial.unwrap_or_else(|reason| Trial::failed(*slot, place.clone(), reason));
        setup.write(&SessionLine::Trial(trial.clone()))?;
        trials.push(trial);
    }
    setup.sync()?;
    Ok(Session { plan, trials })
}

/// Returns whether two trials have the same variant, load and window. Settings may differ, because one build can have
/// more of them.
fn is_alike(one: &TrialRecord, other: &TrialRecord) -> bool {
    let measured = one.measured.as_ref().zip(other.measured.as_ref());
    let as_long = measured.is_none_or(|(one, other)| one.window == other.window);
    one.variant == other.variant && one.load == other.load && as_long
}

/// Describes a build, such as `0.1.0 at 1a2b3c4d5e6f`, and whether its sources were changed.
fn describe(tool: &Tool) -> String {
    format!(
        "{} at {}{}",
        tool.version,
        tool.short_revision(),
        if tool.dirty { " with uncommitted changes" } else { "" }
    )
}
