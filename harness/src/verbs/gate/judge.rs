//! `gate judge`: what a recorded session says, once more or elsewhere. Nothing runs.

use std::path::PathBuf;

use clap::Args;
use gate::{Tier, paired};

use super::{
    study::read,
    surfaces::{Surfaces, conclude},
};
use crate::failure::Failure;

/// Options of `gate judge`.
#[derive(Debug, Args)]
pub(crate) struct JudgeOptions {
    /// The directory or file of a session
    #[arg(value_name = "SESSION")]
    session: PathBuf,
    #[command(flatten)]
    surfaces: Surfaces,
}

pub(crate) fn judge(options: &JudgeOptions) -> Result<(), Failure> {
    conclude(Tier::Paired, &options.surfaces, || {
        Ok(paired::judge(&read(&options.session).map_err(Failure::Usage)?).outcome)
    })
}
