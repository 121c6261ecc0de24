//! Threads that take the processor time that nobody else wants: to keep the processors awake while a trial is measured,
//! and, as a fault, to be noticed by the checks.
//!
//! At a low rate the processors sleep between events, and how long this machine takes to wake one is then most of a
//! quick approach's latency. A thread of the scheduling class `SCHED_IDLE` on each processor keeps it awake, and gives
//! way to any other thread at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use crate::clock;

/// Turns between two looks at the clock.
const TURNS: u32 = 10_000;

/// Threads that spin until this is dropped.
pub(super) struct Spinners {
    stop: Arc<AtomicBool>,
    used_ns: Vec<Arc<AtomicU64>>,
}

impl Spinners {
    /// So many threads that give way to any other thread at once.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn idle(threads: u32) -> io::Result<Self> {
        Self::start(threads, give_way)
    }

    /// So many threads at the lowest ordinary priority, which hardly delay anybody but take what is left.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn nice(threads: u32) -> io::Result<Self> {
        Self::start(threads, || {
            let _ = rustix::process::nice(19);
        })
    }

    /// Processor time that they have used.
    pub(super) fn used(&self) -> impl Fn() -> u64 + Send + 'static {
        let used_ns = self.used_ns.clone();
        move || used_ns.iter().map(|of_one| of_one.load(Ordering::Relaxed)).sum()
    }

    fn start(threads: u32, prepare: fn()) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let used_ns: Vec<Arc<AtomicU64>> = (0..threads).map(|_| Arc::default()).collect();
        for used_ns in &used_ns {
            let (stop, used_ns) = (Arc::clone(&stop), Arc::clone(used_ns));
            thread::Builder::new().name("spinner".into()).spawn(move || {
                prepare();
                while !stop.load(Ordering::Relaxed) {
                    (0..TURNS).for_each(|_| std::hint::spin_loop());
                    used_ns.store(clock::thread_cpu_ns(), Ordering::Relaxed);
                }
            })?;
        }
        Ok(Self { stop, used_ns })
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[expect(unsafe_code, reason = "no safe wrapper for sched_setscheduler: the call reads one plain structure")]
fn give_way() {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the structure outlives the call, and 0 is the calling thread.
    let refused = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const priority) } != 0;
    if refused {
        // The next best: at the lowest ordinary priority.
        let _ = rustix::process::nice(19);
    }
}
