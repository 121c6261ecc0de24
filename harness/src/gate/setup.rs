//! Prepares a session of the paired gate: an exclusive directory, copies of the builds, a keeper that removes them,
//! and the approaches to compare.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use gate::paired::{Arm, FILE_NAME, SessionLine};
use results::{append::Lines, format, replace};
use scenario::{MachineKeys, Scenario, variants::variants};

use super::keeper::Keeper;
use crate::{agent::interruption::Attention, failure::Failure};

/// Name of the effective scenario in the session's directory.
pub(super) const SCENARIO: &str = "gate.toml";
/// Name of the directory with the builds' results.
pub(super) const TRIALS: &str = "trials";
/// Name of the directory with the copies of the builds.
pub(super) const BUILDS: &str = "builds";

/// A session that is ready to run.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(super) directory: PathBuf,
    /// The approaches, in order of importance.
    pub(super) approaches: Vec<String>,
    /// A description in words.
    pub(super) load: String,
    /// From the scenario.
    pub(super) seed: u64,
    // Dropped in this order: the keeper cleans up first, and then signals end this process again.
    pub(super) keeper: Keeper,
    lines: Lines,
    pub(super) attention: Attention,
}

impl Setup {
    /// Creates the session's directory with the effective scenario and three programs: `base` and `copy` from the
    /// first build, `head` from the second. From now on signals set a flag instead of ending this process.
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
        let text = toml::to_string(&of_the_table(scenario)).context("the scenario cannot be written as TOML")?;
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

    /// Checks whether the gate was told to end.
    ///
    /// # Errors
    /// A signal arrived.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        if !self.attention.is_told() {
            return Ok(());
        }
        let kept =
            if self.has_begun() { "what was recorded is kept, and is not judged" } else { "nothing was recorded" };
        Err(Failure::Interrupted(format!("interrupted: {kept}")))
    }

    /// Appends a line to the session.
    ///
    /// # Errors
    /// The session cannot be written.
    pub(super) fn write(&mut self, line: &SessionLine) -> Result<(), Failure> {
        self.lines.append(line.text().as_bytes()).map_err(|error| unwritten(self.lines.path(), error))
    }

    /// Syncs the session to disk.
    ///
    /// # Errors
    /// The disk reports an error.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        self.lines.sync().map_err(|error| unwritten(self.lines.path(), error))
    }

    /// Whether the session has a line.
    fn has_begun(&self) -> bool {
        self.file().exists()
    }

    /// The path of an arm's copy.
    pub(super) fn program(&self, arm: Arm) -> PathBuf {
        self.directory.join(BUILDS).join(arm.name())
    }

    /// The scenario as it is run.
    pub(super) fn scenario(&self) -> PathBuf {
        self.directory.join(SCENARIO)
    }
}

/// Refuses programs that cannot be copied, and a directory whose files could be overwritten.
fn check(programs: [&Path; 2], directory: &Path) -> Result<()> {
    for program in programs {
        let metadata = program.metadata().with_context(|| format!("cannot copy {}", program.display()))?;
        // Copying a pipe or a device would never end.
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

/// The error when writing to this path.
fn unwritten(path: &Path, error: io::Error) -> Failure {
    Failure::write(anyhow::Error::from(error).context(format!("cannot write {}", path.display())))
}

/// Returns the scenario without what is measured beside the table. A build of before those keys can read it, too.
fn of_the_table(scenario: &Scenario) -> Scenario {
    let machine = MachineKeys { awake_rounds: 0, ..scenario.machine };
    Scenario { cost: None, floor_trials: 1, machine, ..scenario.clone() }
}

/// Describes the approaches and load of a scenario.
fn compared(scenario: &Scenario) -> Result<(Vec<String>, String)> {
    let approaches = approaches(scenario)?;
    let (clients, rates) = (scenario.load.clients.values(), scenario.load.events_per_second.values());
    let ([clients], [rate]) = (clients.as_slice(), rates.as_slice()) else {
        anyhow::bail!("the gate compares under one load, and the scenario has several: give one of each with --set");
    };
    Ok((approaches, format!("{} clients, {} events a second", format::count(u64::from(*clients)), rate)))
}

/// Returns the approaches of a scenario in its order, which is by importance, with one variant each.
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

#[cfg(test)]
mod tests {
    use results::schema::Part;
    use scenario::plan;

    use super::*;

    #[test]
    fn builds_measure_only_the_table() {
        let whole = scenario::load("bench-all".as_ref(), &[]).unwrap().scenario;
        let of_the_table = of_the_table(&whole);
        let text = toml::to_string(&of_the_table).unwrap();
        assert!(!text.contains("[cost]") && !text.contains("awake_rounds") && !text.contains("floor_trials"), "{text}");
        let parts = |scenario| plan::trials(scenario, 20_000).unwrap().into_iter().map(|trial| trial.part);
        assert!(parts(&of_the_table).all(|part| part == Part::Table));
        assert!(parts(&whole).any(|part| part == Part::Cost) && parts(&whole).any(|part| part == Part::Awake));
    }
}
