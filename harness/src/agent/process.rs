//! A child's side of its life: what it says and hears, when it must end, and what it uses. A child is a process; only
//! the self-test has children that are tasks of the coordinator's own, and they say and hear the same.

use std::{
    ffi::CString,
    io::{self, BufRead, Write},
    sync::{Arc, Mutex},
    thread,
};

use futures_util::future::BoxFuture;
use procfs::process::Process;
use rustix::{
    process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit},
    thread::set_name,
};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::{
    interruption,
    message::{Command, Report, Usage},
    panics,
};
use crate::{
    failure::Failure,
    feed::Phases,
    host::{clock, environment},
};

/// The image that runs, whatever stands at its path now: a build that replaces the program changes no run.
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";
/// The name under which processes started from it are listed.
pub(crate) const NAME: &str = "delivery-bench";

/// Files that a verb needs to open at least: standard streams, signals, a runtime, its results, and pipes to children.
const FEWEST_DESCRIPTORS: u64 = 64;
/// Threads of a process besides those of its runtime: publisher, sampler, commands and the like.
const THREADS_BESIDE: usize = 8;
/// What to do if the system refuses a thread.
pub(crate) const MORE_THREADS: &str = "allow more of them with ulimit -u, or with pids.max of the control group";
/// Stack of a thread that does nothing.
const SMALL_STACK_BYTES: usize = 64 << 10;

/// Ties this process to its parent, lets it open as many descriptors as the system grants, and counts its panics.
///
/// # Errors
/// The system refuses to tie it.
pub(crate) fn become_child() -> io::Result<()> {
    panics::watch();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Started as the image that runs, it would be listed as `exe`.
    let _ = set_name(&CString::new(NAME)?);
    raise_descriptor_limit();
    Ok(())
}

/// Raises the soft descriptor limit to the hard one, and gives it.
pub(crate) fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // A refusal leaves the soft limit, which the plan reads from here.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Refuses a descriptor limit below which a library or a child would fail in the middle of something.
///
/// # Errors
/// The process may open fewer files than any verb needs.
pub(crate) fn room_for_files() -> Result<(), Failure> {
    match raise_descriptor_limit() {
        FEWEST_DESCRIPTORS.. => Ok(()),
        allowed => Err(Failure::Machine(format!(
            "this process may open {allowed} files, and needs {FEWEST_DESCRIPTORS}: allow more of them with ulimit -n"
        ))),
    }
}

/// Threads of a coordinator, and of the two processes of each of its shards, whose runtimes share the cores.
pub(crate) fn threads_of(shards: usize) -> usize {
    let cores = environment::cores() as usize;
    cores + THREADS_BESIDE + 2 * shards * (cores.div_ceil(shards.max(1)) + THREADS_BESIDE)
}

/// Finds out whether this user may start this many more threads, by starting them; they end at once.
///
/// # Errors
/// The system refuses one of them.
pub(crate) fn room_for(threads: usize) -> Result<(), Failure> {
    let hold = Mutex::new(());
    let started = thread::scope(|scope| {
        let held = hold.lock();
        let wait = || drop(hold.lock());
        let start = || thread::Builder::new().stack_size(SMALL_STACK_BYTES).spawn_scoped(scope, wait).map(drop);
        let started = (0..threads).try_for_each(|_| start());
        drop(held);
        started
    });
    started.map_err(|error| {
        Failure::Machine(format!("cannot start {threads} threads and processes: {error}; {MORE_THREADS}"))
    })
}

/// Sends reports to the coordinator.
#[derive(Debug, Clone)]
pub struct Reporter(Outlet);

#[derive(Debug, Clone)]
enum Outlet {
    /// Standard output, a whole line at a time.
    Lines(Arc<Mutex<()>>),
    /// The coordinator's end of a channel in this process.
    Channel(mpsc::UnboundedSender<Report>),
}

impl Reporter {
    /// Sends one report. A coordinator that is gone cannot be told anything, and ends this process anyway.
    pub fn report(&self, report: &Report) {
        match &self.0 {
            Outlet::Lines(whole_lines) => {
                let line = serde_json::to_string(report).expect("a report has only string keys and finite numbers");
                let _whole_lines = whole_lines.lock().expect("no holder panics");
                #[expect(clippy::disallowed_methods, reason = "a child's standard output is its coordinator's")]
                let mut stdout = io::stdout();
                let _ = writeln!(stdout, "{line}");
            }
            Outlet::Channel(reports) => drop(reports.send(report.clone())),
        }
    }
}

/// The conversation with the coordinator.
#[derive(Debug)]
pub struct Control {
    reporter: Reporter,
    commands: mpsc::UnboundedReceiver<Command>,
}

/// The coordinator's end of a conversation inside one process.
#[derive(Debug)]
pub(crate) struct Peer {
    /// To the child.
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    /// From the child.
    pub(crate) reports: mpsc::UnboundedReceiver<Report>,
}

impl Control {
    /// Reads the plan from the first line of standard input, then commands from the following ones. The end of
    /// standard input is the end of the coordinator, and ends this process.
    ///
    /// # Errors
    /// The first line is no plan.
    pub fn open<Plan: DeserializeOwned>() -> io::Result<(Plan, Self)> {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        let plan = serde_json::from_str(&line).map_err(io::Error::other)?;
        let (sender, commands) = mpsc::unbounded_channel();
        thread::Builder::new().name("commands".into()).spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                match serde_json::from_str(&line) {
                    Ok(command) => drop(sender.send(command)),
                    Err(_) => break,
                }
            }
            std::process::exit(0);
        })?;
        Ok((plan, Self { reporter: Reporter(Outlet::Lines(Arc::default())), commands }))
    }

    /// A conversation inside one process, without lines and without an end that ends the process.
    pub(crate) fn inside() -> (Self, Peer) {
        let (commands, heard) = mpsc::unbounded_channel();
        let (said, reports) = mpsc::unbounded_channel();
        (Self { reporter: Reporter(Outlet::Channel(said)), commands: heard }, Peer { commands, reports })
    }

    /// Sends reports from elsewhere.
    pub fn reporter(&self) -> Reporter {
        self.reporter.clone()
    }

    /// Sends one report.
    pub fn report(&self, report: &Report) {
        self.reporter.report(report);
    }

    /// Ends when a signal tells this child to end. A child that is a task leaves signals to the process it is part of,
    /// so its future never ends.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(crate) fn told(&self) -> io::Result<BoxFuture<'static, ()>> {
        Ok(match self.reporter.0 {
            Outlet::Lines(_) => Box::pin(interruption::told()?),
            Outlet::Channel(_) => Box::pin(std::future::pending()),
        })
    }

    /// Waits for the next command.
    pub async fn next(&mut self) -> Option<Command> {
        self.commands.recv().await
    }
}

/// Measures what this process uses.
#[derive(Debug)]
pub(crate) struct Sampler {
    idle_bytes: u64,
}

/// What was sampled at the edges of a window.
#[derive(Debug)]
pub(crate) struct Sampled<T> {
    /// What the process used inside it.
    pub usage: Usage,
    /// What was read when it opened.
    pub before: T,
    /// What was read when it closed.
    pub after: T,
}

impl Sampler {
    /// Takes the memory of the idle process.
    pub(crate) fn idle() -> Self {
        Self { idle_bytes: memory().0 }
    }

    /// Takes samples at once, when the window opens and when it closes, in a thread of its own: a task would take them
    /// late exactly when the process is busy. In between the thread wakes now and then, to see whether the process was
    /// paused; its own CPU time is in no sample.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn window<T: Send + 'static>(
        self,
        start_ns: u64,
        phases: Phases,
        read: impl Fn() -> T + Send + 'static,
    ) -> io::Result<oneshot::Receiver<Sampled<T>>> {
        let (sender, receiver) = oneshot::channel();
        thread::Builder::new().name("sampler".into()).spawn(move || {
            clock::be_punctual();
            let (connected_bytes, _) = memory();
            // A pause that began before the window may reach into it.
            let opened_late_ns = clock::block_until(start_ns + phases.warmup_ns);
            let (opened_bytes, _) = memory();
            let (before, opened_cpu_ns, opened_wait_ns) = (read(), others_cpu_ns(), others_waited_ns());
            let longest_pause_ns = opened_late_ns.max(clock::beat_until(start_ns + phases.measured_ns()));
            let (after, closed_cpu_ns, closed_wait_ns) = (read(), others_cpu_ns(), others_waited_ns());
            let (settled_bytes, peak_bytes) = memory();
            let usage = Usage {
                cpu_us: closed_cpu_ns.saturating_sub(opened_cpu_ns) / 1_000,
                wait_us: closed_wait_ns.saturating_sub(opened_wait_ns) / 1_000,
                longest_pause_ns,
                idle_bytes: self.idle_bytes,
                connected_bytes,
                opened_bytes,
                settled_bytes,
                peak_bytes,
            };
            // Whoever no longer waits has failed already, and says why.
            drop(sender.send(Sampled { usage, before, after }));
        })?;
        Ok(receiver)
    }
}

/// Anonymous resident memory now, and the most that was ever resident, in bytes; 0 where the system does not say.
fn memory() -> (u64, u64) {
    let status = Process::myself().and_then(|process| process.status());
    status.map_or((0, 0), |status| (status.rssanon.unwrap_or_default() * 1024, status.vmhwm.unwrap_or_default() * 1024))
}

/// CPU time of this process, without that of the current thread.
fn others_cpu_ns() -> u64 {
    clock::process_cpu_ns().saturating_sub(clock::thread_cpu_ns())
}

/// Time that the threads of this process, except the current one, could have run but waited for a core. Returns 0 if
/// the system does not say.
fn others_waited_ns() -> u64 {
    let me = rustix::thread::gettid().as_raw_nonzero().get();
    let tasks = Process::myself().and_then(|process| process.tasks());
    let waited = |task: procfs::process::Task| task.schedstat().map_or(0, |schedule| schedule.run_delay);
    tasks.map_or(0, |tasks| tasks.flatten().filter(|task| task.tid != me).map(waited).sum())
}
