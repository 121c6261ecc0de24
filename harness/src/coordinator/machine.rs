//! Watches the machine while a trial is measured: how late it wakes a thread that only sleeps, and what it gives to
//! others.
//!
//! The coordinator does this, which is neither side of what is measured and has nothing else to do meanwhile. It judges
//! nothing.

use std::{io, thread};

use anyhow::Context as _;
use procfs::{CpuPressure, CpuTime, Current, CurrentSI, KernelStats};
use reports::{
    schema::Host,
    statistics::{Histogram, new_histogram},
};
use tokio::sync::oneshot;

use crate::{
    clock, control_group, environment, kernel_memory,
    message::Phases,
    plan::Trial,
    process::{Sampled, Sampler},
    spinners::Spinners,
};

/// How long the thread that only sleeps means to sleep each time.
const SLEEP_NS: u64 = 1_000_000;

/// What was seen of the machine in one window.
#[derive(Debug)]
pub(crate) struct Seen {
    /// How late the sleeping thread was woken.
    pub(crate) hiccup: Histogram,
    /// Name of the kernel's clock source.
    pub(crate) clocksource: String,
    /// Processors that a process may use.
    pub(crate) processors: u32,
    keep_awake: bool,
    is_limited: bool,
    before: Counters,
    after: Counters,
}

/// Counters of the system, from some time in the past on; none that it does not have.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    /// Time of the processors that this process may use, whatever they did with it.
    all_us: Option<u64>,
    /// Their time for processes: without interrupts, which nobody answers for, and without this one's spinners.
    busy_us: Option<u64>,
    stolen_us: Option<u64>,
    throttled_us: Option<u64>,
    pressure_us: Option<u64>,
    kernel_bytes: Option<u64>,
}

/// Watches until the window ends.
pub(crate) struct Watch {
    sleeper: oneshot::Receiver<Histogram>,
    sampler: oneshot::Receiver<Sampled<Counters>>,
    keep_awake: bool,
    is_limited: bool,
    clocksource: String,
    _spinners: [Spinners; 2],
}

impl Watch {
    /// Begins to watch; the start is a time on the monotonic clock.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn begin(start_ns: u64, trial: &Trial, keep_awake: bool) -> io::Result<Self> {
        let (phases, faults, processors) = (trial.phases, &trial.faults, environment::processors());
        let is_limited = control_group::is_limited();
        // Under a limit on processor time, keeping a processor awake would take it from what is measured.
        let keep_awake = keep_awake && !is_limited;
        let awake = Spinners::idle(if keep_awake { &processors } else { &[] })?;
        let thieves = Spinners::nice(faults.stolen_cores.unwrap_or_default())?;
        let (sender, sleeper) = oneshot::channel();
        let oversleep_ns = faults.oversleep_ms.unwrap_or_default() * 1_000_000;
        thread::Builder::new().name("sleeper".into()).spawn(move || {
            // Whoever no longer waits has failed already, and says why.
            drop(sender.send(sleep_through(start_ns, phases, oversleep_ns)));
        })?;
        let awake_ns = awake.used();
        let sampler = Sampler::idle().window(start_ns, phases, move || counters(awake_ns() / 1_000))?;
        let clocksource = faults.clocksource.clone().unwrap_or_else(environment::clocksource);
        Ok(Self { sleeper, sampler, keep_awake, is_limited, clocksource, _spinners: [awake, thieves] })
    }

    /// What was seen, after the window.
    pub(crate) async fn end(self) -> anyhow::Result<Seen> {
        let hiccup = self.sleeper.await.context("the thread that sleeps failed")?;
        let Sampled { before, after, .. } = self.sampler.await.context("the thread that samples failed")?;
        let Self { keep_awake, is_limited, clocksource, .. } = self;
        let processors = environment::cores();
        Ok(Seen { hiccup, clocksource, processors, keep_awake, is_limited, before, after })
    }
}

impl Seen {
    /// What the kernel held when the window closed, in bytes.
    pub(crate) fn kernel_bytes(&self) -> Option<u64> {
        self.after.kernel_bytes
    }

    /// What the machine did to everybody on it, where this trial's processes took so much processor time in a window of
    /// this length.
    pub(crate) fn host(&self, own_us: u64, phases: Phases) -> Host {
        let passed = |of: fn(&Counters) -> Option<u64>| Some(of(&self.after)?.saturating_sub(of(&self.before)?));
        let all_us = passed(|counters| counters.all_us).filter(|all_us| *all_us > 0);
        let share = |part_us: Option<u64>| Some(part_us? as f64 / all_us? as f64);
        let window_us = phases.measure_ns as f64 / 1_000.0;
        let foreign_us = passed(|counters| counters.busy_us).map(|busy_us| busy_us.saturating_sub(own_us));
        Host {
            kept_awake: self.keep_awake,
            steal_share: share(passed(|counters| counters.stolen_us)),
            // Where a limit says how much of the processors is this trial's, what others do with the rest is theirs.
            foreign_share: share(foreign_us).filter(|_| !self.is_limited),
            throttled_us: passed(|counters| counters.throttled_us),
            pressure_share: passed(|counters| counters.pressure_us).map(|us| us as f64 / window_us),
        }
    }
}

/// Sleeps through the window, a little at a time, and takes note of how late it is woken.
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

fn counters(awake_us: u64) -> Counters {
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
        busy_us: times(busy).map(|busy_us| busy_us.saturating_sub(awake_us)),
        stolen_us: times(|time| time.steal.unwrap_or_default()),
        throttled_us: control_group::throttled_us(),
        pressure_us: CpuPressure::current().ok().map(|pressure| pressure.some.total),
        kernel_bytes: kernel_memory::now(),
    }
}
