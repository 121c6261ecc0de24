//! Runs a build for the paired gate. A build may hang, write endlessly or start other processes, but it never
//! outlives the gate.

use std::{
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getppid, kill_process_group, set_parent_process_death_signal, setrlimit,
};
use tokio::process::{Child, Command};

use super::keeper::Keeper;
use crate::agent::{
    interruption::Attention,
    last_words::{Heard, LastWords},
};

/// Maximum size of a build's standard error, in bytes. A `run` writes a line per trial.
const SAID_LIMIT_BYTES: u64 = 16 << 20;
/// Maximum size of a file that a build writes, in bytes: enough for thousands of trials.
const FILE_LIMIT_BYTES: u64 = 1 << 30;
/// Maximum time to read what an ended build left in the pipe. Another process may still hold the other end open.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// A build that ended by itself.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) last_words: LastWords,
}

/// Why a build did not end by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unended {
    /// The system cannot start it.
    #[error("does not start: {0}")]
    Start(#[from] io::Error),
    /// It exceeded its time limit.
    #[error("did not end within {0:.0?}, and was killed")]
    TooLong(Duration),
    /// It exceeded a size limit.
    #[error("wrote more than {} MiB to its standard error, and was killed", SAID_LIMIT_BYTES >> 20)]
    TooMuch,
    /// The gate was told to end.
    #[error("was killed, since the gate was interrupted")]
    Interrupted,
}

/// Runs a build until it ends or exceeds a limit. The processes that it started end with it.
pub(super) fn run(
    command: std::process::Command,
    limit: Duration,
    keeper: &mut Keeper,
    attention: &Attention,
) -> Result<Ended, Unended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut child = tied(command).spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        keeper.watch(group)?;
        let ended = ended(&mut child, limit, group, attention).await;
        keeper.watch(None)?;
        ended
    })
}

/// Puts the command into its own process group, and ends it when the thread that started it ends.
fn tied(command: std::process::Command) -> Command {
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let gate = rustix::process::getpid();
    let tie = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        setrlimit(Resource::Fsize, Rlimit { current: Some(FILE_LIMIT_BYTES), maximum: Some(FILE_LIMIT_BYTES) })?;
        // The gate may have died before this process was tied to it.
        if getppid() == Some(gate) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    };
    #[expect(unsafe_code, reason = "a program that is not ours can be tied to the gate only before it is executed")]
    // SAFETY: between fork and exec, it makes three system calls and allocates nothing.
    unsafe {
        command.pre_exec(tie);
    }
    command
}

async fn ended(
    child: &mut Child,
    limit: Duration,
    group: Option<Pid>,
    attention: &Attention,
) -> Result<Ended, Unended> {
    let (last_words, mut is_heard) = (LastWords::default(), false);
    let stderr = child.stderr.take().ok_or_else(|| io::Error::other("no standard error"))?;
    let mut hearing = std::pin::pin!(last_words.hear(stderr, SAID_LIMIT_BYTES));
    let mut time = std::pin::pin!(tokio::time::sleep(limit));
    let ended = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(Unended::from),
            heard = &mut hearing, if !is_heard => {
                is_heard = true;
                if heard == Heard::TooMuch {
                    break Err(Unended::TooMuch);
                }
            }
            () = &mut time => break Err(Unended::TooLong(limit)),
            () = attention.told() => break Err(Unended::Interrupted),
        }
    };
    if let Some(group) = group {
        // Nothing may be left to kill.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait().await;
    if !is_heard {
        let _ = tokio::time::timeout(LAST_WORDS_LIMIT, hearing).await;
    }
    ended.map(|status| Ended { status, last_words: last_words.clone() })
}
