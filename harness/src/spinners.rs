//! Threads that take the processor time that nobody else wants: to keep the processors awake while a trial is measured,
//! and, as a fault, to be noticed by the checks.
//!
//! At a low rate the processors sleep between events, and how long this machine takes to wake one is then most of a
//! quick approach's latency. A thread of the scheduling class `SCHED_IDLE` on each processor keeps it awake, and gives
//! way to any other thread at once. It must not be used under a limit on processor time, which it would use up.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::clock;

/// Turns between two looks at the clock.
const TURNS: u32 = 10_000;

/// Threads that spin until this is dropped.
pub(crate) struct Spinners {
    stop: Arc<AtomicBool>,
    used_ns: Vec<Arc<AtomicU64>>,
}

impl Spinners {
    /// A thread on each of these processors, by number, that gives way to any other thread at once.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn idle(processors: &[usize]) -> io::Result<Self> {
        Self::start(processors.len(), |place| {
            let processor = processors[place];
            move || give_way(processor)
        })
    }

    /// So many threads at the lowest ordinary priority, which hardly delay anybody but take what is left.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn nice(threads: u32) -> io::Result<Self> {
        Self::start(threads as usize, |_| {
            || {
                let _ = rustix::process::nice(19);
            }
        })
    }

    /// Processor time that they have used.
    pub(crate) fn used(&self) -> impl Fn() -> u64 + Send + 'static {
        let used_ns = self.used_ns.clone();
        move || used_ns.iter().map(|of_one| of_one.load(Ordering::Relaxed)).sum()
    }

    fn start<Prepare: FnOnce() + Send + 'static>(
        threads: usize,
        prepare: impl Fn(usize) -> Prepare,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let used_ns: Vec<Arc<AtomicU64>> = (0..threads).map(|_| Arc::default()).collect();
        for (place, used_ns) in used_ns.iter().enumerate() {
            let (stop, used_ns, prepare) = (Arc::clone(&stop), Arc::clone(used_ns), prepare(place));
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
fn give_way(processor: usize) {
    let mut only = CpuSet::new();
    only.set(processor);
    // A thread that is not bound still keeps a processor awake, if not always this one.
    let _ = sched_setaffinity(None, &only);
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the structure outlives the call, and 0 is the calling thread.
    let refused = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const priority) } != 0;
    if refused {
        // The next best: at the lowest ordinary priority.
        let _ = rustix::process::nice(19);
    }
}
