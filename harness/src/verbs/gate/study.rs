//! `gate study`: how often the gate is wrong about builds that are equal, and how often it finds a slowdown that is
//! known, from the sessions that were recorded.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use gate::{
    paired::{FILE_NAME, Session},
    study::{MADE, Study},
};
use results::input;

use crate::{failure::Failure, verbs::output};

/// Largest file of a session that is read. The largest session that is judged takes a third of it.
const LIMIT_BYTES: u64 = 128 << 20;

/// Options of `gate study`.
#[derive(Debug, Args)]
pub(crate) struct StudyOptions {
    /// Directories or files of sessions; those with an injected slowdown show the power
    #[arg(required = true, value_name = "SESSION")]
    sessions: Vec<PathBuf>,
    /// Sessions that are made of their blocks for each rate, such as 500
    #[arg(long, value_name = "N", default_value_t = MADE)]
    made: usize,
    /// Seed of what is drawn, such as 7
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub(crate) fn study(options: &StudyOptions) -> Result<(), Failure> {
    let sessions = options.sessions.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<Session>>>();
    let study = Study::of(&sessions.map_err(Failure::Usage)?, options.made, options.seed).map_err(Failure::usage)?;
    if options.json { output::json(&study) } else { output::data(study.text().trim_end()) }
}

/// Reads the session in a directory, or in a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Session> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let text = input::text(&file, LIMIT_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
    Session::read(&text).map_err(|error| anyhow!("{}: {error}", file.display()))
}
