//! Runs with all processes: what they record, what a fault causes, and how an interrupted run ends.

mod command;

use std::{
    fs,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use command::{OF_THE_MACHINE, bench, finish, start};
use results::{
    schema::{Status, TrialRecord, Verdict},
    store,
};
use tempfile::tempdir;

/// Timeout of a wait. No test asserts how long a step takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn trials(directory: &Path) -> Vec<TrialRecord> {
    store::read(directory).expect("the results are readable").trials
}

#[test]
fn every_approach_accounts_for_every_event() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let finished = bench(&["run", "smoke", "--measure", "500ms", "--out", out.to_str().unwrap()]);
    let trials = trials(&out);
    assert!(trials.len() >= 11, "{finished:?}");
    for trial in trials {
        let measured = trial.measured.unwrap_or_else(|| panic!("{}: {:?}", trial.variant, trial.error));
        let events = measured.events;
        assert_eq!(events.delivered + events.coalesced, events.expected, "{}: {events:?}", trial.variant);
        assert_eq!(events.missed + events.duplicate + events.reordered + events.corrupt, 0, "{}", trial.variant);
        assert_eq!(measured.latency_ns.count, events.delivered, "{}", trial.variant);
        // Counts are right even on a busy machine. Timings may not be while other tests run.
        let counted = measured.checks.iter().filter(|check| !OF_THE_MACHINE.contains(&check.id.as_str()));
        let fired: Vec<_> = counted.filter(|check| check.verdict != Verdict::Pass).collect();
        assert!(fired.is_empty(), "{}: {fired:?}", trial.variant);
        let facts = approaches::registry::find(&trial.approach).unwrap().facts;
        if facts.exchange == approaches::registry::Exchange::Push {
            assert_eq!(measured.responses.empty, 0, "{}", trial.variant);
        }
        let orders = measured.confirmation_ns.map_or(0, |confirmation| confirmation.count);
        assert_eq!(orders > 0, facts.bidirectional, "{}", trial.variant);
    }
    let page = fs::read_to_string(out.join("report/index.html")).unwrap();
    assert!(page.contains("short-poll/100ms"));
}

#[test]
fn clients_beyond_one_process_are_split_and_merged() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    // The limit leaves 64 descriptors for clients, so a hundred clients need two pairs of processes.
    let program = env!("CARGO_BIN_EXE_delivery-bench");
    let run = format!("ulimit -n 320 && {program} run smoke --clients 100 --approach raw-tcp,short-poll --out {out:?}");
    let finished = Command::new("sh").args(["-c", &run]).output().unwrap();
    for trial in trials(&out) {
        assert_eq!(trial.shards, 2, "{finished:?}");
        let measured = trial.measured.unwrap();
        let events = measured.events;
        assert_eq!((events.delivered, events.missed), (events.expected, 0), "{}", trial.variant);
        let counted = measured.checks.iter().filter(|check| !OF_THE_MACHINE.contains(&check.id.as_str()));
        assert!(counted.clone().all(|check| check.verdict == Verdict::Pass), "{:?}", counted.collect::<Vec<_>>());
        // Each shard publishes every event, and each publication is one observation.
        assert_eq!(measured.lateness_ns.as_ref().unwrap().count, 2 * events.scheduled);
        assert!(measured.event_median_ns.count <= events.scheduled);
    }
}

#[test]
fn a_dropped_event_is_missed_by_exactly_its_symbols_subscribers() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    // Twenty clients follow two of ten symbols each, so each symbol has four subscribers.
    let drop = ["--approach", "raw-tcp,sse,long-poll", "--set", "faults.drop_event=60", "--out"];
    let finished = bench(&[&["run", "smoke"], drop.as_slice(), &[out.to_str().unwrap()]].concat());
    assert_eq!(finished.code, 4, "{finished:?}");
    for trial in trials(&out) {
        let events = trial.measured.unwrap().events;
        assert_eq!((trial.status, events.missed), (Status::Invalid, 4), "{}", trial.variant);
        assert_eq!(events.delivered, events.expected - 4);
        assert!(trial.error.unwrap().contains("missed 4"));
    }
    let run = store::read(&out).unwrap().run;
    assert_eq!(run.scenario["faults"]["drop_event"], 60, "the record shows the fault");
}

#[test]
fn a_server_crash_fails_its_trial_and_the_run_continues() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments = ["run", "smoke", "--approach", "raw-tcp", "--trials", "2", "--set", "faults.die_after_event=30"];
    let finished = bench(&[&arguments, ["--out", out.to_str().unwrap()].as_slice()].concat());
    assert_eq!(finished.code, 4, "{finished:?}");
    let trials = trials(&out);
    assert_eq!(trials.len(), 2);
    for trial in trials {
        assert_eq!(trial.status, Status::Failed);
        let error = trial.error.unwrap();
        assert!(error.contains("serve process ended early") && error.contains("signal: 6"), "{error}");
    }
}

#[test]
fn an_interrupted_run_keeps_and_marks_what_it_has() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let long = ["run", "smoke", "--approach", "raw-tcp", "--measure", "30s", "--out", out.to_str().unwrap()];
    let run = start(&long);
    wait_for_children(&run, 2);
    kill("-INT", run.id());
    let finished = finish(run);
    assert_eq!(finished.code, 130, "{finished:?}");
    assert!(store::read(&out).unwrap().interrupted.is_some());
}

#[test]
fn children_exit_when_the_coordinator_is_killed() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let long = ["run", "smoke", "--approach", "raw-tcp", "--measure", "30s", "--out", out.to_str().unwrap()];
    let run = start(&long);
    let children = wait_for_children(&run, 2);
    kill("-KILL", run.id());
    finish(run);
    until("the children are gone", || children.iter().all(|child| !Path::new(&format!("/proc/{child}")).exists()));
}

/// Waits until a run has `count` children, and returns their process IDs.
fn wait_for_children(run: &Child, count: usize) -> Vec<u32> {
    let path = format!("/proc/{0}/task/{0}/children", run.id());
    let children = || -> Vec<u32> {
        let text = fs::read_to_string(&path).unwrap_or_default();
        text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
    };
    until("the children have started", || children().len() == count);
    children()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let pause = Duration::from_millis(20);
    let attempts = PATIENCE.as_millis() / pause.as_millis();
    for _ in 0..attempts {
        if done() {
            return;
        }
        std::thread::sleep(pause);
    }
    panic!("timeout while waiting until {what}");
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
    assert!(status.success());
}
