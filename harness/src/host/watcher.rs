//! Watches the machine while a trial is measured: how late it wakes a thread that only sleeps, and how much CPU time other
//! processes use. The coordinator does this, because it is on neither side and has nothing else to do. It judges nothing.

use std::{io, thread};

use procfs::{CpuPressure, CpuTime, Current, CurrentSI, KernelStats};
use results::{
    schema::Host,
    statistics::{Histogram, new_histogram},
};
use scenario::{faults::Injected, feed::Phases, plan::Trial};
use tokio::sync::oneshot;

use super::{
    awake::Awake,
    clock, control_group, environment,
    kernel_memory::{self, KernelMemory},
    listen_queue,
    spinners::Spinners,
    usage::{Sampled, Sampler},
};

/// How long the sleeping thread sleeps each time.
const SLEEP_NS: u64 = 1_000_000;
/// Shares of the CPU time that others may take before a trial warns, and before it is invalid. Of two cores, a quarter
/// is half a core: one thread in four that wakes finds its core taken.
pub(crate) const FOREIGN_SHARES: [f64; 2] = [0.1, 0.25];

/// The watcher's measurements of one window.
#[derive(Debug)]
pub(crate) struct Seen {
    /// How late the sleeping thread woke.
    pub(crate) hiccup: Histogram,
    /// Name of the kernel's clock source.
    pub(crate) clocksource: String,
    /// Cores that a process may use.
    pub(crate) processors: u32,
    /// The longest time for which this process could not run, in nanoseconds.
    pub(crate) longest_pause_ns: u64,
    /// Faults that were injected here.
    pub(crate) injected: Injected,
    /// The kernel's memory.
    pub(crate) kernel: KernelMemory,
    /// Connections that full listen queues refused. `None` if the system does not count them.
    pub(crate) refused_connections: Option<u64>,
    keep_awake: bool,
    is_limited: bool,
    before: Counters,
    after: Counters,
}

/// Counters of the system since some time in the past. `None` if the system does not have one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    /// Total time of the cores that this process may use.
    all_us: Option<u64>,
    /// Their time for processes, without interrupts.
    busy_us: Option<u64>,
    stolen_us: Option<u64>,
    throttled_us: Option<u64>,
    pressure_us: Option<u64>,
    kernel_bytes: Option<u64>,
}

/// Readings of the machine before the feed starts.
pub(crate) struct Watcher {
    kernel: KernelMemory,
    refused_connections: Option<u64>,
}

impl Watcher {
    /// Reads the machine before the trial's processes are started.
    pub(crate) fn begin() -> Self {
        let kernel = KernelMemory { before: kernel_memory::now(), connected: None, settled: None };
        Self { kernel, refused_connections: listen_queue::refused_connections() }
    }

    /// Reads the machine when all clients have subscribed.
    pub(crate) fn connected(&mut self) {
        self.kernel.connected = kernel_memory::now();
    }

    /// Watches the machine from the start, a time on the monotonic clock, until the window ends.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn start(self, start_ns: u64, trial: &Trial) -> io::Result<Watch> {
        Watch::begin(self, start_ns, trial)
    }
}

/// Watches until the window ends.
pub(crate) struct Watch {
    watcher: Watcher,
    sleeper: oneshot::Receiver<Histogram>,
    sampler: oneshot::Receiver<Sampled<Counters>>,
    awake: Option<Awake>,
    is_limited: bool,
    clocksource: String,
    injected: Injected,
    _thieves: Spinners,
}

impl Watch {
    fn begin(watcher: Watcher, start_ns: u64, trial: &Trial) -> io::Result<Self> {
        let (phases, faults) = (trial.phases, &trial.faults);
        let is_limited = control_group::is_limited();
        let awake = trial.keep_awake.then(Awake::request).flatten();
        let thieves = Spinners::nice(faults.stolen_cores.unwrap_or_default())?;
        let (sender, sleeper) = oneshot::channel();
        let oversleep_ns = faults.oversleep_ms.unwrap_or_default() * 1_000_000;
        thread::Builder::new().name("sleeper".into()).spawn(move || {
            // A receiver that is gone has already failed and reported why.
            drop(sender.send(sleep_through(start_ns, phases, oversleep_ns)));
        })?;
        let sampler = Sampler::idle().window(start_ns, phases, counters)?;
        let clocksource = faults.clocksource.clone().unwrap_or_else(environment::clocksource);
        let mut injected = Injected::default();
        injected.note_if(faults.stolen_cores.is_some_and(|cores| cores > 0), "stolen_cores");
        injected.note_if(oversleep_ns > 0, "oversleep_ms");
        injected.note_if(faults.clocksource.is_some(), "clocksource");
        Ok(Self { watcher, sleeper, sampler, awake, is_limited, clocksource, injected, _thieves: thieves })
    }

    /// Returns the measurements after the window.
    ///
    /// # Errors
    /// The name of a thread that ended early.
    pub(crate) async fn end(self) -> Result<Seen, &'static str> {
        let hiccup = self.sleeper.await.map_err(|_| "sleeper")?;
        let Sampled { usage, before, after } = self.sampler.await.map_err(|_| "sampler")?;
        let longest_pause_ns = usage.longest_pause_ns;
        let Self { watcher, is_limited, clocksource, injected, .. } = self;
        let kernel = KernelMemory { settled: after.kernel_bytes, ..watcher.kernel };
        let refused_before = watcher.refused_connections;
        let refused_connections =
            refused_before.zip(listen_queue::refused_connections()).map(|(before, after)| after.saturating_sub(before));
        let keep_awake = self.awake.is_some();
        let processors = environment::cores();
        Ok(Seen {
            hiccup,
            clocksource,
            processors,
            longest_pause_ns,
            injected,
            kernel,
            refused_connections,
            keep_awake,
            is_limited,
            before,
            after,
        })
    }
}

impl Seen {
    /// What the machine did to everybody on it, where this trial's processes took so much CPU time in a window of
    /// this length.
    pub(crate) fn host(&self, own_us: u64, phases: Phases) -> Host {
        let passed = |of: fn(&Counters) -> Option<u64>| self.before.until(&self.after, of);
        let all_us = passed(|counters| counters.all_us).filter(|all_us| *all_us > 0);
        let share = |part_us: Option<u64>| Some(part_us? as f64 / all_us? as f64);
        let window_us = phases.measure_ns as f64 / 1_000.0;
        Host {
            kept_awake: self.keep_awake,
            steal_share: share(passed(|counters| counters.stolen_us)),
            // If a limit sets this trial's share of the cores, other processes may use the rest.
            foreign_share: self.before.foreign_share(&self.after, own_us).filter(|_| !self.is_limited),
            throttled_us: passed(|counters| counters.throttled_us),
            pressure_share: passed(|counters| counters.pressure_us).map(|us| us as f64 / window_us),
        }
    }
}

impl Counters {
    /// What passed of one of them until later.
    fn until(&self, later: &Self, of: fn(&Self) -> Option<u64>) -> Option<u64> {
        Some(of(later)?.saturating_sub(of(self)?))
    }

    /// Share of the CPU time that others took until later, if the caller's own processes took this much of it.
    pub(super) fn foreign_share(&self, later: &Self, own_us: u64) -> Option<f64> {
        let all_us = self.until(later, |counters| counters.all_us).filter(|all_us| *all_us > 0)?;
        let busy_us = self.until(later, |counters| counters.busy_us)?;
        Some(busy_us.saturating_sub(own_us) as f64 / all_us as f64)
    }
}

/// Sleeps through the window, a little at a time, and records how late it wakes.
fn sleep_through(start_ns: u64, phases: Phases, oversleep_ns: u64) -> Histogram {
    clock::be_punctual();
    let mut hiccup = new_histogram();
    let mut due_ns = start_ns + phases.warmup_ns;
    while due_ns < start_ns + phases.measured_ns() {
        clock::block_until(due_ns);
        let woken_ns = clock::now_ns();
        hiccup.saturating_record((woken_ns - due_ns + oversleep_ns).max(1));
        // The next sleep begins when this one has ended, so that a long one is one hiccup and not many.
        due_ns = woken_ns + SLEEP_NS;
    }
    hiccup
}

/// Reads the counters.
pub(super) fn counters() -> Counters {
    let mine = environment::processors();
    let stats = KernelStats::current().ok();
    let times = |of: fn(&CpuTime) -> u64| {
        let of_processor = stats.as_ref()?.cpu_time.iter().enumerate();
        let ticks: u64 = of_processor.filter(|(index, _)| mine.contains(index)).map(|(_, time)| of(time)).sum();
        Some(ticks * 1_000_000 / procfs::ticks_per_second())
    };
    let busy = |time: &CpuTime| time.user + time.nice + time.system;
    let other = |time: &CpuTime| {
        let optional = [time.iowait, time.irq, time.softirq, time.steal];
        time.idle + optional.into_iter().flatten().sum::<u64>()
    };
    Counters {
        all_us: times(busy).zip(times(other)).map(|(busy_us, other_us)| busy_us + other_us),
        busy_us: times(busy),
        stolen_us: times(|time| time.steal.unwrap_or_default()),
        throttled_us: control_group::throttled_us(),
        pressure_us: CpuPressure::current().ok().map(|pressure| pressure.some.total),
        kernel_bytes: kernel_memory::now(),
    }
}
