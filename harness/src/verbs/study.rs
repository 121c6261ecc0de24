//! `study`: how often the tool calls a difference between a thing and itself, and what its checks read meanwhile.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use ::results::{input, replace, store};
use anyhow::{Context as _, anyhow};
use clap::Args;
use reports::study::{self, Sample};

use super::{
    output::{data, say},
    results,
};
use crate::failure::Failure;

/// Largest table of samples that is read.
const LIMIT_BYTES: u64 = 256 << 20;

/// Options of `study`.
#[derive(Debug, Args)]
pub(crate) struct StudyOptions {
    /// Result directories, or one CSV file of samples
    #[arg(required = true, value_name = "DIR")]
    sources: Vec<PathBuf>,
    /// Write the samples to this CSV file, such as samples.csv [default: not written]
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// With --csv: replace a file that is no table of samples
    #[arg(long, requires = "csv")]
    force: bool,
}

pub(crate) fn study(options: &StudyOptions) -> Result<(), Failure> {
    if let Some(path) = &options.csv {
        check(path, options).map_err(Failure::Usage)?;
    }
    let samples = samples(&options.sources)?;
    if let Some(path) = &options.csv {
        let written = replace::file(path, study::csv(&samples));
        written.with_context(|| format!("cannot write {}", path.display())).map_err(Failure::write)?;
        say(&format!("samples: {}", path.display()));
    }
    data(&study::render(&study::of(&samples)))
}

/// Refuses to write over an input, and over what is no table of samples.
fn check(path: &Path, options: &StudyOptions) -> anyhow::Result<()> {
    let Ok(there) = fs::metadata(path) else { return Ok(()) };
    let identity = |file: &fs::Metadata| (file.dev(), file.ino());
    let inputs = options.sources.iter().flat_map(|source| [source.clone(), store::file_of(source)]);
    if inputs.filter_map(|input| fs::metadata(input).ok()).any(|input| identity(&input) == identity(&there)) {
        return Err(anyhow!("--csv {} is an input, which is never written over: name another file", path.display()));
    }
    let is_table = || input::text(path, LIMIT_BYTES).is_ok_and(|text| study::is_table(&text));
    if !options.force && there.is_file() && !is_table() {
        return Err(anyhow!(
            "--csv {} exists and is not a table of samples: name another file, or replace this one with --force",
            path.display()
        ));
    }
    Ok(())
}

/// Of one CSV file that was written before, or of result directories.
fn samples(sources: &[PathBuf]) -> Result<Vec<Sample>, Failure> {
    if let [file] = sources
        && file.extension().is_some_and(|extension| extension == "csv")
    {
        return from_csv(file).map_err(Failure::Usage);
    }
    let runs: Vec<_> = results::read_all(sources)?.into_iter().map(|(_, run)| run).collect();
    study::samples(&runs).map_err(Failure::usage)
}

fn from_csv(file: &Path) -> anyhow::Result<Vec<Sample>> {
    let text = input::text(file, LIMIT_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
    study::from_csv(&text).with_context(|| format!("{} holds no samples", file.display()))
}
