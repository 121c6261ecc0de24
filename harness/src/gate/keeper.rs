//! The process that cleans up after the paired gate, even if the gate is killed: it ends the running build, removes
//! the copies of the builds, and removes a session without records. A normal end takes the same path.

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

/// The first line that a keeper reads. Paths are absolute.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The session's directory.
    directory: PathBuf,
    /// Names of the copies of the builds.
    builds: Vec<String>,
    /// Directories created for the session, outermost first.
    made: Vec<PathBuf>,
}

/// The gate's handle of its keeper.
#[derive(Debug)]
pub(super) struct Keeper {
    process: Child,
    /// The keeper cleans up when this pipe closes. `None` after that.
    orders: Option<ChildStdin>,
}

impl Keeper {
    /// Starts the keeper of a session in this directory, for which these directories were created.
    ///
    /// # Errors
    /// The process cannot be started.
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
            // Signals to the gate's process group must not reach it.
            .process_group(0)
            .spawn()?;
        let orders = process.stdin.take();
        let mut keeper = Self { process, orders };
        keeper.tell(&serde_json::to_string(&kept)?)?;
        Ok(keeper)
    }

    /// Sets the process group that ends with the gate, or `None` when there is none.
    ///
    /// # Errors
    /// The keeper has ended.
    pub(super) fn watch(&mut self, group: Option<Pid>) -> io::Result<()> {
        self.tell(&group.map_or(0, |group| group.as_raw_nonzero().get()).to_string())
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        let orders = self.orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(orders, "{line}")
    }
}

impl Drop for Keeper {
    /// Tells the keeper to clean up, and waits for it.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}

/// Runs the keeper: waits until the gate ends, and cleans up.
///
/// # Errors
/// The first line is invalid.
pub(crate) fn keep() -> io::Result<()> {
    let mut lines = io::stdin().lock().lines();
    let kept: Kept = serde_json::from_str(&lines.next().transpose()?.unwrap_or_default())?;
    let groups = lines.map_while(Result::ok).map(|line| line.parse().ok().and_then(Pid::from_raw));
    if let Some(group) = groups.last().flatten() {
        // The build may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
    // Some of these files may never have been created.
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
