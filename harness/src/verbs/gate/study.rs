//! `gate study`: how often the gate is wrong about builds that are equal, and how often it finds a slowdown that is
//! known, from the sessions that were recorded.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::Args;
use reports::gate::{paired::Session, study};

use crate::{failure::Failure, gate::session, verbs::output};

/// Options of `gate study`.
#[derive(Debug, Args)]
pub(crate) struct StudyOptions {
    /// Directories or files of sessions; those with an injected slowdown show the power
    #[arg(required = true, value_name = "SESSION")]
    sessions: Vec<PathBuf>,
    /// Sessions that are made of their blocks
    #[arg(long, default_value_t = 1_000)]
    made: usize,
    /// Seed of what is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn study(options: &StudyOptions) -> Result<(), Failure> {
    let sessions = options.sessions.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<Session>>>();
    let sessions = sessions.map_err(Failure::Usage)?;
    let equals = study::equals(&sessions, options.made, options.seed).map_err(Failure::usage)?;
    let mut injected: BTreeMap<String, Vec<Session>> = BTreeMap::new();
    for session in sessions {
        if let Some(what) = session.plan.injected.clone() {
            injected.entry(what).or_default().push(session);
        }
    }
    let power = injected.iter().map(|(what, sessions)| study::power(what, sessions, options.made, options.seed));
    let power = power.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    if options.json {
        return output::json(&serde_json::json!({ "equals": equals, "power": power }));
    }
    output::data(&study::render_equals(&equals))?;
    if power.is_empty() { Ok(()) } else { output::data(&study::render_power(&power)) }
}

fn read(path: &Path) -> anyhow::Result<Session> {
    let file = if path.is_dir() { path.join(session::FILE_NAME) } else { path.to_owned() };
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Session::read(&text).map_err(|error| anyhow!("{}: {error}", file.display()))
}
