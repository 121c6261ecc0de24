//! `gate exact`: counts in lock step against a committed baseline.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use reports::gate::{
    baseline::{self, Baseline, Origin},
    counts::Measured,
    exact,
};

use super::{Surfaces, conclude};
use crate::{
    conformance::Subject,
    environment,
    failure::Failure,
    gate::lockstep::{self, REPEATS, SCRIPT},
    verbs::output,
};

/// Options of `gate exact`.
#[derive(Debug, Args)]
pub(crate) struct ExactOptions {
    /// The committed counts to compare with
    #[arg(long, value_name = "FILE")]
    baseline: PathBuf,
    /// Write what is measured as the baseline, instead of comparing: for a person, who has a reason for it
    #[arg(long)]
    update_baseline: bool,
    /// Only these approaches, or variants such as websocket/binary; a baseline is always of all
    #[arg(long, value_delimiter = ',', conflicts_with = "update_baseline")]
    approach: Vec<String>,
    #[command(flatten)]
    surfaces: Surfaces,
}

pub(crate) fn exact(options: &ExactOptions) -> Result<(), Failure> {
    let path = &options.baseline;
    if options.update_baseline {
        return update(path);
    }
    // Before anything runs: where there is nothing to compare with, nothing need be measured.
    let baseline = baseline::read(path, SCRIPT).map_err(Failure::usage)?;
    let (subjects, baseline) = chosen(&options.approach, baseline)?;
    conclude(exact::compare(&baseline, &measure(&subjects)?), &options.surfaces)
}

fn update(path: &Path) -> Result<(), Failure> {
    let tool = environment::tool();
    if tool.dirty {
        output::say("the sources have uncommitted changes, which the revision in the baseline does not name");
    }
    let origin = Origin { tool_version: tool.version, revision: tool.git_revision, script: SCRIPT.to_owned() };
    let taken = baseline::baseline_of(&measure(&lockstep::all())?, origin);
    let taken = taken.map_err(|unfit| Failure::Invalid(unfit.to_string()))?;
    baseline::write(&taken, path).map_err(Failure::usage)?;
    output::data(&format!("{} now holds the counts of {} variants: review its diff", path.display(), taken.cells.len()))
}

/// The variants that are named, and the baseline of them; all where none is named.
fn chosen(named: &[String], baseline: Baseline) -> Result<(Vec<Subject>, Baseline), Failure> {
    let mut subjects = lockstep::all();
    if named.is_empty() {
        return Ok((subjects, baseline));
    }
    let is_of =
        |cell: &str, name: &str| cell == name || cell.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    let is_named = |cell: &str| named.iter().any(|name| is_of(cell, name));
    if let Some(unknown) = named.iter().find(|name| !subjects.iter().any(|subject| is_of(&subject.name, name))) {
        let known: Vec<&str> = subjects.iter().map(|subject| subject.name.as_str()).collect();
        return Err(Failure::Usage(anyhow!(
            "no variant `{unknown}` runs in lock step; those are {}",
            known.join(", ")
        )));
    }
    subjects.retain(|subject| is_named(&subject.name));
    Ok((subjects, baseline.only(is_named)))
}

fn measure(subjects: &[Subject]) -> Result<Measured, Failure> {
    let total = REPEATS as usize * subjects.len();
    let mut ended = 0;
    // One thread, so that what happens at the same moment does not change places.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Internal(error.into()))?;
    Ok(runtime.block_on(lockstep::measure(subjects, REPEATS, |name, repeat| {
        ended += 1;
        output::say(&format!("[{ended}/{total}] repeat {repeat} {name}"));
    })))
}
