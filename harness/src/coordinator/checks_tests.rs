//! Each check fires for its own fault and for no other.

use reports::{
    schema::{Clients, Connect, Cpu, EmptyTheory, Events, Memory, Responses, Summary, Window, Wire},
    statistics::{new_histogram, summarise},
};

use super::*;
use crate::{plan, scenario};

fn trial(approach: &str) -> Trial {
    let overrides = [format!("approaches=[\"{approach}\"]")];
    let smoke = scenario::load("smoke".as_ref(), &overrides).expect("the tool carries it");
    plan::trials(&smoke.scenario, 20_000).expect("it plans").swap_remove(0)
}

/// Fifty samples of about this value.
fn summary(value_ns: u64) -> Summary {
    let mut histogram = new_histogram();
    (0..50).for_each(|extra| histogram.record(value_ns + extra).expect("within the layout"));
    summarise(&histogram, 50)
}

/// A trial without fault.
fn measured() -> Measured {
    let empty_theory = Some(EmptyTheory { responses: 100, observed: 40, probability: 0.4, standard_deviation: 5.0 });
    Measured {
        clients: Clients { requested: 20, connected: 20, lost: 0 },
        connect: Connect { seconds: 0.1 },
        window: Window { warmup_ms: 1_000, measure_ms: 5_000, drain_ms: 1_000 },
        events: Events { scheduled: 50, published: 50, expected: 50, delivered: 50, arrived: 50, ..Events::default() },
        responses: Responses { empty_theory, ..Responses::default() },
        requests: 0,
        connections_opened: 0,
        reconnects: 0,
        resets: 0,
        overflows: 0,
        wire: Wire::default(),
        latency_ns: summary(300_000),
        lateness_ns: summary(50_000),
        time_to_last_ns: summary(300_000),
        confirmation_ns: None,
        poll_lateness_ns: None,
        cpu: Cpu { server_us: 1, client_us: 1, server_us_per_event: None, client_us_per_event: None },
        memory: Memory {
            server_rss_bytes: 0,
            client_rss_bytes: 0,
            server_peak_bytes: 0,
            client_peak_bytes: 0,
            server_bytes_per_client: 0,
            client_bytes_per_client: 0,
        },
        checks: Vec::new(),
    }
}

/// The checks that do not pass, with their verdicts.
fn fired(approach: &str, fault: impl Fn(&mut Measured, &mut Anomalies)) -> Vec<(String, Verdict)> {
    let (mut measured, mut anomalies) = (measured(), Anomalies { orders: 10, ..Anomalies::default() });
    fault(&mut measured, &mut anomalies);
    let checks = all(&trial(approach), &measured, anomalies);
    checks.into_iter().filter(|check| check.verdict != Verdict::Pass).map(|check| (check.id, check.verdict)).collect()
}

fn assert_only(id: &str, verdict: Verdict, fault: impl Fn(&mut Measured, &mut Anomalies)) {
    assert_eq!(fired("short-poll", fault), [(id.to_owned(), verdict)]);
}

#[test]
fn nothing_fires_without_a_fault() {
    assert_eq!(fired("short-poll", |_, _| {}), []);
    assert_eq!(fired("sse", |_, _| {}), []);
}

#[test]
fn a_lost_client_fires_clients() {
    assert_only("clients", Verdict::Invalid, |measured, _| measured.clients.lost = 1);
}

#[test]
fn each_kind_of_wrong_event_fires_delivery() {
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.missed = 1);
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.duplicate = 1);
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.reordered = 1);
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.corrupt = 1);
}

#[test]
fn late_publishing_fires_lateness_by_how_late_it_is() {
    assert_only("lateness", Verdict::Warn, |measured, _| measured.lateness_ns = summary(200_000));
    assert_only("lateness", Verdict::Invalid, |measured, _| {
        measured.lateness_ns = summary(20_000_000);
        measured.latency_ns = summary(21_000_000);
    });
}

#[test]
fn an_unpublished_event_fires_skipped_slots() {
    assert_only("skipped-slots", Verdict::Invalid, |measured, _| measured.events.published = 49);
}

#[test]
fn empties_that_theory_does_not_explain_fire_the_oracle() {
    let observe = |observed| {
        move |measured: &mut Measured, _: &mut Anomalies| {
            measured.responses.empty_theory.as_mut().expect("there is one").observed = observed;
        }
    };
    assert_only("empties-oracle", Verdict::Invalid, observe(61));
    assert_only("empties-oracle", Verdict::Invalid, observe(19));
    assert_eq!(fired("short-poll", observe(60)), []);
    let pushed = fired("sse", |measured, _| measured.responses.empty = 1);
    assert_eq!(pushed, [("empties-oracle".to_owned(), Verdict::Invalid)]);
}

#[test]
fn an_arrival_before_its_time_fires_clock() {
    assert_only("clock", Verdict::Invalid, |measured, anomalies| {
        anomalies.negative = 1;
        measured.events.delivered += 1;
    });
}

#[test]
fn a_truncated_histogram_fires_histogram() {
    assert_only("histogram", Verdict::Invalid, |measured, _| measured.latency_ns.count -= 1);
}

#[test]
fn an_unconfirmed_order_fires_orders() {
    assert_only("orders", Verdict::Invalid, |_, anomalies| anomalies.unconfirmed = 1);
}

#[test]
fn clients_that_had_to_come_back_fire_disturbances() {
    assert_only("disturbances", Verdict::Warn, |measured, _| measured.reconnects = 1);
    assert_only("disturbances", Verdict::Warn, |measured, _| measured.overflows = 1);
}

#[test]
fn a_busy_load_generator_fires_client_saturation() {
    let all_us = 5_000_000 * u64::from(environment::cores());
    assert_only("client-saturation", Verdict::Warn, |measured, _| measured.cpu.client_us = all_us * 85 / 100);
    assert_only("client-saturation", Verdict::Invalid, |measured, _| measured.cpu.client_us = all_us * 95 / 100);
}
