//! What a session of the paired gate needs before its first trial: a directory that nothing else uses, copies of the
//! builds, somebody who removes them, and the approaches that are compared.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use gate::paired::{Arm, FILE_NAME, SessionLine};
use results::{append::Lines, format, replace};
use scenario::{Scenario, variants::variants};

use super::keeper::Keeper;
use crate::{agent::interruption::Attention, failure::Failure};

/// The scenario as it is run, in the session's directory.
pub(super) const SCENARIO: &str = "gate.toml";
/// What the builds recorded.
pub(super) const TRIALS: &str = "trials";
/// Copies of the builds.
pub(super) const BUILDS: &str = "builds";

/// What a session needs, in its directory.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(super) directory: PathBuf,
    /// In the order of importance.
    pub(super) approaches: Vec<String>,
    /// In words.
    pub(super) load: String,
    /// Of the scenario.
    pub(super) seed: u64,
    // These end in this order: the builds go, and a session without a line, and then a signal ends this process again.
    pub(super) keeper: Keeper,
    lines: Lines,
    pub(super) attention: Attention,
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
        check([base, head], directory).map_err(Failure::Usage)?;
        let lines = Lines::create(&directory.join(FILE_NAME)).map_err(|error| unwritten(directory, error))?;
        let keeper = Keeper::start(directory, lines.made())
            .map_err(|error| Failure::Machine(format!("cannot start a process: {error}")))?;
        let builds = directory.join(BUILDS);
        fs::create_dir(&builds).map_err(|error| unwritten(&builds, error))?;
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

    /// Ends the session if the gate was told to end.
    ///
    /// # Errors
    /// It was.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        if !self.attention.is_told() {
            return Ok(());
        }
        let kept =
            if self.has_begun() { "what was recorded is kept, and is not judged" } else { "nothing was recorded" };
        Err(Failure::Interrupted(format!("interrupted: {kept}")))
    }

    /// Records a line.
    ///
    /// # Errors
    /// The session cannot be written.
    pub(super) fn write(&mut self, line: &SessionLine) -> Result<(), Failure> {
        self.lines.append(line.text().as_bytes()).map_err(|error| unwritten(self.lines.path(), error))
    }

    /// Waits until the disk has all lines.
    ///
    /// # Errors
    /// The disk did not take them.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        self.lines.sync().map_err(|error| unwritten(self.lines.path(), error))
    }

    /// Whether anything was recorded.
    fn has_begun(&self) -> bool {
        self.file().exists()
    }

    /// The copy of a build.
    pub(super) fn program(&self, arm: Arm) -> PathBuf {
        self.directory.join(BUILDS).join(arm.name())
    }

    /// The scenario as it is run.
    pub(super) fn scenario(&self) -> PathBuf {
        self.directory.join(SCENARIO)
    }
}

/// Refuses what cannot be copied, and a directory in which something could be overwritten.
fn check(programs: [&Path; 2], directory: &Path) -> Result<()> {
    for program in programs {
        let metadata = program.metadata().with_context(|| format!("cannot copy {}", program.display()))?;
        // A pipe or a device would be copied without end.
        ensure!(metadata.is_file(), "{} is not a regular file: name a program", program.display());
    }
    for name in [FILE_NAME, SCENARIO, TRIALS, BUILDS] {
        let place = directory.join(name);
        let is_free = place.symlink_metadata().is_err();
        ensure!(
            is_free,
            "{} already exists: sessions are never overwritten; choose another --session",
            place.display()
        );
    }
    Ok(())
}

/// The failure to write there.
fn unwritten(path: &Path, error: io::Error) -> Failure {
    Failure::write(anyhow::Error::from(error).context(format!("cannot write {}", path.display())))
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
