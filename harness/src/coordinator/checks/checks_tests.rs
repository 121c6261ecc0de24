//! Each check fires for its own fault and for no other.

use results::{
    schema::{Events, Measured, Summary, Verdict},
    statistics::{new_histogram, summarise},
};

use super::{
    fixture::{LATENCY_NS, PROCESSORS, evidence, measured, polls, summary},
    *,
};
use crate::{agent::panics::Panics, coordinator::evidence::Evidence, host::environment::UNKNOWN};

/// Returns the checks that do not pass, with their verdicts.
pub(super) fn fired(approach: &str, fault: impl Fn(&mut Measured, &mut Evidence)) -> Vec<(String, Verdict)> {
    let (mut measured, mut evidence) = (measured(), evidence());
    fault(&mut measured, &mut evidence);
    let checks = all(&crate::fixture::trial(approach, &[]), &measured, &evidence);
    let wordless = checks.iter().find(|check| check.verdict != Verdict::Pass && !check.note.contains(": "));
    assert_eq!(wordless, None, "a verdict names its cause and a remedy");
    checks.into_iter().filter(|check| check.verdict != Verdict::Pass).map(|check| (check.id, check.verdict)).collect()
}

pub(super) fn assert_only(id: &str, verdict: Verdict, fault: impl Fn(&mut Measured, &mut Evidence)) {
    assert_eq!(fired("short-poll", fault), [(id.to_owned(), verdict)]);
}

#[test]
fn no_check_fires_without_a_fault() {
    assert_eq!(fired("short-poll", |_, _| {}), []);
    assert_eq!(fired("sse", |_, _| {}), []);
}

#[test]
fn a_window_without_events_fires_manifest() {
    assert_only("manifest", Verdict::Invalid, |measured, evidence| {
        measured.events = Events::default();
        measured.event_median_ns = summarise(&new_histogram(), 0);
        measured.latency_ns = summarise(&new_histogram(), 0);
        evidence.in_flight_ns = 0.0;
    });
}

#[test]
fn a_lost_client_fires_clients() {
    assert_only("clients", Verdict::Invalid, |measured, _| measured.clients.lost = 1);
}

#[test]
fn clients_names_a_full_listen_queue() {
    assert_only("clients", Verdict::Warn, |_, evidence| evidence.refused_connections = Some(1));
    assert_only("clients", Verdict::Invalid, |measured, evidence| {
        measured.clients.lost = 1;
        evidence.refused_connections = Some(1);
    });
    assert_eq!(fired("sse", |_, evidence| evidence.refused_connections = None), [], "the note says so");
}

#[test]
fn each_kind_of_wrong_event_fires_delivery() {
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.missed = 1);
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.duplicate = 1);
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.reordered = 1);
    assert_only("delivery", Verdict::Invalid, |measured, _| measured.events.corrupt = 1);
}

#[test]
fn an_unpublished_event_fires_skipped_slots() {
    assert_only("skipped-slots", Verdict::Invalid, |measured, _| measured.events.published = Some(399));
}

#[test]
fn a_truncated_histogram_fires_histogram() {
    assert_only("histogram", Verdict::Invalid, |measured, _| measured.latency_ns.count -= 1);
    assert_only("histogram", Verdict::Invalid, |_, evidence| evidence.out_of_range = 1);
}

#[test]
fn an_unconfirmed_order_fires_orders() {
    assert_only("orders", Verdict::Invalid, |_, evidence| evidence.unconfirmed = 1);
}

#[test]
fn reconnected_clients_fire_disturbances() {
    assert_only("disturbances", Verdict::Warn, |measured, _| measured.reconnects = 1);
    assert_only("disturbances", Verdict::Warn, |measured, _| measured.overflows = Some(1));
}

#[test]
fn an_arrival_before_publication_or_an_unsteady_clock_fires_clock() {
    assert_only("clock", Verdict::Invalid, |measured, evidence| {
        evidence.negative = 1;
        measured.events.delivered += 1;
    });
    assert_only("clock", Verdict::Invalid, |_, evidence| evidence.early_confirmations = 1);
    assert_only("clock", Verdict::Invalid, |_, evidence| evidence.clocksource = "jiffies".into());
    assert_eq!(fired("sse", |_, evidence| evidence.clocksource = UNKNOWN.into()), [], "the note says so");
}

#[test]
fn gaps_that_are_not_exponential_fire_arrivals() {
    assert_only("arrivals", Verdict::Warn, |_, evidence| evidence.arrivals = Some(20.0));
}

#[test]
fn polls_in_step_fire_poll_phase() {
    assert_only("poll-phase", Verdict::Invalid, |_, evidence| evidence.poll_phase = Some(20.0));
}

#[test]
fn unplanned_polls_fire_polls() {
    assert_only("polls", Verdict::Invalid, |measured, _| measured.requests = 20 * 100);
    assert_only("polls", Verdict::Invalid, |measured, _| measured.poll_lateness_ns = Some(polls(900, 30_000)));
    assert_only("polls", Verdict::Warn, |measured, _| measured.poll_lateness_ns = Some(polls(900, 50_000_000)));
    // A client requests a snapshot of each of its two symbols separately.
    assert_eq!(fired("conditional-get", |measured, _| measured.requests = 2 * 20 * 50), []);
}

#[test]
fn empty_responses_that_theory_does_not_explain_fire_empties_oracle() {
    let observe = |observed| {
        move |measured: &mut Measured, _: &mut Evidence| {
            measured.responses.empty_theory.as_mut().expect("polls have a theory").observed = observed;
        }
    };
    assert_only("empties-oracle", Verdict::Invalid, observe(61));
    assert_only("empties-oracle", Verdict::Invalid, observe(19));
    assert_eq!(fired("short-poll", observe(60)), []);
    let pushed = fired("sse", |measured, _| measured.responses.empty = 1);
    assert_eq!(pushed, [("empties-oracle".to_owned(), Verdict::Invalid)]);
}

#[test]
fn a_hold_timeout_in_a_window_shorter_than_the_hold_fires_empties_oracle() {
    let timed_out = |connect_seconds| {
        move |measured: &mut Measured, _: &mut Evidence| {
            measured.connect.seconds = connect_seconds;
            measured.responses.timed_out = 1;
            measured.responses.empty_theory.as_mut().expect("polls have a theory").responses = 0;
        }
    };
    assert_eq!(fired("long-poll/1h", timed_out(10.0)), [("empties-oracle".to_owned(), Verdict::Invalid)]);
    // The first client's hold began an hour before the window.
    assert_eq!(fired("long-poll/1h", timed_out(3_600.0)), []);
}

#[test]
fn latencies_that_contradict_the_events_in_flight_fire_little() {
    assert_only("little", Verdict::Warn, |_, evidence| evidence.in_flight_ns *= 1.1);
    assert_only("little", Verdict::Invalid, |_, evidence| evidence.in_flight_ns *= 0.5);
}

#[test]
fn late_publishing_warns_or_invalidates_by_how_late_it_is() {
    assert_only("lateness", Verdict::Warn, |measured, _| measured.lateness_ns = Some(summary(LATENCY_NS * 3 / 10)));
    assert_only("lateness", Verdict::Warn, |measured, _| {
        measured.lateness_ns.as_mut().unwrap().p99 = Some(5_000_000);
        measured.latency_ns.p99 = Some(6_000_000);
    });
    assert_only("lateness", Verdict::Invalid, |measured, evidence| {
        measured.lateness_ns = Some(summary(20_000_000));
        measured.latency_ns = summary(21_000_000);
        evidence.in_flight_ns = 400.0 * 21_000_200.0;
    });
}

#[test]
fn lateness_within_the_machines_hiccup_fires_nothing() {
    let late = |measured: &mut Measured, evidence: &mut Evidence| {
        measured.lateness_ns = Some(summary(LATENCY_NS * 3 / 10));
        measured.hiccup_ns = summary(LATENCY_NS * 2 / 10);
        evidence.omission_gap = Some(0.3);
    };
    assert_eq!(fired("short-poll", late), []);
}

#[test]
fn a_value_above_its_limit_that_passes_names_the_condition() {
    let note = |id: &str, change: fn(&mut Measured, &mut Evidence)| {
        let (mut measured, mut evidence) = (measured(), evidence());
        change(&mut measured, &mut evidence);
        let checks = all(&crate::fixture::trial("short-poll", &[]), &measured, &evidence);
        let check = checks.into_iter().find(|check| check.id == id).unwrap();
        assert!(check.verdict == Verdict::Pass && check.value > check.threshold, "{check:?}");
        check.note
    };
    let like_a_sleeper = |measured: &mut Measured, evidence: &mut Evidence| {
        measured.lateness_ns = Some(summary(300_000));
        measured.latency_ns = summary(1_000_000);
        measured.hiccup_ns = summary(200_000);
        evidence.in_flight_ns = 400.0 * 1_000_200.0;
        evidence.omission_gap = Some(0.3);
    };
    for id in ["lateness", "omission-gap"] {
        let note = note(id, like_a_sleeper);
        assert!(note.contains("at most 3 times the 200 µs of a thread that only sleeps"), "{note}");
    }
    let below_the_allowance = note("omission-gap", |measured, evidence| {
        measured.lateness_ns = Some(Summary { p99: Some(900_000), ..summary(10_000) });
        measured.hiccup_ns = summary(10_000);
        evidence.omission_gap = Some(0.3);
    });
    assert!(below_the_allowance.contains("900 µs at p99, at most the 1.00 ms that is always allowed"));
    let judged_by_lateness = note("omission-gap", |measured, evidence| {
        measured.lateness_ns = Some(summary(LATENCY_NS * 3 / 10));
        evidence.omission_gap = Some(0.3);
    });
    assert!(judged_by_lateness.contains("the check `lateness` judges that"), "{judged_by_lateness}");
}

#[test]
fn a_tail_caused_by_late_publishing_fires_omission_gap() {
    assert_only("omission-gap", Verdict::Warn, |measured, evidence| {
        measured.lateness_ns.as_mut().unwrap().p99 = Some(2_000_000);
        measured.latency_ns.p99 = Some(10_000_000);
        evidence.omission_gap = Some(0.18);
    });
}

#[test]
fn a_machine_that_wakes_late_fires_hiccup() {
    assert_only("hiccup", Verdict::Warn, |measured, _| measured.hiccup_ns = summary(LATENCY_NS * 6 / 10));
}

#[test]
fn cpu_time_of_other_processes_fires_host() {
    assert_only("host", Verdict::Warn, |measured, _| measured.host.steal_share = Some(0.1));
    assert_only("host", Verdict::Invalid, |measured, _| measured.host.steal_share = Some(0.2));
    assert_only("host", Verdict::Warn, |measured, _| measured.host.foreign_share = Some(0.2));
    assert_only("host", Verdict::Invalid, |measured, _| measured.host.foreign_share = Some(0.26));
    // CPU throttling, which only warns, does not hide what makes the trial invalid.
    assert_only("host", Verdict::Invalid, |measured, _| {
        measured.host.foreign_share = Some(0.5);
        measured.host.throttled_us = Some(1);
    });
    assert_only("host", Verdict::Warn, |measured, _| measured.host.throttled_us = Some(1));
}

#[test]
fn a_busy_load_generator_fires_client_saturation() {
    let all_us = 5_000_000 * u64::from(PROCESSORS);
    assert_only("client-saturation", Verdict::Warn, |measured, _| measured.cpu.client_us = all_us * 85 / 100);
    assert_only("client-saturation", Verdict::Invalid, |measured, _| measured.cpu.client_us = all_us * 95 / 100);
    assert_only("client-saturation", Verdict::Warn, |measured, _| measured.cpu.client_wait_us = all_us * 30 / 100);
    assert_only("client-saturation", Verdict::Invalid, |measured, _| measured.cpu.client_wait_us = all_us * 60 / 100);
}

#[test]
fn a_busy_server_is_labelled_and_stays_valid() {
    let all_us = 5_000_000 * u64::from(PROCESSORS);
    assert_only("server-saturation", Verdict::Warn, |measured, _| measured.cpu.server_us = Some(all_us * 95 / 100));
    assert_only("server-saturation", Verdict::Warn, |measured, _| {
        measured.cpu.server_wait_us = Some(all_us * 60 / 100);
    });
}

#[test]
fn client_saturation_tells_a_working_load_generator_from_a_waiting_one() {
    let all_us = 5_000_000 * u64::from(PROCESSORS);
    let note = |measured: &Measured| platform::client_saturation(measured, &evidence()).note;
    let mut busy = measured();
    busy.cpu.client_us = all_us * 95 / 100;
    busy.wire.as_mut().unwrap().server_to_client_bytes = 19_000_000;
    let said = note(&busy);
    assert!(said.contains("47500.0 µs per delivery, 1000.0 ns per byte") && said.contains("decoding"), "{said}");
    let mut waiting = measured();
    waiting.cpu.client_wait_us = all_us * 60 / 100;
    assert!(note(&waiting).contains("waited for a core") && note(&waiting).contains("servers and clients together"));
    waiting.host.steal_share = Some(0.1);
    assert!(note(&waiting).contains("the hypervisor gave the cores to others"));
    waiting.host.foreign_share = Some(0.2);
    assert!(note(&waiting).contains("other processes had the cores; stop them"));
}

#[test]
fn a_panic_fires_tasks_with_its_message() {
    let panics = Panics { count: 2, first: Some("index out of bounds (sse.rs:7)".into()) };
    assert_only("tasks", Verdict::Invalid, |_, evidence| evidence.panics = panics.clone());
    let note = accounts::tasks(&Evidence { panics, ..evidence() }).note;
    assert!(note.starts_with("2 threads or tasks panicked, the first with: index out of bounds (sse.rs:7)"), "{note}");
}

#[test]
fn a_fault_that_was_not_injected_fires_faults() {
    assert_only("faults", Verdict::Invalid, |_, evidence| {
        evidence.faults = 2;
        evidence.not_injected = vec!["drop_event".into()];
    });
    assert_eq!(fired("sse", |_, evidence| evidence.faults = 2), []);
}

#[test]
fn the_position_in_the_run_is_recorded_and_not_judged() {
    assert_eq!(fired("sse", |_, evidence| evidence.position = Some(1.0)), []);
}
