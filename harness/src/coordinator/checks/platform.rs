//! Whether it is the approach that was measured: publisher punctual, machine quiet, both sides with CPU time to spare.

use results::{
    format,
    schema::{Check, Measured, Summary, Verdict},
};

use super::form::{NOT_REPORTED, check, nothing, verdict_of};
use crate::{coordinator::evidence::Evidence, host::watcher::FOREIGN_SHARES};

/// Share of a latency that is the publisher's lateness.
const LATENESS: [f64; 2] = [0.2, 0.5];
/// A publisher that is later than a sleeping thread by at most this factor is as late as the machine makes any thread.
const PLATFORM: f64 = 3.0;
/// On a shared machine, one wake-up in a hundred may be this late although nothing is wrong.
const WAKE_NS: f64 = 1e6;
/// Maximum share of the tail that the publisher's lateness may add.
const OMISSION_WARN: f64 = 0.1;
/// Share of the tail that a sleeping thread's lateness may have.
const HICCUP_WARN: f64 = 0.5;
/// Share of the cores' time.
const STEAL: [f64; 2] = [0.05, 0.15];
/// Any throttling warns; no throttling makes a trial invalid.
const THROTTLED: [f64; 2] = [0.0, f64::INFINITY];
const BUSY: [f64; 2] = [0.8, 0.9];
/// Average number of threads that wait for a core, per core. Other tools judge waiting over waiting and running; that is
/// a third on an idle machine, as a woken thread waits a moment for the one that woke it.
const WAITING: [f64; 2] = [0.25, 0.5];

/// Compares the publisher with its own schedule. Lateness that the machine causes in any thread is excused.
pub(super) fn lateness(measured: &Measured) -> Check {
    let Some(late) = Late::measure(measured) else { return nothing("lateness", "too few events to tell") };
    let excused: Vec<LateAt> = late.above_limits().collect();
    let note = match late.verdict {
        Verdict::Pass if !excused.is_empty() => {
            format!("the publisher was late, as any thread is on this machine: {}", excuses(&excused))
        }
        Verdict::Pass => "events were published when they were due".into(),
        Verdict::Warn => "a good part of the latency, at the median or in the tail, is the publisher's own lateness: \
                          leave the machine alone, or lower the load"
            .into(),
        Verdict::Invalid => {
            "most of the latency is the publisher's own lateness: leave the machine alone, or lower the load".into()
        }
    };
    check("lateness", Some(late.share), Some(late.limit), late.verdict, note)
}

/// The publisher's lateness at one percentile.
#[derive(Clone, Copy)]
struct LateAt {
    percentile: &'static str,
    late_ns: f64,
    latency_ns: f64,
    /// Lateness of a thread that only sleeps.
    sleeper_ns: f64,
    /// Lateness up to this is excused.
    excused_ns: f64,
}

impl LateAt {
    fn measure(
        measured: &Measured,
        percentile: &'static str,
        read: fn(&Summary) -> Option<u64>,
        always_excused_ns: f64,
    ) -> Option<Self> {
        let read = |summary| read(summary).map(|nanoseconds| nanoseconds as f64);
        let sleeper_ns = read(&measured.hiccup_ns)?;
        Some(Self {
            percentile,
            late_ns: read(measured.lateness_ns.as_ref()?)?,
            latency_ns: read(&measured.latency_ns)?,
            sleeper_ns,
            excused_ns: always_excused_ns.max(PLATFORM * sleeper_ns),
        })
    }

    fn share(self) -> f64 {
        self.late_ns / self.latency_ns
    }

    fn is_excused(self) -> bool {
        self.late_ns <= self.excused_ns
    }

    /// Says which of the two conditions excuses the lateness.
    fn excuse(self) -> String {
        let Self { percentile, late_ns, sleeper_ns, .. } = self;
        let (late, sleeper) = (format::duration(late_ns as u64), format::duration(sleeper_ns as u64));
        if late_ns <= PLATFORM * sleeper_ns {
            format!("{late} at {percentile}, at most {PLATFORM} times the {sleeper} of a thread that only sleeps")
        } else {
            format!("{late} at {percentile}, at most the {} that is always allowed", format::duration(WAKE_NS as u64))
        }
    }
}

/// The publisher's lateness against the latencies.
struct Late {
    median: LateAt,
    /// At p99, or at p90 if only that has enough events.
    tail: LateAt,
    /// The share of the latency that is judged: at the median, or in the tail if that is what warns.
    share: f64,
    limit: f64,
    verdict: Verdict,
}

impl Late {
    /// Returns `None` if there are too few events.
    fn measure(measured: &Measured) -> Option<Self> {
        let median = LateAt::measure(measured, "p50", |summary| summary.p50, 0.0)?;
        let tail = LateAt::measure(measured, "p99", |summary| summary.p99, WAKE_NS)
            .or_else(|| LateAt::measure(measured, "p90", |summary| summary.p90, WAKE_NS))
            .unwrap_or(median);
        let (share, limit, verdict) = if !median.is_excused() && median.share() > LATENESS[1] {
            (median.share(), LATENESS[0], Verdict::Invalid)
        } else if !median.is_excused() && median.share() > LATENESS[0] {
            (median.share(), LATENESS[0], Verdict::Warn)
        } else if !tail.is_excused() && tail.share() > LATENESS[1] {
            // The tail of a few hundred events consists of one or two stalls, which the machine causes more often than
            // the publisher.
            (tail.share(), LATENESS[1], Verdict::Warn)
        } else {
            (median.share(), LATENESS[0], Verdict::Pass)
        };
        Some(Self { median, tail, share, limit, verdict })
    }

    /// The percentiles at which the publisher's share of the latency is above the limit.
    fn above_limits(&self) -> impl Iterator<Item = LateAt> {
        [(self.median, LATENESS[0]), (self.tail, LATENESS[1])]
            .into_iter()
            .filter_map(|(at, limit)| (at.share() > limit).then_some(at))
    }
}

fn excuses(excused: &[LateAt]) -> String {
    excused.iter().map(|at| at.excuse()).collect::<Vec<_>>().join(", and ")
}

/// Compares the tail with the one that would be seen if latency were counted from the sending of each event.
pub(super) fn omission_gap(measured: &Measured, evidence: &Evidence) -> Check {
    let (Some(gap), Some(late)) = (evidence.omission_gap, Late::measure(measured)) else {
        return nothing("omission-gap", "too few events to tell");
    };
    let (verdict, note) = if gap <= OMISSION_WARN {
        (Verdict::Pass, "late publishing adds little to the tail".into())
    } else if late.median.is_excused() && late.tail.is_excused() {
        let excuse = late.tail.excuse();
        (Verdict::Pass, format!("late publishing adds to the tail, as any thread on this machine would: {excuse}"))
    } else if late.verdict > Verdict::Pass {
        (Verdict::Pass, "late publishing adds to the tail; the check `lateness` judges that".into())
    } else {
        let note = "part of the tail is late publishing, which counting from the sending would have hidden: leave the \
                    machine alone, or lower the load";
        (Verdict::Warn, note.into())
    };
    check("omission-gap", Some(gap), Some(OMISSION_WARN), verdict, note)
}

/// Compares how late the machine wakes a thread that only sleeps with the measured tail.
pub(super) fn hiccup(measured: &Measured) -> Check {
    let (hiccup, latency) = (&measured.hiccup_ns, &measured.latency_ns);
    let Some((hiccup, latency)) = hiccup.p99.zip(latency.p99).or(hiccup.p90.zip(latency.p90)) else {
        return nothing("hiccup", "too few events to tell");
    };
    let share = hiccup as f64 / latency as f64;
    let (verdict, note) = if share > HICCUP_WARN {
        let note = "platform-limited: a thread that only sleeps is woken about as late as the events arrive, so that the \
                    tail is the machine's and not the approach's; compare within this run only, or use a quieter machine";
        (Verdict::Warn, note)
    } else {
        (Verdict::Pass, "the machine wakes threads much sooner than the tail of the latencies")
    };
    check("hiccup", Some(share), Some(HICCUP_WARN), verdict, note.into())
}

/// Judges the CPU time that the machine gave to others. Pressure is printed but not judged, as this trial's own threads
/// cause most of it.
pub(super) fn host(measured: &Measured) -> Check {
    let host = measured.host;
    let percent = |share: Option<f64>| share.map_or("unknown".into(), |share| format!("{:.1} %", share * 100.0));
    let throttled_us = host.throttled_us.unwrap_or_default();
    let throttled_share = throttled_us as f64 / (measured.window.measure_ms as f64 * 1_000.0);
    let said = format!(
        "stolen {}, others {}, throttled {}, pressure {}",
        percent(host.steal_share),
        percent(host.foreign_share),
        percent(host.throttled_us.map(|_| throttled_share)),
        percent(host.pressure_share),
    );
    let stolen = graded(host.steal_share.unwrap_or_default(), STEAL);
    let foreign = graded(host.foreign_share.unwrap_or_default(), FOREIGN_SHARES);
    let throttled = graded(throttled_share, THROTTLED);
    let signs = [
        (&foreign, ": other processes took the cores; stop them"),
        (&throttled, ": a limit on CPU time held these processes back; raise it"),
        (&stolen, ": the hypervisor gave the cores to others; use a machine of your own"),
    ];
    // The worst sign; of equal ones the last.
    let worst = signs.into_iter().max_by_key(|(sign, _)| sign.verdict).filter(|(sign, _)| sign.verdict > Verdict::Pass);
    let (Graded { value, limit, verdict }, remedy) = worst.unwrap_or((&foreign, ""));
    check("host", Some(*value), Some(*limit), *verdict, format!("{said}{remedy}"))
}

/// A load generator that waits for a core measures its own queue.
pub(super) fn client_saturation(measured: &Measured, evidence: &Evidence) -> Check {
    let cpu = measured.cpu;
    let Saturation { worst, is_busy } = saturation(measured, evidence, cpu.client_us, cpu.client_wait_us);
    let note = match worst.verdict {
        Verdict::Pass => "the load generator had CPU time to spare".into(),
        Verdict::Warn | Verdict::Invalid if is_busy => {
            let cost = per_delivery(measured);
            format!(
                "the load generator itself used most of the CPU time, {cost}, so its own queues are measured: reading \
                 and decoding is the bottleneck; use fewer clients or events, smaller payloads, or more cores"
            )
        }
        Verdict::Warn | Verdict::Invalid => {
            let who = who_had_the_cores(measured);
            format!("the load generator's threads waited for a core, so its own queues are measured: {who}")
        }
    };
    check("client-saturation", Some(worst.value), Some(worst.limit), worst.verdict, note)
}

/// Says who had the cores that threads of this trial waited for, and what helps.
fn who_had_the_cores(measured: &Measured) -> &'static str {
    let host = measured.host;
    if host.foreign_share.is_some_and(|share| share > FOREIGN_SHARES[0]) {
        "other processes had the cores; stop them"
    } else if host.steal_share.is_some_and(|share| share > STEAL[0]) {
        "the hypervisor gave the cores to others; use a machine of your own"
    } else {
        "servers and clients together need more CPU time than this machine has; use fewer clients or events, or more cores"
    }
}

/// The clients' CPU time per delivery, and per byte that they received.
fn per_delivery(measured: &Measured) -> String {
    let cpu_us = measured.cpu.client_us as f64;
    let bytes = measured.wire.map_or(0, |wire| wire.server_to_client_bytes);
    let per_byte = if bytes > 0 { format!(", {:.1} ns per byte", cpu_us * 1e3 / bytes as f64) } else { String::new() };
    format!("{:.1} µs per delivery{per_byte}", cpu_us / measured.events.arrived.max(1) as f64)
}

/// A server that waits for a core is overloaded. That is a result, so the row stays and is labelled.
pub(super) fn server_saturation(measured: &Measured, evidence: &Evidence) -> Check {
    let cpu = measured.cpu;
    let Some((used_us, waited_us)) = cpu.server_us.zip(cpu.server_wait_us) else {
        return nothing("server-saturation", NOT_REPORTED);
    };
    let Saturation { worst, .. } = saturation(measured, evidence, used_us, waited_us);
    let (verdict, note) = match worst.verdict {
        Verdict::Pass => (Verdict::Pass, "the server had CPU time to spare"),
        Verdict::Warn | Verdict::Invalid => {
            let note = "OVERLOAD: the server was short of CPU time, so its queues are measured and not its speed; lower \
                        the load to see that";
            (Verdict::Warn, note)
        }
    };
    check("server-saturation", Some(worst.value), Some(worst.limit), verdict, note.into())
}

/// A share with its verdict, and the limit for a warning.
struct Graded {
    value: f64,
    limit: f64,
    verdict: Verdict,
}

fn graded(value: f64, limits: [f64; 2]) -> Graded {
    Graded { value, limit: limits[0], verdict: verdict_of(value, limits) }
}

/// The worse of two signs: the share of the CPU time that was used, and the threads that waited for a core.
struct Saturation {
    worst: Graded,
    /// Whether the worse sign is the CPU time.
    is_busy: bool,
}

fn saturation(measured: &Measured, evidence: &Evidence, cpu_us: u64, wait_us: u64) -> Saturation {
    let available_us = measured.window.measure_ms as f64 * 1_000.0 * f64::from(evidence.processors);
    let busy = graded(cpu_us as f64 / available_us, BUSY);
    let waiting = graded(wait_us as f64 / available_us, WAITING);
    let is_busy = (busy.verdict, busy.value / busy.limit) >= (waiting.verdict, waiting.value / waiting.limit);
    Saturation { worst: if is_busy { busy } else { waiting }, is_busy }
}
