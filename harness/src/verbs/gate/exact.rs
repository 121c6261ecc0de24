//! `gate exact`: counts in lock step against a committed baseline.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use approaches::conformance::Subject;
use clap::Args;
use gate::{
    Tier,
    baseline::{self, Origin},
    counts::Measured,
    differences::differences,
    exact,
};

use super::surfaces::{Surfaces, conclude};
use crate::{
    failure::Failure,
    gate::lockstep::{self, REPEATS, SCRIPT},
    host::environment,
    verbs::output,
};

/// Options of `gate exact`.
#[derive(Debug, Args)]
pub(crate) struct ExactOptions {
    /// File of the committed counts to compare with, such as scenarios/gate-baseline.json
    #[arg(long, value_name = "FILE")]
    baseline: PathBuf,
    /// Write what is measured as the baseline, instead of comparing: for a person, who has a reason for it
    #[arg(long, conflicts_with_all = ["out", "json", "github", "verbose"])]
    update_baseline: bool,
    /// Only these approaches or variants, such as sse,websocket/binary [default: all that run in lock step]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    approach: Vec<String>,
    #[command(flatten)]
    surfaces: Surfaces,
}

pub(crate) fn exact(options: &ExactOptions) -> Result<(), Failure> {
    let (path, subjects) = (&options.baseline, chosen(&options.approach)?);
    if options.update_baseline {
        return update(path, &subjects, !options.approach.is_empty());
    }
    conclude(Tier::Exact, &options.surfaces, || {
        // Read first: without a baseline there is nothing to measure for.
        let whole = baseline::read(path, SCRIPT).map_err(Failure::usage)?;
        let cells = whole.cells.len();
        let is_named =
            |cell: &str| options.approach.is_empty() || options.approach.iter().any(|name| is_of(cell, name));
        let baseline = whole.only(is_named);
        let mut outcome = exact::compare(&baseline, &measure(&subjects), &environment::compiler());
        if baseline.cells.len() < cells {
            outcome.notes.push(format!(
                "Only what --approach names was looked at: {} of {cells} variants.",
                baseline.cells.len()
            ));
        }
        Ok(outcome)
    })
}

/// Writes the counts of these variants as the baseline, and prints the changes. Other variants keep their counts.
fn update(path: &Path, subjects: &[Subject], is_partial: bool) -> Result<(), Failure> {
    baseline::check_replaceable(path).map_err(Failure::usage)?;
    let tool = environment::tool();
    if tool.dirty {
        output::say("the sources have uncommitted changes, which the revision in the baseline does not name");
    }
    let compiler = environment::compiler();
    let before = match baseline::read(path, SCRIPT) {
        Err(_) if is_partial && !path.exists() => {
            let problem =
                format!("there is no baseline at {} in which --approach could replace a part", path.display());
            return Err(Failure::Usage(anyhow!("{problem}: take all of it first, without --approach")));
        }
        Err(error) if is_partial => {
            let kept = "what --approach does not name stays as it is in the file, which cannot be read";
            return Err(Failure::Usage(anyhow::Error::from(error).context(kept)));
        }
        Ok(before) if is_partial && before.compiler != compiler => {
            let problem =
                format!("{} was counted by {}, and this build is by {compiler}", path.display(), before.compiler);
            return Err(Failure::Usage(anyhow!("{problem}: take all of them, without --approach")));
        }
        before => before.ok(),
    };
    let origin =
        Origin { tool_version: tool.version, revision: tool.git_revision, compiler, script: SCRIPT.to_owned() };
    let taken = baseline::baseline_of(&measure(subjects), origin);
    let taken = taken.map_err(|unfit| Failure::Invalid(unfit.to_string()))?;
    let after = match &before {
        Some(before) if is_partial => before.clone().updated_by(taken),
        _ => taken,
    };
    let ranges = after.ranges();
    if ranges > 0 {
        output::say(&format!(
            "{ranges} counts were not the same in every repeat: they are written as ranges, and gated by a bound"
        ));
    }
    baseline::write(&after, path).map_err(Failure::write)?;
    if let Some(before) = &before {
        output::data(&differences(before, &after))?;
    }
    output::data(&format!("{} holds the counts of {} variants: review its diff", path.display(), after.cells.len()))
}

/// Returns the named variants, or all if none is named.
fn chosen(named: &[String]) -> Result<Vec<Subject>, Failure> {
    let mut subjects = lockstep::all();
    if let Some(unknown) = named.iter().find(|name| !subjects.iter().any(|subject| is_of(&subject.name, name))) {
        let known: Vec<&str> = subjects.iter().map(|subject| subject.name.as_str()).collect();
        return Err(Failure::Usage(anyhow!(
            "no variant `{unknown}` runs in lock step; those are {}",
            known.join(", ")
        )));
    }
    subjects.retain(|subject| named.is_empty() || named.iter().any(|name| is_of(&subject.name, name)));
    Ok(subjects)
}

/// Returns whether the variant or its approach has this name.
fn is_of(variant: &str, name: &str) -> bool {
    variant == name || variant.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
}

fn measure(subjects: &[Subject]) -> Measured {
    let total = REPEATS as usize * subjects.len();
    let mut ended = 0;
    lockstep::measure(subjects, REPEATS, |name, repeat| {
        ended += 1;
        output::say(&format!("[{ended}/{total}] repeat {repeat} {name}"));
    })
}
