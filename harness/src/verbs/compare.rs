//! `compare`: compares two runs. It does not judge: the exit code is 0 whatever differs.

use std::path::PathBuf;

use clap::Args;
use reports::compare;

use super::{output, results};
use crate::failure::Failure;

/// Options of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareOptions {
    /// Result directory of the first run, or its results.jsonl
    pub(crate) a: PathBuf,
    /// Result directory of the second run, or its results.jsonl
    pub(crate) b: PathBuf,
    /// Print every figure with its intervals as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn compare(options: &CompareOptions) -> Result<(), Failure> {
    let a = results::read(&options.a)?;
    let b = results::read(&options.b)?;
    let comparison = compare::compare(&a, &b).map_err(Failure::usage)?;
    if options.json {
        return output::json(&comparison);
    }
    output::data(&compare::render(&comparison))
}
