//! What is left of the paired gate when it is killed: a process that then ends the build that runs, and removes the
//! copies of the builds. It does the same when the gate ends well, so that there is one way.

use std::{
    fs,
    io::{self, BufRead, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::process::{NAME, THIS_PROGRAM};

/// First line to a keeper.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Files to remove.
    files: Vec<PathBuf>,
    /// Their folder, which is removed if it is empty.
    folder: PathBuf,
}

/// The gate's side.
#[derive(Debug)]
pub(super) struct Keeper {
    process: Child,
    /// The keeper acts when this is closed; `None` once it was.
    orders: Option<ChildStdin>,
}

impl Keeper {
    /// Starts a keeper of these files in this folder. They need not be there yet.
    ///
    /// # Errors
    /// No process can be started.
    pub(super) fn start(folder: &Path, names: &[&str]) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let kept = Kept { files: names.iter().map(|name| folder.join(name)).collect(), folder };
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
    for file in &kept.files {
        // It may never have been made.
        let _ = fs::remove_file(file);
    }
    let _ = fs::remove_dir(&kept.folder);
    Ok(())
}
