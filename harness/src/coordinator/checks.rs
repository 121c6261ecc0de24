//! Verdicts on the numbers of a trial. Pure: they look at what was measured and at nothing else.

use reports::schema::{Check, Measured, Status, Verdict};

use crate::{
    environment,
    plan::Trial,
    registry::{Delivery, Flow},
};

/// Share of the latency that the publisher's lateness may have. Waking a thread takes about 50 µs on a virtual machine of
/// two cores that is idle, a fifth of the floor's median, and more when others use it: beyond this share the figure is
/// the machine's and not the approach's.
const LATENESS_LIMIT: f64 = 0.5;
/// No machine that could be measured on wakes a thread this late at the median: the publisher cannot keep up.
const LATE_NS: u64 = 1_000_000;
/// Distance from theory that chance does not explain, in standard deviations.
const THEORY_LIMIT: f64 = 4.0;

/// Share of all processors from which on the load generator may delay what it measures.
const SATURATION_WARN: f64 = 0.8;
/// Share from which on it does.
const SATURATION_INVALID: f64 = 0.9;

/// What a worker counted that is no result, but says whether the results are ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Anomalies {
    pub(super) negative: u64,
    pub(super) out_of_range: u64,
    pub(super) orders: u64,
    pub(super) unconfirmed: u64,
}

/// All checks of one trial.
pub(super) fn all(trial: &Trial, measured: &Measured, anomalies: Anomalies) -> Vec<Check> {
    vec![
        clients(measured),
        delivery(trial, measured),
        lateness(measured),
        skipped_slots(measured),
        empties(trial, measured),
        clock(anomalies),
        histogram(measured, anomalies),
        orders(anomalies),
        disturbances(measured),
        client_saturation(measured),
    ]
}

/// The outcome that the checks leave, and why where it is not `ok`.
pub(super) fn status(checks: &[Check]) -> (Status, Option<String>) {
    let failed: Vec<String> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Invalid)
        .map(|check| format!("{}: {}", check.id, check.note))
        .collect();
    if failed.is_empty() { (Status::Ok, None) } else { (Status::Invalid, Some(failed.join("; "))) }
}

fn clients(measured: &Measured) -> Check {
    let lost = measured.clients.lost;
    none_of("clients", lost.into(), "every client was there to the end", || {
        format!("{lost} clients were lost: the reason of the first is given; lower the load, or look at the server")
    })
}

fn delivery(trial: &Trial, measured: &Measured) -> Check {
    let events = measured.events;
    let wrong = events.missed + events.duplicate + events.reordered + events.corrupt;
    let fine = match trial.approach.facts.delivery {
        Delivery::Log => "every event arrived once, in order, unchanged",
        Delivery::Snapshot => "every state that was not overtaken arrived once, in order, unchanged",
    };
    none_of("delivery", wrong, fine, || {
        format!(
            "missed {}, duplicate {}, reordered {}, corrupt {}: the load is more than this machine delivers, the \
             drain is too short, or the server lost track",
            events.missed, events.duplicate, events.reordered, events.corrupt
        )
    })
}

fn lateness(measured: &Measured) -> Check {
    let (late, latency) = (&measured.lateness_ns, &measured.latency_ns);
    let share = |late: Option<u64>, latency: Option<u64>| Some(late? as f64 / latency? as f64);
    let median = share(late.p50, latency.p50);
    let worst = median.into_iter().chain(share(late.p99, latency.p99)).reduce(f64::max);
    let is_platform = worst.is_some_and(|worst| worst > LATENESS_LIMIT);
    let is_publisher = median.is_some_and(|median| median > LATENESS_LIMIT) && late.p50 > Some(LATE_NS);
    let (verdict, note) = if is_publisher {
        (
            Verdict::Invalid,
            "most of the latency is the publisher's own lateness: leave the machine alone, or lower the load",
        )
    } else if is_platform {
        let note = "platform-limited: most of the latency, at the median or at p99, is how late this machine wakes a \
                    thread and not the approach; compare within this run only, or use an idle machine";
        (Verdict::Warn, note)
    } else {
        (Verdict::Pass, "events were published when they were due")
    };
    check("lateness", worst, Some(LATENESS_LIMIT), verdict, note.into())
}

fn skipped_slots(measured: &Measured) -> Check {
    let events = measured.events;
    let skipped = events.scheduled.abs_diff(events.published);
    none_of("skipped-slots", skipped, "every scheduled event was published", || {
        format!("{} of {} scheduled events were published", events.published, events.scheduled)
    })
}

fn empties(trial: &Trial, measured: &Measured) -> Check {
    let responses = measured.responses;
    if trial.approach.facts.flow == Flow::Push {
        let note = "a server that pushes sent nothing empty";
        return none_of("empties-oracle", responses.empty, note, || format!("{} empty messages", responses.empty));
    }
    let Some(theory) = responses.empty_theory else {
        return check("empties-oracle", None, None, Verdict::Pass, "no theory for these arrivals".into());
    };
    if theory.responses == 0 {
        let note = "the run is shorter than a hold, so none could time out";
        return none_of("empties-oracle", responses.timed_out, note, || {
            format!("{} holds timed out in a run that is shorter than a hold", responses.timed_out)
        });
    }
    let expected = theory.responses as f64 * theory.probability;
    // A count is a whole number: half a response either way is no deviation.
    let distance = ((theory.observed as f64 - expected).abs() - 0.5).max(0.0) / theory.standard_deviation.max(1e-9);
    let verdict = if distance > THEORY_LIMIT { Verdict::Invalid } else { Verdict::Pass };
    let note = format!("{} of {} responses were empty, theory says {expected:.0}", theory.observed, theory.responses);
    check("empties-oracle", Some(distance), Some(THEORY_LIMIT), verdict, note)
}

fn clock(anomalies: Anomalies) -> Check {
    none_of("clock", anomalies.negative, "no event arrived before it was due", || {
        format!("{} events arrived before they were due: the clocks of the processes differ", anomalies.negative)
    })
}

fn histogram(measured: &Measured, anomalies: Anomalies) -> Check {
    let kept = measured.latency_ns.count + anomalies.out_of_range + anomalies.negative;
    let wrong = kept.abs_diff(measured.events.delivered) + anomalies.out_of_range;
    let empty = u64::from(measured.latency_ns.count == 0);
    none_of("histogram", wrong + empty, "the histogram holds every delivery", || {
        format!("{} samples for {} deliveries", measured.latency_ns.count, measured.events.delivered)
    })
}

fn orders(anomalies: Anomalies) -> Check {
    let Anomalies { orders, unconfirmed, .. } = anomalies;
    none_of("orders", unconfirmed, "every order was confirmed", || {
        format!(
            "{unconfirmed} of {orders} orders were not confirmed before the drain ended: lengthen it, or lower the load"
        )
    })
}

fn disturbances(measured: &Measured) -> Check {
    let (errors, resets) = (measured.responses.errors, measured.resets);
    let (reconnects, overflows) = (measured.reconnects, measured.overflows);
    let count = errors + resets + reconnects + overflows;
    let (verdict, note) = if count == 0 {
        (Verdict::Pass, "no client was cut off, refused or left behind".into())
    } else {
        let note = format!(
            "errors {errors}, reconnects {reconnects}, resets {resets}, overflows {overflows}: the server or the machine \
             was overloaded and the clients came back; lower the load, or raise limits.queue_events"
        );
        (Verdict::Warn, note)
    };
    check("disturbances", Some(count as f64), Some(0.0), verdict, note)
}

fn client_saturation(measured: &Measured) -> Check {
    let available_us = measured.window.measure_ms as f64 * 1_000.0 * f64::from(environment::cores());
    let share = measured.cpu.client_us as f64 / available_us;
    let verdict = match share {
        share if share > SATURATION_INVALID => Verdict::Invalid,
        share if share > SATURATION_WARN => Verdict::Warn,
        _ => Verdict::Pass,
    };
    let note = match verdict {
        Verdict::Pass => "the load generator had processor time to spare",
        Verdict::Warn | Verdict::Invalid => {
            "the load generator took most of the processors, so that its own queues are measured: use fewer clients or \
             events, or more cores"
        }
    };
    check("client-saturation", Some(share), Some(SATURATION_WARN), verdict, note.into())
}

/// A check that any count above 0 fails.
fn none_of(id: &str, count: u64, fine: &str, wrong: impl FnOnce() -> String) -> Check {
    let (verdict, note) = if count == 0 { (Verdict::Pass, fine.into()) } else { (Verdict::Invalid, wrong()) };
    check(id, Some(count as f64), Some(0.0), verdict, note)
}

fn check(id: &str, value: Option<f64>, threshold: Option<f64>, verdict: Verdict, note: String) -> Check {
    Check { id: id.into(), value, threshold, verdict, note }
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
