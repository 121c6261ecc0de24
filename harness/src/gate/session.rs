//! A session of the paired gate: two builds, and a copy of the first, take the same load in turns, and each trial is
//! recorded as it ends. It must not judge.
//!
//! A build is any program that speaks this command line and writes this result format: a trial is its own `run`, so that
//! each build measures with the instrument that it was built with.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use reports::{
    format,
    gate::{
        budget::{self, Candidate, Slot},
        paired::{Arm, Cell, FILE_NAME, Line, Plan, Session, Trial},
    },
    schema::{Status, Tool, TrialRecord},
    store::{self, Run},
};

use super::injection::Injection;
use crate::{clock, scenario::Scenario, variants::variants};

/// Exit codes of a `run` that has recorded what it measured: all well, and a trial that is not.
const RECORDED: [i32; 2] = [0, 4];

/// What a session needs, in its directory.
#[derive(Debug)]
pub(crate) struct Setup {
    directory: PathBuf,
    approaches: Vec<String>,
    load: String,
    seed: u64,
}

/// What the base made of each approach, once.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    /// Which build the base is.
    pub(crate) base: String,
    /// Which build the head is.
    pub(crate) head: String,
    /// What can be run, in the scenario's order, with the time from the start of its program to its end.
    pub(crate) candidates: Vec<Candidate>,
    trials: Vec<TrialRecord>,
}

/// One trial before the session.
struct Rehearsed {
    /// Which build made it.
    tool: Tool,
    trial: TrialRecord,
    candidate: Candidate,
}

impl Setup {
    /// Makes the session's directory, with the scenario as it is run and with the three programs: the arms `base` and
    /// `copy` from the first, `head` from the second, each a file of its own under a name of its own.
    ///
    /// # Errors
    /// The scenario has several loads, or several variants of an approach; the directory holds a session already; or a
    /// program cannot be read.
    pub(crate) fn prepare(base: &Path, head: &Path, scenario: &Scenario, directory: &Path) -> Result<Self> {
        let approaches = approaches(scenario)?;
        let (clients, rates) = (scenario.load.clients.values(), scenario.load.events_per_second.values());
        let ([clients], [rate]) = (clients.as_slice(), rates.as_slice()) else {
            anyhow::bail!(
                "the gate compares under one load, and the scenario has several: give one of each with --set"
            );
        };
        let file = directory.join(FILE_NAME);
        ensure!(!file.exists(), "{} already exists: sessions are never overwritten", file.display());
        let builds = directory.join("builds");
        fs::create_dir_all(&builds).with_context(|| format!("cannot make {}", builds.display()))?;
        let load = format!("{} clients, {} events a second", format::count(u64::from(*clients)), rate);
        let setup = Self { directory: directory.to_owned(), approaches, load, seed: scenario.load.seed };
        let text = toml::to_string(scenario).context("the scenario cannot be written")?;
        fs::write(setup.scenario(), text).context("the scenario cannot be written")?;
        for (arm, program) in [(Arm::Base, base), (Arm::Copy, base), (Arm::Head, head)] {
            fs::copy(program, setup.program(arm)).with_context(|| format!("cannot copy {}", program.display()))?;
        }
        Ok(setup)
    }

    /// The session's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join(FILE_NAME)
    }

    /// Runs each approach once with the base, and the first with the head too: what cannot run is found out now, and how
    /// long a trial takes.
    ///
    /// # Errors
    /// Why a build cannot be measured.
    pub(crate) fn rehearse(&self) -> Result<Rehearsal, String> {
        let rehearsed = self.approaches.iter().map(|approach| self.rehearsed(Arm::Base, approach));
        let rehearsed = rehearsed.collect::<Result<Vec<_>, String>>()?;
        let [first, ..] = self.approaches.as_slice() else { return Err("the scenario has no approach".to_owned()) };
        let head = self.rehearsed(Arm::Head, first)?;
        Ok(Rehearsal {
            base: describe(&rehearsed[0].tool),
            head: describe(&head.tool),
            candidates: rehearsed.iter().map(|one| one.candidate.clone()).collect(),
            trials: rehearsed.into_iter().map(|one| one.trial).collect(),
        })
    }

    /// One trial that must not fail.
    fn rehearsed(&self, arm: Arm, approach: &str) -> Result<Rehearsed, String> {
        let start_ns = clock::now_ns();
        let Run { run, trials, .. } =
            self.turn(arm, approach, self.seed, None, &format!("rehearsal-{}-{approach}", arm.name()))?;
        let trial = trials.into_iter().next().ok_or_else(|| format!("{} recorded no trial", arm.name()))?;
        if trial.status == Status::Failed {
            let reason = trial.error.as_deref().unwrap_or("it does not say why");
            return Err(format!("{} of {} failed in the rehearsal: {reason}", arm.name(), trial.variant));
        }
        let cell = Cell { variant: trial.variant.clone(), load: self.load.clone() };
        let candidate = Candidate { cell, trial_seconds: (clock::now_ns() - start_ns) as f64 / 1e9 };
        Ok(Rehearsed { tool: run.tool, trial, candidate })
    }

    /// One trial of one arm: what its program recorded, or why there is nothing.
    fn turn(&self, arm: Arm, approach: &str, seed: u64, key: Option<&str>, out: &str) -> Result<Run, String> {
        let out = self.directory.join("trials").join(out);
        let mut command = Command::new(self.program(arm));
        command.arg("run").arg(self.scenario()).args(["--trials", "1", "--no-report", "--approach", approach]);
        command.args(["--seed", &seed.to_string()]).arg("--out").arg(&out);
        if let Some(key) = key {
            command.args(["--set", key]);
        }
        let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
        let ended = ended.map_err(|error| format!("{} does not start: {error}", arm.name()))?;
        if !ended.status.code().is_some_and(|code| RECORDED.contains(&code)) {
            let said = String::from_utf8_lossy(&ended.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            return Err(format!("{} ended with {}: {last}", arm.name(), ended.status));
        }
        store::read(&out).map_err(|error| format!("{}: {error}", arm.name()))
    }

    fn program(&self, arm: Arm) -> PathBuf {
        self.directory.join("builds").join(arm.name())
    }

    fn scenario(&self) -> PathBuf {
        self.directory.join("gate.toml")
    }
}

impl Drop for Setup {
    /// The programs are copies; what they measured is kept, and says what they were.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.directory.join("builds"));
    }
}

/// Runs the blocks of a plan, and records each trial as it ends.
///
/// # Errors
/// The session cannot be written, or what is to be injected cannot be. A trial that fails is no error: it is recorded.
pub(crate) fn run(
    setup: &Setup,
    rehearsal: &Rehearsal,
    plan: Plan,
    injection: Option<Injection>,
    say: impl Fn(&str),
) -> Result<Session> {
    let keys = rehearsal.trials.iter().map(|trial| injection.map(|it| it.key(trial)).transpose());
    let keys = keys.take(plan.cells.len()).collect::<Result<Vec<_>, String>>().map_err(anyhow::Error::msg)?;
    let mut file = OpenOptions::new().append(true).create_new(true).open(setup.file())?;
    write(&mut file, &Line::Plan(plan.clone()))?;
    let slots = budget::order(plan.seed, plan.cells.len(), plan.blocks);
    let mut trials = Vec::new();
    for (slot, turn) in slots.iter().zip(1..) {
        let Slot { block, cell, arm, position } = *slot;
        let place = &plan.cells[cell];
        say(&format!("[{turn}/{}] block {block} {} {}", slots.len(), place.variant, arm.name()));
        let key = keys[cell].as_deref().filter(|_| arm == Arm::Head);
        let out = format!("block-{block:02}-{}-{}", setup.approaches[cell], arm.name());
        let seed = setup.seed.wrapping_add(plan.seed).wrapping_add(u64::from(block));
        let ran = setup.turn(arm, &setup.approaches[cell], seed, key, &out);
        let trial = ran.and_then(|run| match run.trials.as_slice() {
            [trial] if trial.variant == place.variant => Ok(Trial::of(block, arm, position, place.load.clone(), trial)),
            _ => Err(format!("{} recorded something else than one trial of {}", arm.name(), place.variant)),
        });
        let trial = trial.unwrap_or_else(|reason| Trial::failed(*slot, place.clone(), reason));
        write(&mut file, &Line::Trial(trial.clone()))?;
        trials.push(trial);
    }
    file.sync_all()?;
    Ok(Session { plan, trials })
}

fn write(file: &mut File, line: &Line) -> Result<()> {
    file.write_all(line.text().as_bytes()).context("the session cannot be written")
}

/// The approaches of a scenario in its order, which is that of importance, with one variant each.
fn approaches(scenario: &Scenario) -> Result<Vec<String>> {
    let variants = variants(scenario)?;
    let names: Vec<String> = variants.iter().map(|variant| variant.approach.name.to_owned()).collect();
    let twice = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name));
    if let Some((_, name)) = twice {
        anyhow::bail!("the gate runs one variant of each approach, and the scenario has several of {name}");
    }
    Ok(names)
}

/// Which build it is, for people: `0.1.0 at 1a2b3c4d5e6f`, and whether its sources were changed.
fn describe(tool: &Tool) -> String {
    format!(
        "{} at {}{}",
        tool.version,
        tool.short_revision(),
        if tool.dirty { " with uncommitted changes" } else { "" }
    )
}
