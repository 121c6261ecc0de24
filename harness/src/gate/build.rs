//! A build that the paired gate runs: a program that may hang, write without end or start others, and that never outlives
//! the gate.

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

/// Most bytes that a build may write to its standard error: a `run` writes a line per trial.
const SAID_LIMIT_BYTES: u64 = 16 << 20;
/// Largest file that a build may write, in bytes: thousands of trials.
const FILE_LIMIT_BYTES: u64 = 1 << 30;
/// How long to wait for what a build wrote before it ended. It is in the pipe already, but another process may still
/// hold the other end open.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// A build that ended by itself.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) last_words: LastWords,
}

/// Why a build did not end by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unended {
    /// The system does not run it.
    #[error("does not start: {0}")]
    Start(#[from] io::Error),
    /// It took longer than it may.
    #[error("did not end within {0:.0?}, and was killed")]
    TooLong(Duration),
    /// It wrote without end.
    #[error("wrote more than {} MiB to its standard error, and was killed", SAID_LIMIT_BYTES >> 20)]
    TooMuch,
    /// The gate was told to end.
    #[error("was killed, since the gate was interrupted")]
    Interrupted,
}

/// Runs a build to its end, or ends it. Whatever it started ends with it.
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

/// Puts the command into a process group of its own, and lets it die with the thread that starts it.
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
    // SAFETY: between fork and exec it makes three system calls, and allocates nothing.
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
