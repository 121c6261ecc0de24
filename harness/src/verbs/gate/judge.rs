//! `gate judge`: decides on a recorded session again. It runs no trial.

use std::path::PathBuf;

use clap::Args;
use gate::{
    Tier,
    paired::{self, Session},
};

use super::surfaces::{Surfaces, conclude};
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
        Ok(paired::judge(&Session::open(&options.session).map_err(Failure::usage)?).outcome)
    })
}
