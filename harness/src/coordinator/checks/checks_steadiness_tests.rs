//! The checks for pauses, stalls and trends fire for their own faults and for no others.

use results::schema::{Measured, Verdict};

use super::{
    fixture::{evidence, summary},
    tests::{assert_only, fired},
    *,
};
use crate::coordinator::{evidence::Evidence, stall::Stall, trend::WarmUp};

#[test]
fn latencies_that_grow_through_the_window_fire_warm_up() {
    let trend = |change, probability, observations| {
        move |_: &mut Measured, evidence: &mut Evidence| {
            evidence.warm_up = Some(WarmUp { change, probability, observations });
        }
    };
    assert_only("warm-up", Verdict::Warn, trend(0.9, 1e-9, 100));
    assert_only("warm-up", Verdict::Warn, trend(-0.6, 1e-9, 100));
    assert_eq!(fired("short-poll", trend(0.9, 0.01, 100)), []);
    assert_eq!(fired("short-poll", trend(0.01, 1e-9, 100)), []);
    // With eight independent observations, a test for a trend never finds one, however large the change is.
    assert_only("warm-up", Verdict::Warn, trend(1_491.0, 0.2, 8));
    assert_only("warm-up", Verdict::Warn, trend(-0.9, 0.2, 8));
    assert_eq!(fired("short-poll", trend(2.0, 0.2, 8)), []);
}

#[test]
fn a_paused_process_fires_pause_and_is_named() {
    assert_only("pause", Verdict::Warn, |_, evidence| evidence.pauses.server_ns = 60_000_000);
    assert_only("pause", Verdict::Invalid, |_, evidence| evidence.pauses.server_ns = 300_000_000);
    assert_only("pause", Verdict::Invalid, |_, evidence| evidence.pauses.worker_ns = 1_000_000_000);
    assert_only("pause", Verdict::Invalid, |_, evidence| evidence.pauses.coordinator_ns = 300_000_000);
    assert_eq!(fired("sse", |_, evidence| evidence.pauses.worker_ns = 40_000_000), []);
    let mut paused = evidence();
    paused.pauses.worker_ns = 1_000_000_000;
    let note = steadiness::pause(&paused).note;
    assert!(note.contains("the load generator for 1000 ms") && !note.contains("server"), "{note}");
}

#[test]
fn a_standstill_of_deliveries_fires_stall() {
    let stalled = |milliseconds: u64| {
        move |_: &mut Measured, evidence: &mut Evidence| {
            evidence.stall = Some(Stall { length_ns: milliseconds * 1_000_000, events: 9, until_ns: 3_000_000_000 });
        }
    };
    assert_eq!(fired("sse", stalled(90)), []);
    assert_only("stall", Verdict::Warn, stalled(130));
    assert_only("stall", Verdict::Invalid, stalled(1_570));
    assert_eq!(fired("sse", |_, evidence| evidence.stall = None), [], "the note says so");
}

#[test]
fn an_empty_poll_or_an_explained_pause_is_not_a_stall() {
    let slow = |milliseconds: u64| {
        move |measured: &mut Measured, evidence: &mut Evidence| {
            // Polls every second have a median latency of half a second, and Little's law holds.
            measured.latency_ns = summary(500_000_000);
            measured.event_median_ns = summary(500_000_000);
            evidence.in_flight_ns = 400.0 * 500_000_200.0;
            evidence.stall = Some(Stall { length_ns: milliseconds * 1_000_000, events: 9, until_ns: 3_000_000_000 });
        }
    };
    assert_eq!(fired("short-poll", slow(1_000)), []);
    assert_only("stall", Verdict::Warn, slow(3_000));
    assert_only("stall", Verdict::Invalid, slow(6_000));
    assert_only("pause", Verdict::Invalid, |_, evidence| {
        evidence.stall = Some(Stall { length_ns: 1_000_000_000, events: 9, until_ns: 3_000_000_000 });
        evidence.pauses.worker_ns = 1_000_000_000;
    });
}

#[test]
fn figures_missing_from_the_server_fire_no_check() {
    let silent = |measured: &mut Measured, _: &mut Evidence| {
        measured.events.published = None;
        measured.overflows = None;
        measured.lateness_ns = None;
        (measured.cpu.server_us, measured.cpu.server_wait_us) = (None, None);
    };
    assert_eq!(fired("sse", silent), []);
}
