//! A fault: stops processes of a trial for a while, as on a suspended or swapping machine. Events scheduled meanwhile
//! are late by the rest of the stop, so the actual times of the stop are recorded.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    process::{Command, Stdio},
    thread,
};

use anyhow::Context as _;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};
use scenario::{
    faults::{STOPPED_MS, Stopping},
    plan::Trial,
};
use tokio::sync::oneshot;

use crate::{agent::child::Child, host::clock};

/// Time between two checks whether a process has stopped.
const ASK_AGAIN_NS: u64 = 20_000;
/// Maximum time to stop a process on a busy machine.
const HALT_LIMIT_NS: u64 = 5_000_000_000;

/// When the processes were stopped; times count from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// From here on none of them ran.
    pub(crate) from_ns: u64,
    /// Up to here none of them ran.
    pub(crate) until_ns: u64,
}

/// Stops the processes that the trial's faults name. Returns `None` if they name none. The start is a time on the
/// monotonic clock.
///
/// # Errors
/// The trial is over by then, the children are no processes, or no thread can be started.
pub(super) fn begin(
    start_ns: u64,
    trial: &Trial,
    servers: &[Child],
    workers: &[Child],
) -> anyhow::Result<Option<oneshot::Receiver<io::Result<Stopped>>>> {
    let Some(fault) = trial.faults.stop() else { return Ok(None) };
    let at_ms = fault.at_ms;
    let [at_ns, until_ns] = [at_ms, at_ms.saturating_add(STOPPED_MS)].map(|at_ms| at_ms.saturating_mul(1_000_000));
    anyhow::ensure!(
        until_ns <= trial.phases.measured_ns(),
        "faults.{}: processes cannot be stopped at {at_ms} ms for {STOPPED_MS} ms: the feed ends before; stop them earlier",
        fault.key
    );
    let children = match fault.who {
        Stopping::Servers => servers,
        Stopping::Workers => workers,
        Stopping::Coordinator => &[],
    };
    let processes: Vec<OwnedFd> = children.iter().map(handle).collect::<anyhow::Result<_>>()?;
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new().name("stopper".into()).spawn(move || {
        let stopped = match fault.who {
            Stopping::Coordinator => stop_this(start_ns, start_ns + at_ns),
            Stopping::Servers | Stopping::Workers => stop(&processes, start_ns, start_ns + at_ns),
        };
        // A receiver that is gone has already failed and reported why.
        drop(sender.send(stopped));
    })?;
    Ok(Some(receiver))
}

/// Stops this process and lets a shell continue it: a stopped process cannot continue itself.
fn stop_this(start_ns: u64, at_ns: u64) -> io::Result<Stopped> {
    clock::be_punctual();
    clock::block_until(at_ns);
    let from_ns = clock::now_ns();
    let script = format!("kill -STOP $PPID; sleep {}; kill -CONT $PPID", STOPPED_MS as f64 / 1_000.0);
    let status = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).status()?;
    if !status.success() {
        return Err(io::Error::other(format!("the shell that stops the coordinator failed: {status}")));
    }
    Ok(Stopped { from_ns: from_ns - start_ns, until_ns: clock::now_ns() - start_ns })
}

/// Opens a handle for signals. Unlike a process id, it never refers to another process.
fn handle(child: &Child) -> anyhow::Result<OwnedFd> {
    let number = child.process_id().and_then(|number| i32::try_from(number).ok()).and_then(Pid::from_raw);
    let number = number.context("only a child that is a process can be stopped")?;
    pidfd_open(number, PidfdFlags::empty()).context("the system has no handles of processes to stop them by")
}

fn stop(processes: &[OwnedFd], start_ns: u64, at_ns: u64) -> io::Result<Stopped> {
    clock::be_punctual();
    clock::block_until(at_ns);
    let halted = halt(processes);
    let from_ns = clock::now_ns();
    // From here on, so that they stand still for the whole time, however long it took to stop them.
    clock::block_until(from_ns + STOPPED_MS * 1_000_000);
    let until_ns = clock::now_ns();
    let resumed: Vec<_> = processes.iter().map(|process| pidfd_send_signal(process, Signal::CONT)).collect();
    halted?;
    resumed.into_iter().collect::<Result<(), _>>()?;
    Ok(Stopped { from_ns: from_ns - start_ns, until_ns: until_ns - start_ns })
}

/// Tells all to stop, and waits until the last thread of the last one has: a signal only asks for it.
fn halt(processes: &[OwnedFd]) -> io::Result<()> {
    for process in processes {
        pidfd_send_signal(process, Signal::STOP)?;
    }
    let deadline_ns = clock::now_ns() + HALT_LIMIT_NS;
    let look = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    for process in processes {
        while waitid(WaitId::PidFd(process.as_fd()), look)?.is_none() {
            if clock::now_ns() > deadline_ns {
                return Err(io::Error::other("a process does not stop when it is told to"));
            }
            clock::block_until(clock::now_ns() + ASK_AGAIN_NS);
        }
    }
    Ok(())
}
