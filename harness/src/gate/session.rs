//! A session of the paired gate: two builds, and a copy of the first, take the same load in turns, and each trial is
//! recorded as it ends. It must not judge.
//!
//! A build is any program that speaks this command line and writes this result format: a trial is its own `run`, so that
//! each build measures with the instrument that it was built with.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use reports::{
    append::Lines,
    format,
    gate::{
        budget::{self, Candidate, Slot},
        paired::{ARMS, Arm, Cell, FILE_NAME, Line, Plan, Session, Trial},
    },
    replace,
    schema::{Status, Tool, TrialRecord},
    store::{self, Run},
};

use super::{
    build::{self, Ended},
    injection::Injection,
    keeper::Keeper,
};
use crate::{clock, failure::Failure, interruption::Attention, scenario::Scenario, variants::variants};

/// The scenario as it is run, in the session's directory.
const SCENARIO: &str = "gate.toml";
/// What the builds recorded.
const TRIALS: &str = "trials";
/// Copies of the builds.
const BUILDS: &str = "builds";

/// Exit codes of a `run` that has recorded what it measured: all well, and a trial that is not.
const RECORDED: [i32; 2] = [0, 4];
/// Exit code of a `run` that says that this machine cannot.
const UNABLE: i32 = 6;
/// Longest time of a trial in the rehearsal; whoever takes longer has come to a halt.
const REHEARSAL_LIMIT: Duration = Duration::from_secs(600);
/// Longest time of a trial after it, as a multiple of what it took there, and the least that this may be.
const LIMIT_TIMES: f64 = 10.0;
const LEAST_LIMIT: Duration = Duration::from_secs(60);

/// What a session needs, in its directory.
#[derive(Debug)]
pub(crate) struct Setup {
    directory: PathBuf,
    approaches: Vec<String>,
    load: String,
    seed: u64,
    // These end in this order: the builds go, then the directory of a session without a line, and then a signal ends
    // this process again.
    keeper: Keeper,
    lines: Lines,
    attention: Attention,
}

/// What the base made of each approach, once.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    /// Which build the base is.
    pub(crate) base: String,
    /// Which build the head is.
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
    /// What can be run, in the scenario's order, with the time from the start of its program to its end.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        self.trials.iter().map(|trial| trial.candidate.clone()).collect()
    }

    /// What slows the head down in each of the first so many cells.
    ///
    /// # Errors
    /// In one of them it cannot be injected.
    pub(crate) fn keys(&self, injection: Option<Injection>, cells: usize) -> Result<Vec<Option<String>>, String> {
        let of = |trial: &Rehearsed| injection.map(|injection| injection.key(&trial.record)).transpose();
        self.trials[..cells].iter().map(of).collect()
    }
}

/// Why a program left no record.
struct NoRecord {
    /// How it ended, where it did.
    code: Option<i32>,
    reason: String,
}

impl Setup {
    /// Makes the session's directory, with the scenario as it is run and with the three programs: the arms `base` and
    /// `copy` from the first, `head` from the second, each a file of its own under a name of its own. From now on this
    /// process is told to end instead of being ended.
    ///
    /// # Errors
    /// The scenario has several loads, or several variants of an approach; the directory holds a session already; or a
    /// program cannot be read.
    pub(crate) fn prepare(base: &Path, head: &Path, scenario: &Scenario, directory: &Path) -> Result<Self, Failure> {
        let attention = Attention::take();
        let (approaches, load) = compared(scenario).map_err(Failure::Usage)?;
        for program in [base, head] {
            // A pipe or a device would be copied without end.
            let is_file = program.metadata().map(|metadata| metadata.is_file());
            let is_file = is_file.with_context(|| format!("cannot copy {}", program.display()));
            if !is_file.map_err(Failure::Usage)? {
                return Err(Failure::usage(anyhow!("{} is not a regular file: name a program", program.display())));
            }
        }
        for name in [FILE_NAME, SCENARIO, TRIALS, BUILDS] {
            let place = directory.join(name);
            if place.symlink_metadata().is_ok() {
                let problem = anyhow!("{} already exists: sessions are never overwritten", place.display());
                return Err(Failure::Usage(problem.context("choose another --session")));
            }
        }
        let lines = Lines::create(&directory.join(FILE_NAME)).map_err(|error| unwritten(directory, error))?;
        let builds = directory.join(BUILDS);
        fs::create_dir(&builds).map_err(|error| unwritten(&builds, error))?;
        let keeper = Keeper::start(&builds, &ARMS.map(Arm::name))
            .map_err(|error| Failure::Machine(format!("cannot start a process: {error}")))?;
        let setup = Self {
            directory: directory.to_owned(),
            approaches,
            load,
            seed: scenario.load.seed,
            keeper,
            attention,
            lines,
        };
        let text = toml::to_string(scenario).context("the scenario cannot be written as TOML")?;
        replace::file(&setup.scenario(), text).map_err(|error| unwritten(&setup.scenario(), error))?;
        for (arm, program) in [(Arm::Base, base), (Arm::Copy, base), (Arm::Head, head)] {
            let copied = fs::copy(program, setup.program(arm));
            let copied = copied.with_context(|| format!("cannot copy {} to {}", program.display(), builds.display()));
            copied.map_err(Failure::write)?;
            setup.go_on()?;
        }
        Ok(setup)
    }

    /// The session's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join(FILE_NAME)
    }

    /// # Errors
    /// The gate was told to end.
    fn go_on(&self) -> Result<(), Failure> {
        if !self.attention.is_told() {
            return Ok(());
        }
        let kept =
            if self.has_begun() { "what was recorded is kept, and is not judged" } else { "nothing was recorded" };
        Err(Failure::Interrupted(format!("interrupted: {kept}")))
    }

    fn write(&mut self, line: &Line) -> Result<(), Failure> {
        self.lines.append(line.text().as_bytes()).map_err(|error| unwritten(self.lines.path(), error))
    }

    /// Whether anything was recorded.
    fn has_begun(&self) -> bool {
        self.file().exists()
    }

    /// Runs each approach once with the base, and the first with the head too: what cannot run is found out now, and how
    /// long a trial takes.
    ///
    /// # Errors
    /// Why a build cannot be measured, or this machine cannot.
    pub(crate) fn rehearse(&mut self) -> Result<Rehearsal, Failure> {
        let approaches = self.approaches.clone();
        let trials = approaches.iter().map(|approach| self.rehearsed(Arm::Base, approach));
        let trials = trials.collect::<Result<Vec<_>, Failure>>()?;
        let head = self.rehearsed(Arm::Head, &approaches[0])?;
        Ok(Rehearsal { base: describe(&trials[0].tool), head: describe(&head.tool), trials })
    }

    /// One trial that must not fail.
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

    /// One trial of one arm: what its program recorded, or why there is nothing.
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

    fn program(&self, arm: Arm) -> PathBuf {
        self.directory.join(BUILDS).join(arm.name())
    }

    fn scenario(&self) -> PathBuf {
        self.directory.join(SCENARIO)
    }
}

impl Drop for Setup {
    /// What was measured is kept once there is a session; the keeper removes the programs. Otherwise nothing is left,
    /// and nothing is in the way of the next session.
    fn drop(&mut self) {
        if !self.has_begun() {
            let _ = fs::remove_dir_all(self.directory.join(TRIALS));
            let _ = fs::remove_file(self.scenario());
        }
    }
}

/// The failure to write there.
fn unwritten(path: &Path, error: io::Error) -> Failure {
    Failure::write(anyhow::Error::from(error).context(format!("cannot write {}", path.display())))
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
    setup.write(&Line::Plan(plan.clone()))?;
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
                Ok(Trial::of(block, arm, position, place.load.clone(), trial))
            }
            _ => Err(format!(
                "{} recorded something else than one trial of {} under the load and window of the rehearsal",
                arm.name(),
                place.variant
            )),
        });
        let trial = trial.unwrap_or_else(|reason| Trial::failed(*slot, place.clone(), reason));
        setup.write(&Line::Trial(trial.clone()))?;
        trials.push(trial);
    }
    setup.lines.sync().map_err(|error| unwritten(&setup.file(), error))?;
    Ok(Session { plan, trials })
}

/// Whether two trials are of one variant, and what was measured was the same load for as long. Settings may differ: a
/// build can have one more than the other.
fn is_alike(one: &TrialRecord, other: &TrialRecord) -> bool {
    let measured = one.measured.as_ref().zip(other.measured.as_ref());
    let as_long = measured.is_none_or(|(one, other)| one.window == other.window);
    one.variant == other.variant && one.load == other.load && as_long
}

/// The approaches of a scenario and its load, in words.
fn compared(scenario: &Scenario) -> Result<(Vec<String>, String)> {
    let approaches = approaches(scenario)?;
    let (clients, rates) = (scenario.load.clients.values(), scenario.load.events_per_second.values());
    let ([clients], [rate]) = (clients.as_slice(), rates.as_slice()) else {
        anyhow::bail!("the gate compares under one load, and the scenario has several: give one of each with --set");
    };
    Ok((approaches, format!("{} clients, {} events a second", format::count(u64::from(*clients)), rate)))
}

/// The approaches of a scenario in its order, which is that of importance, with one variant each.
fn approaches(scenario: &Scenario) -> Result<Vec<String>> {
    let variants = variants(scenario)?;
    let names: Vec<String> = variants.iter().map(|variant| variant.approach.name.to_owned()).collect();
    ensure!(!names.is_empty(), "the scenario has no approach: name one");
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
