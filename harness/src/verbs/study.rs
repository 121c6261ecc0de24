//! `study`: how often the tool calls a difference between a thing and itself, and what its checks read meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use reports::{
    store,
    study::{self, Sample},
};

use super::output::{data, say};
use crate::failure::Failure;

pub(crate) fn study(sources: &[PathBuf], csv: Option<&Path>) -> Result<(), Failure> {
    let samples = samples(sources).map_err(Failure::usage)?;
    if let Some(path) = csv {
        let written = fs::write(path, study::csv(&samples)).with_context(|| format!("cannot write {}", path.display()));
        written.map_err(Failure::usage)?;
        say(&format!("samples: {}", path.display()));
    }
    data(&study::render(&study::of(&samples)))
}

/// Of one CSV file that was written before, or of result directories.
fn samples(sources: &[PathBuf]) -> anyhow::Result<Vec<Sample>> {
    if let [file] = sources
        && file.extension().is_some_and(|extension| extension == "csv")
    {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        return study::from_csv(&text).with_context(|| format!("{} holds no samples", file.display()));
    }
    let runs: Vec<_> = sources.iter().map(|directory| store::read(directory)).collect::<Result<_, _>>()?;
    Ok(study::samples(&runs)?)
}
