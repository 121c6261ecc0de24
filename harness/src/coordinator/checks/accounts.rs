//! Checks that everything was present and counted. None of these counts may be above 0.

use approaches::registry::Delivery;
use results::schema::{Check, Measured, Verdict};
use scenario::plan::Trial;

use super::form::{NOT_REPORTED, check, none_of, nothing};
use crate::{agent::panics::Panics, coordinator::evidence::Evidence, host::environment};

/// Clock sources that are steady, the same on every core, and finer than a microsecond.
const STEADY_CLOCKS: &[&str] = &[
    "tsc",
    "kvm-clock",
    "xen",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "timebase",
    "riscv_clocksource",
    "hpet",
    "acpi_pm",
];

pub(super) fn manifest(measured: &Measured) -> Check {
    let (expected, arrived) = (measured.events.expected, measured.event_median_ns.count);
    let empty = u64::from(expected == 0) + u64::from(arrived == 0);
    none_of("manifest", empty, "there is something to judge", || {
        format!(
            "{expected} deliveries were expected, and {arrived} events arrived anywhere: nothing can be said; lengthen \
             window.measure, or raise load.events_per_second"
        )
    })
}

pub(super) fn clients(measured: &Measured, evidence: &Evidence) -> Check {
    let lost = measured.clients.lost;
    let fine = match evidence.refused_connections {
        Some(0) => "every client was there to the end, and no listen queue was ever full",
        _ => "every client was there to the end; the system does not say whether a listen queue was full",
    };
    let lost = none_of("clients", lost.into(), fine, || {
        format!("{lost} clients were lost: the reason of the first is given; lower the load, or look at the server")
    });
    match evidence.refused_connections {
        Some(refused_connections) if refused_connections > 0 && lost.verdict == Verdict::Pass => {
            let note = format!(
                "{refused_connections} connections were turned away by a full listen queue, and tried again a second later: raise \
                 net.core.somaxconn, or stop what else connects on this machine"
            );
            Check { verdict: Verdict::Warn, note, ..lost }
        }
        _ => lost,
    }
}

pub(super) fn delivery(trial: &Trial, measured: &Measured) -> Check {
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

pub(super) fn skipped_slots(measured: &Measured) -> Check {
    let events = measured.events;
    let Some(published) = events.published else { return nothing("skipped-slots", NOT_REPORTED) };
    let skipped = events.scheduled.abs_diff(published);
    none_of("skipped-slots", skipped, "every scheduled event was published", || {
        format!(
            "{} of {} scheduled events were published: the publisher broke its schedule, which is a bug; report it",
            published, events.scheduled
        )
    })
}

pub(super) fn histogram(measured: &Measured, evidence: &Evidence) -> Check {
    let kept = measured.latency_ns.count + evidence.out_of_range + evidence.negative;
    let wrong = kept.abs_diff(measured.events.delivered) + evidence.out_of_range;
    none_of("histogram", wrong, "the histogram holds every delivery", || {
        format!(
            "{} samples for {} deliveries: the recorder lost some, or some took over an hour",
            measured.latency_ns.count, measured.events.delivered
        )
    })
}

pub(super) fn orders(evidence: &Evidence) -> Check {
    let Evidence { orders, unconfirmed, .. } = evidence;
    none_of("orders", *unconfirmed, "every order was confirmed", || {
        format!(
            "{unconfirmed} of {orders} orders were not confirmed before the drain ended: lengthen it, or lower the load"
        )
    })
}

pub(super) fn disturbances(measured: &Measured) -> Check {
    let (errors, resets) = (measured.responses.errors, measured.resets);
    let (reconnects, overflows) = (measured.reconnects, measured.overflows.unwrap_or_default());
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

/// Checks that no thread or task of a server or worker panicked.
pub(super) fn tasks(evidence: &Evidence) -> Check {
    let Panics { count, first } = &evidence.panics;
    none_of("tasks", *count, "no thread and no task panicked", || {
        let first = first.as_deref().unwrap_or("without a message");
        format!("{count} threads or tasks panicked, the first with: {first}; this is a bug, report it")
    })
}

/// Checks that every requested fault happened. Otherwise it proves nothing.
pub(super) fn faults(evidence: &Evidence) -> Check {
    let fine = if evidence.faults == 0 { "no fault was asked for" } else { "every fault that was asked for happened" };
    none_of("faults", evidence.not_injected.len() as u64, fine, || {
        let keys: Vec<String> = evidence.not_injected.iter().map(|key| format!("faults.{key}")).collect();
        format!("asked for, but it never happened: {}; see docs/format.md for when it would", keys.join(", "))
    })
}

pub(super) fn clock(evidence: &Evidence) -> Check {
    let source = evidence.clocksource.as_str();
    let early = evidence.negative + evidence.early_confirmations;
    // A system that does not say which it has is believed, and told so.
    let is_unsaid = source == environment::UNKNOWN;
    let unsteady = u64::from(!is_unsaid && !STEADY_CLOCKS.contains(&source));
    let fine = if is_unsaid {
        "no event arrived before it was due; the system does not name its clock source"
    } else {
        "a steady clock source, and no event arrived before it was due"
    };
    none_of("clock", early + unsteady, fine, || {
        if unsteady > 0 {
            format!(
                "the kernel's clock source `{source}` is not known to be steady: use a machine with tsc or kvm-clock"
            )
        } else {
            format!("{early} arrivals came before they were due: the clocks of the processes differ")
        }
    })
}
