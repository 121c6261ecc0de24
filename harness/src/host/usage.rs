//! The resources of a process in the window: CPU time, time that it waited for a core, and memory.

use std::{io, thread};

use procfs::process::Process;
use scenario::feed::Phases;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::clock;

/// CPU time and memory of one process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// User and system time inside the window.
    pub cpu_us: u64,
    /// Time in the window for which threads waited for a core.
    pub wait_us: u64,
    /// The longest time in the window for which the process could not run, in nanoseconds.
    pub longest_pause_ns: u64,
    /// Anonymous resident memory before the first client.
    pub idle_bytes: u64,
    /// Anonymous resident memory when all clients had subscribed, before the start.
    pub connected_bytes: u64,
    /// Anonymous resident memory when the window opened.
    pub opened_bytes: u64,
    /// Anonymous resident memory at the end of the window.
    pub settled_bytes: u64,
    /// Largest resident memory ever.
    pub peak_bytes: u64,
}

/// Measures the resources that this process uses.
#[derive(Debug)]
pub(crate) struct Sampler {
    idle_bytes: u64,
}

/// The samples at both ends of a window.
#[derive(Debug)]
pub(crate) struct Sampled<T> {
    /// What the process used in the window.
    pub usage: Usage,
    /// The other value, when the window opened.
    pub before: T,
    /// The other value, when the window closed.
    pub after: T,
}

impl Sampler {
    /// Records the memory of the idle process.
    pub(crate) fn idle() -> Self {
        Self { idle_bytes: memory().0 }
    }

    /// Starts a thread that takes samples now, when the window opens and when it closes. A task would be late whenever the
    /// process is busy. In between, the thread wakes now and then to detect pauses of the process. Its own CPU time does not
    /// count.
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
            // A receiver that is gone has already failed and reported why.
            drop(sender.send(Sampled { usage, before, after }));
        })?;
        Ok(receiver)
    }
}

/// Returns the anonymous resident memory now, and the peak of resident memory, in bytes. Each is 0 if the system does
/// not report it.
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
