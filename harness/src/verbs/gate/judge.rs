//! `gate judge`: decides on a recorded session again. It runs no trial.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use gate::{
    Tier,
    paired::{self, FILE_NAME, Session},
};
use results::input;

use super::surfaces::{Surfaces, conclude};
use crate::failure::Failure;

/// Largest session file that is read, in bytes: three times the largest session that can be judged.
const LIMIT_BYTES: u64 = 128 << 20;

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

/// Reads a session from its directory or its file.
fn read(path: &Path) -> anyhow::Result<Session> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let text = input::text(&file, LIMIT_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
    Session::read(&text).map_err(|error| anyhow!("{}: {error}", file.display()))
}
