//! Lock step: runs every approach through one script in which each step waits for the previous one, so that counts are
//! exact.
//!
//! This module selects the subjects, repeats and threads; the script itself is in `script`. Every interval, hold and
//! heartbeat is longer than the script, so no timer affects a count. The crate `gate` compares counts with a baseline.

use std::{collections::BTreeMap, thread, time::Duration};

use anyhow::anyhow;
use approaches::{
    conformance::{Subject, subjects},
    registry::{Exchange, Values},
};
use gate::counts::{Measured, Repeat};
use proto::Params;
use scenario::variants::defaults;

use super::script::{self, Counted};

/// Version of the script. Counts of different versions are not comparable, so raise it with every change to the
/// script.
pub const SCRIPT: &str = "lock-step/1";
/// Runs of the script per subject. Counts that are equal in all runs are compared exactly.
pub const REPEATS: u32 = 3;

/// A duration longer than the script, so that its timer never fires. This also holds for each part of a heartbeat
/// that all connections share.
const NEVER: &str = "48h";
/// The same for a hold, whose maximum is shorter.
const HELD: &str = "5m";
/// Maximum attempts to run a script so that each phase ends in the second in which it began. After that the counts
/// are used as they are.
const TRIES: u32 = 3;
/// Scripts mostly wait, so several run at the same time.
const SIDE_BY_SIDE: usize = 13;
/// Maximum duration of a script. A longer one has stalled.
const DEADLINE: Duration = Duration::from_secs(600);

/// Returns every variant that differs without failures, with durations longer than the script.
pub fn all() -> Vec<Subject> {
    subjects().into_iter().filter(has_counts_of_its_own).map(patient).collect()
}

fn has_counts_of_its_own(subject: &Subject) -> bool {
    let defaults = defaults(subject.approach);
    let silent = subject.approach.settings.iter().filter(|setting| setting.only_after_failure);
    silent.map(|setting| setting.name).all(|name| subject.params.text(name) == defaults.text(name))
}

/// Returns the same subject with durations longer than the script.
pub fn patient(mut subject: Subject) -> Subject {
    let held = match subject.approach.facts.exchange {
        Exchange::Hold(setting) => Some(setting),
        Exchange::Push | Exchange::Poll(_) => None,
    };
    let durations = subject.approach.settings.iter().filter(|setting| matches!(setting.values, Values::Duration(_)));
    let long = durations.map(|setting| if held == Some(setting.name) { (setting, HELD) } else { (setting, NEVER) });
    let long = long.map(|(setting, duration)| (setting.name.to_owned(), duration.to_owned()));
    subject.params = Params(subject.params.0.into_iter().chain(long).collect());
    subject
}

/// Runs the script this many times per subject and returns the counts, or the reason if a script failed. Calls
/// `ended` after each. A repeat ends before the next one begins, so that a disturbance does not affect all repeats of
/// a subject.
pub fn measure(subjects: &[Subject], repeats: u32, mut ended: impl FnMut(&str, u32)) -> Measured {
    let mut cells: BTreeMap<String, Vec<Repeat>> = BTreeMap::new();
    for repeat in 1..=repeats {
        for side_by_side in subjects.chunks(SIDE_BY_SIDE) {
            thread::scope(|scope| {
                let scripts: Vec<_> =
                    side_by_side.iter().map(|subject| (subject, scope.spawn(|| alone(subject)))).collect();
                for (subject, script) in scripts {
                    let counted = script.join().unwrap_or_else(|_| Err("the script panicked".to_owned()));
                    ended(&subject.name, repeat);
                    cells.entry(subject.name.clone()).or_default().push(counted);
                }
            });
        }
    }
    Measured { cells }
}

/// Runs the script in its own thread, so that simultaneous steps keep their order and the thread's allocations are
/// the script's.
fn alone(subject: &Subject) -> Repeat {
    for _ in 1..TRIES {
        let counted = once(subject)?;
        if counted.is_timely {
            return Ok(counted.phases);
        }
    }
    once(subject).map(|counted| counted.phases)
}

fn once(subject: &Subject) -> Result<Counted, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let counted = runtime.block_on(async { tokio::time::timeout(DEADLINE, script::run(subject)).await });
    let counted = counted.unwrap_or_else(|_| Err(anyhow!("the script halted for {DEADLINE:?}")));
    counted.map_err(|error| format!("{error:#}"))
}
