//! The one clock: monotonic, in nanoseconds, the same for every process of this machine. Only the publisher, the worker
//! and the coordinator read it; elsewhere a lint forbids it.

use std::{
    num::NonZeroU64,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    thread::{clock_nanosleep_absolute, set_current_timer_slack},
    time::{ClockId, Timespec, clock_gettime},
};

const NANOSECONDS: u64 = 1_000_000_000;
/// Time between two wake-ups of a thread that looks for pauses of its process.
const BEAT_NS: u64 = 10_000_000;

/// Now, on the monotonic clock.
pub(crate) fn now_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// CPU time that this process has used, user and system.
pub(crate) fn process_cpu_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::ProcessCPUTime))
}

/// CPU time that the current thread has used, user and system.
pub(crate) fn thread_cpu_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::ThreadCPUTime))
}

/// Time since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "this module is where the clock is read")]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Lets the current thread sleep to the nanosecond instead of the usual 50 µs.
pub(crate) fn be_punctual() {
    // A kernel that refuses leaves the default slack; the lateness that is recorded shows it.
    let _ = set_current_timer_slack(NonZeroU64::new(1));
}

/// Blocks the current thread until this time on the monotonic clock. Returns how late it woke, in nanoseconds.
pub(crate) fn block_until(deadline_ns: u64) -> u64 {
    let deadline = Timespec {
        tv_sec: i64::try_from(deadline_ns / NANOSECONDS).expect("a monotonic time fits 63 bits"),
        tv_nsec: i64::try_from(deadline_ns % NANOSECONDS).expect("less than a second"),
    };
    loop {
        if let Some(late_ns) = now_ns().checked_sub(deadline_ns) {
            return late_ns;
        }
        // A signal may end the sleep early; an absolute deadline is simply waited for again.
        let _ = clock_nanosleep_absolute(ClockId::Monotonic, &deadline);
    }
}

/// Blocks the current thread until this time on the monotonic clock, but wakes it every [`BEAT_NS`]. Returns the longest
/// delay of a wake-up, in nanoseconds: for about that long this thread, or its whole process, could not run.
pub(crate) fn beat_until(deadline_ns: u64) -> u64 {
    let mut longest_ns = 0;
    let mut now = now_ns();
    while now < deadline_ns {
        let due_ns = deadline_ns.min(now + BEAT_NS);
        longest_ns = longest_ns.max(block_until(due_ns));
        now = now_ns();
    }
    longest_ns
}

/// Takes so much of the current thread's time, for a fault.
pub(crate) fn spin(duration_ns: u64) {
    let end_ns = now_ns() + duration_ns;
    while now_ns() < end_ns {
        std::hint::spin_loop();
    }
}

/// Waits on the runtime until this time on the monotonic clock; the runtime's timer counts in milliseconds.
#[expect(clippy::disallowed_methods, reason = "this module is where the clock is read")]
pub(crate) async fn sleep_until(deadline_ns: u64) {
    let wait = Duration::from_nanos(deadline_ns.saturating_sub(now_ns()));
    tokio::time::sleep_until(tokio::time::Instant::now() + wait).await;
}

fn nanoseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).expect("a monotonic time is positive");
    seconds * NANOSECONDS + u64::try_from(time.tv_nsec).expect("less than a second")
}
