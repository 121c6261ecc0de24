//! `gate history`: what stands out of stored runs. Advice: it never fails.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use ::results::store::{Run, holds_results};
use anyhow::{Context as _, anyhow};
use clap::Args;
use gate::Tier;
use reports::history;

use super::surfaces::{Surfaces, conclude};
use crate::{failure::Failure, verbs::results};

/// Options of `gate history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryOptions {
    /// Result directories, their results.jsonl, or directories of them
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    #[command(flatten)]
    surfaces: Surfaces,
}

pub(crate) fn history(options: &HistoryOptions) -> Result<(), Failure> {
    let look = || Ok(history::look(&runs(&options.directories)?));
    match conclude(Tier::History, &options.surfaces, look) {
        // It advises: that it could not say much is said, and fails nothing.
        Err(Failure::Inconclusive(_)) => Ok(()),
        concluded => concluded,
    }
}

fn runs(given: &[PathBuf]) -> Result<Vec<Run>, Failure> {
    let mut directories = Vec::new();
    for directory in given {
        directories.extend(results_in(directory).map_err(Failure::Usage)?);
    }
    Ok(results::read_all(&distinct(directories))?.into_iter().map(|(_, run)| run).collect())
}

/// Each directory once, by its first name: a shell's `results/*` has the newest run also as `latest`, and a run that
/// counts twice would narrow its own fence.
fn distinct(mut directories: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    directories.retain(|directory| seen.insert(directory.canonicalize().unwrap_or_else(|_| directory.clone())));
    directories
}

/// The directory itself where it holds results, or those below it that do.
fn results_in(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !directory.is_dir() || holds_results(directory) {
        return Ok(vec![directory.to_owned()]);
    }
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| holds_results(path) && !path.is_symlink());
    found.sort();
    if found.is_empty() {
        return Err(anyhow!(
            "no results in {} nor in a directory below it: name one that runs were stored in",
            directory.display()
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_counts_once_whatever_it_is_called() {
        let temporary = tempfile::tempdir().unwrap();
        let [first, second, latest] = ["first", "second", "latest"].map(|name| temporary.path().join(name));
        fs::create_dir(&first).unwrap();
        fs::create_dir(&second).unwrap();
        std::os::unix::fs::symlink("second", &latest).unwrap();
        let twice = vec![first.clone(), first.join("../second"), latest, first.clone(), second];
        assert_eq!(distinct(twice), [first.clone(), first.join("../second")]);
    }
}
