//! Each check fires for its own fault in a run with all processes, and no other check fires with it.
//!
//! Checks that depend on a quiet machine may warn at any time, especially while other tests run. They are asserted
//! where they are the target, and ignored elsewhere. The unit tests of the checks show that they stay silent for other
//! faults, whatever the machine does.

mod command;

use std::{collections::BTreeSet, fs};

use command::{OF_THE_MACHINE, bench};
use results::{
    schema::{Status, TrialRecord, Verdict},
    store,
};
use scenario::feed::{Arrival, Feed, FeedSpec};
use tempfile::tempdir;

/// Returns the trial of `smoke` with this approach and these overrides.
fn faulty(approach: &str, overrides: &[&str]) -> TrialRecord {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let mut arguments = vec!["run", "smoke", "--no-report", "--approach", approach, "--out", out.to_str().unwrap()];
    for one in overrides {
        arguments.extend(["--set", one]);
    }
    let finished = bench(&arguments);
    let mut run = store::read(&out).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    assert_eq!(run.trials.len(), 1, "{finished:?}");
    let trial = run.trials.swap_remove(0);
    let invalid = usize::from(trial.status != Status::Ok);
    assert_eq!(finished.code, if invalid > 0 { 4 } else { 0 }, "{finished:?}");
    if overrides.iter().any(|one| one.starts_with("faults.")) {
        assert_ne!(run.run.scenario["faults"], serde_json::json!({}), "the record shows the fault");
        assert!(finished.stdout.contains("on purpose"), "the output shows the fault: {}", finished.stdout);
    }
    trial
}

/// Asserts that this check has this verdict, and that no other check fires, except those of the machine.
fn assert_fires(approach: &str, overrides: &[&str], id: &str, verdict: Verdict) {
    let trial = faulty(approach, overrides);
    let checks = trial.measured.unwrap_or_else(|| panic!("{:?}", trial.error)).checks;
    let fired: Vec<(&str, Verdict)> = checks
        .iter()
        .filter(|check| check.verdict != Verdict::Pass)
        .map(|check| (check.id.as_str(), check.verdict))
        .filter(|(fired, _)| *fired == id || !OF_THE_MACHINE.contains(fired))
        .collect();
    assert_eq!(fired, [(id, verdict)], "{overrides:?}: {checks:?}");
    if verdict == Verdict::Invalid {
        assert_eq!(trial.status, Status::Invalid);
        assert!(trial.error.unwrap().contains(id), "the reason is given");
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

#[test]
fn without_a_fault_only_machine_checks_can_fire() {
    let trial = faulty("raw-tcp", &[]);
    let checks = trial.measured.unwrap().checks;
    let ids: BTreeSet<&str> = checks.iter().map(|check| check.id.as_str()).collect();
    assert_eq!(ids.len(), checks.len(), "each check appears once");
    let fired = checks.iter().filter(|check| check.verdict != Verdict::Pass);
    let unexplained: Vec<_> = fired.filter(|check| !OF_THE_MACHINE.contains(&check.id.as_str())).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

#[test]
fn a_window_without_events_fires_manifest() {
    assert_fires("raw-tcp", &["load.events_per_second=0.001"], "manifest", Verdict::Invalid);
}

#[test]
fn a_client_that_cannot_subscribe_is_lost_and_misses_its_events() {
    let trial = faulty("raw-tcp", &["faults.lose_client=true"]);
    let checks = trial.measured.unwrap().checks;
    let invalid: Vec<&str> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Invalid && !OF_THE_MACHINE.contains(&check.id.as_str()))
        .map(|check| check.id.as_str())
        .collect();
    assert_eq!(invalid, ["clients", "delivery"]);
}

#[test]
fn dropped_corrupt_repeated_and_late_events_fire_delivery() {
    for fault in ["drop_event", "corrupt_event", "duplicate_event", "reorder_event"] {
        assert_fires("raw-tcp", &[&format!("faults.{fault}=60")], "delivery", Verdict::Invalid);
    }
}

#[test]
fn a_skipped_event_without_subscribers_fires_skipped_slots() {
    // Twenty clients follow two symbols each: forty of sixty symbols.
    let feed = FeedSpec {
        seed: 7,
        symbols: 60,
        events_per_second: 100.0,
        arrival: Arrival::Poisson,
        payload_bytes: 16,
        duration_ns: 1_200_000_000,
        epoch_ms: 0,
    };
    let event = Feed::new(&feed).find(|event| event.symbol >= 40 && event.scheduled_ns > 300_000_000).unwrap();
    let skip = format!("faults.skip_event={}", event.sequence);
    assert_fires("raw-tcp", &["load.symbols=60", &skip], "skipped-slots", Verdict::Invalid);
}

#[test]
fn a_delivery_missing_from_the_histogram_fires_histogram() {
    assert_fires("raw-tcp", &["faults.lose_sample=true"], "histogram", Verdict::Invalid);
}

#[test]
fn lost_confirmations_fire_orders() {
    assert_fires("websocket", &["faults.lose_confirmations=true"], "orders", Verdict::Invalid);
}

#[test]
fn an_unsteady_clock_source_and_an_early_stamp_fire_clock() {
    assert_fires("raw-tcp", &["faults.clocksource=jiffies"], "clock", Verdict::Invalid);
    assert_fires("raw-tcp", &["faults.early_stamp=true"], "clock", Verdict::Invalid);
}

#[test]
fn a_periodic_schedule_fires_arrivals() {
    assert_fires("raw-tcp", &["faults.periodic_schedule=true"], "arrivals", Verdict::Warn);
}

#[test]
fn synchronised_polls_fire_poll_phase() {
    assert_fires("short-poll", &["faults.synchronise_polls=true"], "poll-phase", Verdict::Invalid);
}

#[test]
fn polls_counted_twice_fire_polls() {
    assert_fires("short-poll", &["faults.count_requests_twice=true"], "polls", Verdict::Invalid);
}

#[test]
fn empty_responses_that_did_not_happen_fire_empties_oracle() {
    for approach in ["short-poll", "long-poll", "sse"] {
        assert_fires(approach, &["faults.count_empties=true"], "empties-oracle", Verdict::Invalid);
    }
}

#[test]
fn clamped_latencies_fire_little() {
    assert_fires("raw-tcp", &["faults.clamp_latency_us=5"], "little", Verdict::Invalid);
}

#[test]
fn a_late_pacer_fires_lateness() {
    assert_fires("raw-tcp", &["faults.late_publishing_ms=40"], "lateness", Verdict::Invalid);
}

#[test]
fn a_pacer_late_only_in_the_tail_fires_omission_gap() {
    // One event in thirty is 60 ms late, and so are the events that are due meanwhile. This does not change the median.
    // It accounts for some of the tail, but not for most of it, because polls take up to 100 ms.
    let late = ["faults.late_publishing_ms=60", "faults.late_publishing_every=30", "window.measure=8s"];
    assert_fires("short-poll", &late, "omission-gap", Verdict::Warn);
}

#[test]
fn reconnects_fire_disturbances() {
    assert_fires("raw-tcp", &["faults.count_reconnects=true"], "disturbances", Verdict::Warn);
}

#[test]
fn an_oversleeping_probe_fires_hiccup() {
    let load = ["load.events_per_second=600", "window.measure=4s", "faults.oversleep_ms=200"];
    assert_fires("raw-tcp", &load, "hiccup", Verdict::Warn);
}

#[test]
fn stolen_cores_fire_host() {
    assert_fires("raw-tcp", &[&format!("faults.stolen_cores={}", processors())], "host", Verdict::Invalid);
}

#[test]
fn busy_threads_fire_saturation_of_their_side() {
    let threads = |side: &str| format!("faults.busy_{side}_threads={}", 2 * processors());
    assert_fires("raw-tcp", &[&threads("worker")], "client-saturation", Verdict::Invalid);
    assert_fires("raw-tcp", &[&threads("server")], "server-saturation", Verdict::Warn);
}

#[test]
fn latencies_that_grow_fire_warm_up() {
    assert_fires("raw-tcp", &["window.measure=2s", "faults.slow_down_ms=100"], "warm-up", Verdict::Warn);
}

#[test]
fn a_client_whose_task_panics_is_lost_and_fires_tasks() {
    let trial = faulty("raw-tcp", &["faults.panic=client"]);
    let error = trial.error.unwrap();
    for words in ["clients: 1 clients were lost", "client 0: its task panicked: a fault that was asked for", "tasks: "]
    {
        assert!(error.contains(words), "`{words}` is not in: {error}");
    }
    assert_eq!(trial.measured.unwrap().clients.lost, 1);
}

#[test]
fn a_connection_that_panics_fires_tasks() {
    assert_fires("raw-tcp", &["faults.panic=connection"], "tasks", Verdict::Invalid);
}

#[test]
fn a_publisher_that_panics_fails_its_trial_with_its_message() {
    let trial = faulty("raw-tcp", &["faults.panic=publisher"]);
    let error = trial.error.unwrap();
    assert_eq!(trial.status, Status::Failed, "{error}");
    assert!(error.contains("the publisher thread panicked: a fault that was asked for"), "{error}");
}

#[test]
fn a_stopped_process_fires_pause() {
    for who in ["workers", "servers", "coordinator"] {
        assert_fires("raw-tcp", &[&format!("faults.stop_{who}_at_ms=500")], "pause", Verdict::Invalid);
    }
}

#[test]
fn held_back_deliveries_fire_stall() {
    let stall = "faults.delivery_delay={ stall = { at_ms = 500, for_ms = 700 } }";
    assert_fires("raw-tcp", &["window.measure=3s", stall], "stall", Verdict::Invalid);
}

#[test]
fn a_fault_that_never_happens_fires_faults() {
    let trial = faulty("raw-tcp", &["faults.drop_event=100000", "faults.synchronise_polls=true"]);
    let error = trial.error.unwrap();
    assert!(error.contains("it never happened: faults.drop_event, faults.synchronise_polls"), "{error}");
    assert_fires("raw-tcp", &["faults.clamp_latency_us=3600000000"], "faults", Verdict::Invalid);
}

#[test]
fn documents_list_every_fault_and_check() {
    let format = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md")).unwrap();
    let method = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/method.md")).unwrap();
    let schema = bench(&["schema"]).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let faults = find(&schema, "Faults").expect("the schema describes the faults");
    for fault in faults["properties"].as_object().unwrap().keys() {
        assert!(format.contains(&format!("`faults.{fault}`")), "format.md lacks faults.{fault}");
    }
    for check in faulty("raw-tcp", &[]).measured.unwrap().checks {
        assert!(method.contains(&format!("`{}`", check.id)), "method.md lacks {}", check.id);
    }
}

/// Returns the definition with this name from anywhere in the schema.
fn find<'a>(schema: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    let object = schema.as_object()?;
    let definition = object.get("$defs").and_then(|definitions| definitions.get(name));
    definition.or_else(|| object.values().find_map(|value| find(value, name)))
}
