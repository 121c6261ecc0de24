//! Whether it is the approach that was measured: publisher punctual, machine quiet, both sides with CPU time to spare.

use results::schema::{Check, Measured, Summary, Verdict};

use super::form::{check, nothing, verdict_of};
use crate::{coordinator::evidence::Evidence, host::watcher::FOREIGN_SHARES};

/// Share of a latency that is the publisher's lateness.
const LATENESS: [f64; 2] = [0.2, 0.5];
/// Times as late as the thread that only sleeps: what is less, the machine does to any thread.
const PLATFORM: f64 = 3.0;
/// So late a thread may be woken in one of a hundred cases on a shared machine that nothing is wrong with.
const WAKE_NS: f64 = 1e6;
/// What the publisher's lateness may add to the tail.
const OMISSION_WARN: f64 = 0.1;
/// Share of the tail that a sleeping thread's lateness may have.
const HICCUP_WARN: f64 = 0.5;
/// Shares of the processors.
const STEAL: [f64; 2] = [0.05, 0.15];
/// Any throttling warns, and none makes a trial invalid.
const THROTTLED: [f64; 2] = [0.0, f64::INFINITY];
const BUSY: [f64; 2] = [0.8, 0.9];
/// Threads that wait for a processor, on average, for each processor there is. Waiting over waiting and running, which
/// others judge, is a third on an idle machine, where a woken thread waits a moment for the one that woke it.
const WAITING: [f64; 2] = [0.25, 0.5];

/// The publisher against its own schedule: what it was late by itself, over what the machine does to any thread.
pub(super) fn lateness(measured: &Measured) -> Check {
    let Some(late) = Late::of(measured) else { return nothing("lateness", "too few events to tell") };
    let (verdict, note) = match late.verdict {
        Verdict::Pass if late.share > LATENESS[0] && late.is_platform => {
            (Verdict::Pass, "the publisher was about as punctual as this machine wakes threads, or late by under 1 ms")
        }
        Verdict::Pass => (Verdict::Pass, "events were published when they were due"),
        Verdict::Warn => {
            let note = "a good part of the latency, at the median or in the tail, is the publisher's own lateness: leave the \
                        machine alone, or lower the load";
            (Verdict::Warn, note)
        }
        Verdict::Invalid => {
            let note =
                "most of the latency is the publisher's own lateness: leave the machine alone, or lower the load";
            (Verdict::Invalid, note)
        }
    };
    check("lateness", Some(late.share), Some(late.limit), verdict, note.into())
}

/// The publisher's lateness against the latencies.
struct Late {
    /// The share of the latency that is judged: at the median, or in the tail (p99, or p90 where only that has support)
    /// where that is what warns.
    share: f64,
    /// From where on it is too much.
    limit: f64,
    verdict: Verdict,
    /// At the median and in the tail the machine is about as late with any thread.
    is_platform: bool,
}

impl Late {
    fn of(measured: &Measured) -> Option<Self> {
        let at = |of: fn(&Summary) -> Option<u64>, excused_ns: f64| {
            let of = |summary| of(summary).map(|nanoseconds| nanoseconds as f64);
            let (late, latency) = (of(&measured.lateness_ns)?, of(&measured.latency_ns)?);
            Some((late / latency, late > excused_ns.max(PLATFORM * of(&measured.hiccup_ns)?)))
        };
        let median = at(|summary| summary.p50, 0.0)?;
        let tail = at(|summary| summary.p99, WAKE_NS).or_else(|| at(|summary| summary.p90, WAKE_NS)).unwrap_or(median);
        let is_platform = !median.1 && !tail.1;
        let (share, limit, verdict) = match (median, tail) {
            ((share, true), _) if share > LATENESS[1] => (share, LATENESS[0], Verdict::Invalid),
            ((share, true), _) if share > LATENESS[0] => (share, LATENESS[0], Verdict::Warn),
            // The tail of a few hundred events is made by one or two stalls, which are the machine's more often than
            // not.
            (_, (share, true)) if share > LATENESS[1] => (share, LATENESS[1], Verdict::Warn),
            ((share, _), _) => (share, LATENESS[0], Verdict::Pass),
        };
        Some(Self { share, limit, verdict, is_platform })
    }
}

/// How much smaller the tail would look, had latency been counted from the sending.
pub(super) fn omission_gap(measured: &Measured, evidence: &Evidence) -> Check {
    let (Some(gap), Some(late)) = (evidence.omission_gap, Late::of(measured)) else {
        return nothing("omission-gap", "too few events to tell");
    };
    let (verdict, note) = match gap {
        gap if gap <= OMISSION_WARN => (Verdict::Pass, "late publishing adds little to the tail"),
        _ if late.is_platform => {
            (Verdict::Pass, "late publishing adds to the tail what this machine adds to any sleep")
        }
        _ if late.verdict > Verdict::Pass => (Verdict::Pass, "late publishing adds to the tail, as lateness says"),
        _ => {
            let note = "part of the tail is late publishing, which counting from the sending would have hidden: leave \
                        the machine alone, or lower the load";
            (Verdict::Warn, note)
        }
    };
    check("omission-gap", Some(gap), Some(OMISSION_WARN), verdict, note.into())
}

/// How late the machine wakes a thread that does nothing else, against the tail that was measured.
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

/// What the machine gave to others. Pressure is printed and not judged, since this trial's own threads make most of it.
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

/// A load generator that waits for a processor measures its own queue.
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
    let bytes = measured.wire.server_to_client_bytes;
    let per_byte = if bytes > 0 { format!(", {:.1} ns per byte", cpu_us * 1e3 / bytes as f64) } else { String::new() };
    format!("{:.1} µs per delivery{per_byte}", cpu_us / measured.events.arrived.max(1) as f64)
}

/// A server that waits for a processor is overloaded, which is a result: the row is labelled, and stays.
pub(super) fn server_saturation(measured: &Measured, evidence: &Evidence) -> Check {
    let cpu = measured.cpu;
    let Saturation { worst, .. } = saturation(measured, evidence, cpu.server_us, cpu.server_wait_us);
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

/// A share with its verdict, and the limit that it is nearest to or beyond.
struct Graded {
    value: f64,
    limit: f64,
    verdict: Verdict,
}

fn graded(value: f64, limits: [f64; 2]) -> Graded {
    Graded { value, limit: limits[0], verdict: verdict_of(value, limits) }
}

/// The worse of two signs: CPU time over all there was, and threads that waited for some.
struct Saturation {
    worst: Graded,
    /// The worse one is the CPU time.
    is_busy: bool,
}

fn saturation(measured: &Measured, evidence: &Evidence, cpu_us: u64, wait_us: u64) -> Saturation {
    let available_us = measured.window.measure_ms as f64 * 1_000.0 * f64::from(evidence.processors);
    let busy = graded(cpu_us as f64 / available_us, BUSY);
    let waiting = graded(wait_us as f64 / available_us, WAITING);
    let is_busy = (busy.verdict, busy.value / busy.limit) >= (waiting.verdict, waiting.value / waiting.limit);
    Saturation { worst: if is_busy { busy } else { waiting }, is_busy }
}
