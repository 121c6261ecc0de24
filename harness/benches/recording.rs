//! What recording costs: the worker's CPU time for each delivery with its account and without it, in pairs of
//! whole runs that take turns, so that what else the machine does meets both alike. Recording may take 5 %.

#![expect(clippy::print_stdout, reason = "what a benchmark says")]

use std::{path::Path, process::Command};

use results::{schema::TrialRecord, store};

/// Pairs of runs.
const PAIRS: usize = 10;
/// Many deliveries per wake-up, so that the cost per event does not hide the cost per delivery.
const LOAD: [&str; 8] =
    ["--clients", "1000", "--trials", "1", "--measure", "3s", "--set", "load.events_per_second=40.0"];

fn main() {
    println!("worker's CPU time for each delivery, in microseconds: recorded, discarded, their ratio");
    for approach in ["raw-tcp", "sse"] {
        let mut ratios: Vec<f64> = (0..PAIRS).map(|pair| ratio(approach, pair)).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let (low, median, high) =
            (ratios[1], f64::midpoint(ratios[PAIRS / 2 - 1], ratios[PAIRS / 2]), ratios[PAIRS - 2]);
        println!("{approach}: recording makes it {median:.3} × as much (95 % interval {low:.3} to {high:.3})");
    }
}

/// One pair; which comes first alternates.
fn ratio(approach: &str, pair: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let run = |discard: bool| client_us_per_event(approach, discard, &folder.path().join(discard.to_string()));
    let (recorded, discarded) = if pair.is_multiple_of(2) {
        (run(false), run(true))
    } else {
        let discarded = run(true);
        (run(false), discarded)
    };
    println!("  {approach}: {recorded:.3} {discarded:.3} {:.3}", recorded / discarded);
    recorded / discarded
}

fn client_us_per_event(approach: &str, discard: bool, out: &Path) -> f64 {
    let discard = format!("faults.discard={discard}");
    // A run that keeps no account is invalid, and says so: only its CPU time is wanted.
    let finished = Command::new(env!("CARGO_BIN_EXE_delivery-bench"))
        .args(["run", "fan-out", "--approach", approach, "--no-report", "--set", &discard, "--out"])
        .arg(out)
        .args(LOAD)
        .output()
        .expect("the command runs");
    let run = store::read(out).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    let [TrialRecord { measured: Some(measured), .. }] = &run.trials[..] else { panic!("no trial: {finished:?}") };
    measured.cpu.client_us_per_event.expect("deliveries arrived")
}
