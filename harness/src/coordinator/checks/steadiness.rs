//! Checks that everything ran all the time and that latencies were steady: pauses of processes, stalls of deliveries, and
//! trends.

use results::schema::{Check, Measured, Verdict};

use super::form::{check, nothing, verdict_of};
use crate::coordinator::{
    evidence::{Evidence, Pauses},
    stall::Stall,
    trend::WarmUp,
};

/// Milliseconds for which a process could not run. On a busy machine a thread may wait for tens of milliseconds. A
/// pause that is ten times as long affects the p90 of a window of two seconds, and no process can tell what happened
/// meanwhile.
const PAUSE_MS: [f64; 2] = [50.0, 200.0];
/// Milliseconds without any delivery. On a machine where other processes used every core, the worst of twelve trials
/// was 127 ms.
const STALL_MS: [f64; 2] = [100.0, 500.0];
/// The same as multiples of the median latency: a poll may bring nothing for twice the median, and an overloaded server
/// delivers late but all the time.
const STALL_MEDIANS: [f64; 2] = [5.0, 10.0];
/// A pause explains a stall if it lasts for more than this share of it.
const EXPLAINED: f64 = 0.5;
/// Change of the median from the first half of the window to the second: half as much again as 99 of 100 trials of the
/// scenario a-a read.
const DRIFT_WARN: f64 = 0.75;
/// Probability of a trend by chance.
const TREND: f64 = 0.001;
/// A change by more than this factor warns even if there are too few observations to test for a trend.
const LARGE: f64 = 4.0;
/// With fewer independent observations the test for a trend cannot find one.
const FEW: u64 = 40;

/// Checks that each process ran through the whole window. A process that did not cannot know what it missed.
pub(super) fn pause(evidence: &Evidence) -> Check {
    let Pauses { server_ns, worker_ns, coordinator_ns } = evidence.pauses;
    let processes = [("a server", server_ns), ("the load generator", worker_ns), ("the coordinator", coordinator_ns)];
    let longest_ms = processes.map(|(_, pause_ns)| milliseconds(pause_ns)).into_iter().fold(0.0, f64::max);
    let verdict = verdict_of(longest_ms, PAUSE_MS);
    let paused: Vec<String> = processes
        .iter()
        .filter(|(_, pause_ns)| milliseconds(*pause_ns) > PAUSE_MS[0])
        .map(|(process, pause_ns)| format!("{process} for {:.0} ms", milliseconds(*pause_ns)))
        .collect();
    let note = if paused.is_empty() {
        "every process ran through the whole window".into()
    } else {
        format!(
            "did not run in the window: {}; what happened meanwhile was seen late or not at all; leave the processes and \
             the machine alone",
            paused.join(", ")
        )
    };
    check("pause", Some(longest_ms), Some(PAUSE_MS[0]), verdict, note)
}

/// Checks that deliveries never stood still while published events were owed. A slow server, or one that is polled,
/// delivers late but all the time.
pub(super) fn stall(measured: &Measured, evidence: &Evidence) -> Check {
    let (Some(Stall { length_ns, events, until_ns }), Some(median_ns)) = (evidence.stall, measured.event_median_ns.p50)
    else {
        return nothing("stall", "too few events to tell");
    };
    let (length_ms, median_ms) = (milliseconds(length_ns), milliseconds(median_ns));
    let limits = [0, 1].map(|grade| STALL_MS[grade].max(STALL_MEDIANS[grade] * median_ms));
    let until_s = until_ns as f64 / 1e9;
    let Pauses { server_ns, worker_ns, .. } = evidence.pauses;
    let is_explained = server_ns.max(worker_ns) as f64 > EXPLAINED * length_ns as f64;
    let (verdict, note) = match verdict_of(length_ms, limits) {
        Verdict::Pass => (Verdict::Pass, "whenever events waited, some were delivered".into()),
        // A warning would only repeat what invalidates the trial.
        _ if is_explained && pause(evidence).verdict > Verdict::Pass => {
            (Verdict::Pass, "deliveries stood still while a process did, as pause says".into())
        }
        verdict => {
            let note = format!(
                "nothing was delivered for {length_ms:.0} ms until {until_s:.2} s after the start, while {events} events \
                 waited: the machine, or the server, stood still; {}; use a quieter machine, or look at the server",
                punctuality(measured)
            );
            (verdict, note)
        }
    };
    check("stall", Some(length_ms), Some(limits[0]), verdict, note)
}

/// Says how late the publisher and the sleeper were at most, which tells a stalled machine from a stalled delivery.
fn punctuality(measured: &Measured) -> String {
    let latest = |of: Option<u64>| milliseconds(of.unwrap_or_default());
    let (publisher, sleeper) =
        (latest(measured.lateness_ns.as_ref().and_then(|lateness| lateness.max)), latest(measured.hiccup_ns.max));
    format!("the publisher was at most {publisher:.1} ms late meanwhile, a thread that only sleeps {sleeper:.1} ms")
}

/// Checks whether the latencies were still changing when the window opened.
pub(super) fn warm_up(evidence: &Evidence) -> Check {
    let Some(WarmUp { change, probability, observations }) = evidence.warm_up else {
        return nothing("warm-up", "too few events to tell");
    };
    let factor = (1.0 + change).max(1.0 / (1.0 + change));
    let (verdict, note) = if factor > 1.0 + DRIFT_WARN && probability < TREND {
        let note = "the latencies change through the window: lengthen window.warmup, or look for what grows";
        (Verdict::Warn, note.into())
    } else if factor > LARGE && observations < FEW {
        let note = format!(
            "the median of one half of the window is {factor:.1} times the other's, and {observations} independent \
             events are too few to test a trend: lengthen window.measure, or look for what stalled"
        );
        (Verdict::Warn, note)
    } else {
        (Verdict::Pass, "no trend in the window that chance does not explain".into())
    };
    check("warm-up", Some(change), Some(DRIFT_WARN), verdict, note)
}

/// Reports whether clients that subscribed first are served first. It never fails.
pub(super) fn position(evidence: &Evidence) -> Check {
    let Some(correlation) = evidence.position else { return nothing("position", "no event has two receivers") };
    let note = "correlation of the order of subscription with the order of arrival; said, and not judged";
    check("position", Some(correlation), None, Verdict::Pass, note.into())
}

fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
