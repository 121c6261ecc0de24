//! What is left of the paired gate when it is killed: a process that then ends the build that runs, and removes the
//! copies of the builds, and all of a session that recorded nothing. It does the same when the gate ends well, so that
//! there is one way.

use std::{
    fs,
    io::{self, BufRead, Write},
    os::unix::process::CommandExt,
    path::{self, Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use gate::paired::{ARMS, FILE_NAME};
use results::append::remove_empty;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use super::setup::{BUILDS, SCENARIO, TRIALS};
use crate::agent::process::{NAME, THIS_PROGRAM};

/// First line to a keeper. Paths are absolute.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The session's directory.
    directory: PathBuf,
    /// Names of the copies of the builds.
    builds: Vec<String>,
    /// Folders that were made for the session, the outermost first.
    made: Vec<PathBuf>,
}

/// The gate's side.
#[derive(Debug)]
pub(super) struct Keeper {
    process: Child,
    /// The keeper acts when this is closed; `None` once it was.
    orders: Option<ChildStdin>,
}

impl Keeper {
    /// Starts the keeper of a session in this directory, for which these folders were made.
    ///
    /// # Errors
    /// No process can be started.
    pub(super) fn start(directory: &Path, made: &[PathBuf]) -> io::Result<Self> {
        let kept = Kept {
            directory: path::absolute(directory)?,
            builds: ARMS.map(|arm| arm.name().to_owned()).into(),
            made: made.iter().map(path::absolute).collect::<io::Result<_>>()?,
        };
        let mut process = Command::new(THIS_PROGRAM)
            .arg0(NAME)
            .args(["keep", "--coordinated"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // It outlives what is sent to the gate's group.
            .process_group(0)
            .spawn()?;
        let orders = process.stdin.take();
        let mut keeper = Self { process, orders };
        keeper.tell(&serde_json::to_string(&kept)?)?;
        Ok(keeper)
    }

    /// Says which group of processes is to end with the gate; `None` when it has ended.
    ///
    /// # Errors
    /// The keeper is gone.
    pub(super) fn watch(&mut self, group: Option<Pid>) -> io::Result<()> {
        self.tell(&group.map_or(0, |group| group.as_raw_nonzero().get()).to_string())
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        let orders = self.orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(orders, "{line}")
    }
}

impl Drop for Keeper {
    /// Lets the keeper act, and waits until it has.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}

/// The keeper's side: waits until the gate has ended, and cleans up.
///
/// # Errors
/// The first line does not say what to keep.
pub(crate) fn keep() -> io::Result<()> {
    let mut lines = io::stdin().lock().lines();
    let kept: Kept = serde_json::from_str(&lines.next().transpose()?.unwrap_or_default())?;
    let groups = lines.map_while(Result::ok).map(|line| line.parse().ok().and_then(Pid::from_raw));
    if let Some(group) = groups.last().flatten() {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
    // What is removed below may never have been made.
    let builds = kept.directory.join(BUILDS);
    for build in &kept.builds {
        let _ = fs::remove_file(builds.join(build));
    }
    let _ = fs::remove_dir(builds);
    if !kept.directory.join(FILE_NAME).exists() {
        let _ = fs::remove_dir_all(kept.directory.join(TRIALS));
        let _ = fs::remove_file(kept.directory.join(SCENARIO));
        remove_empty(&kept.made);
    }
    Ok(())
}
