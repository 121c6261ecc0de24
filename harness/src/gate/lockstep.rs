//! Lock step: every approach through one script in which the next thing happens only when every client has had the
//! last, so that what it takes can be counted and compared exactly.
//!
//! Which subjects, how often, and in which threads; the script itself is in `script`. Every interval, hold and heartbeat
//! is longer than the script, so that no timer decides a count. What a count should be is no concern of this module: see
//! the crate `gate`.

use std::{collections::BTreeMap, thread, time::Duration};

use anyhow::anyhow;
use approaches::conformance::{Subject, subjects};
use approaches::registry::{Exchange, Values};
use gate::counts::{Measured, Repeat};
use proto::Params;
use scenario::variants::defaults;

use super::script::{self, Counted};

/// What the script is, for a baseline: counts of another script are not comparable. Raised with every change to it.
pub const SCRIPT: &str = "lock-step/1";
/// Runs of the script for each subject: what is the same in all of them is compared exactly.
pub const REPEATS: u32 = 3;

/// Longer than the script: what is timed by it never happens. Of a heartbeat that all connections share, each part of
/// its period is.
const NEVER: &str = "48h";
/// The same of a hold, which no server lets be longer.
const HELD: &str = "5m";
/// Times that a script is run until none of its phases takes longer than the second that it began with; then what it
/// counted is taken as it is.
const TRIES: u32 = 3;
/// Scripts spend their time waiting, so that several run side by side.
const SIDE_BY_SIDE: usize = 13;
/// A script that takes longer has come to a halt.
const DEADLINE: Duration = Duration::from_secs(600);

/// Every variant that can be told apart without failures, with durations that are longer than the script.
pub fn all() -> Vec<Subject> {
    subjects().into_iter().filter(has_counts_of_its_own).map(patient).collect()
}

fn has_counts_of_its_own(subject: &Subject) -> bool {
    let defaults = defaults(subject.approach);
    let silent = subject.approach.settings.iter().filter(|setting| setting.only_after_failure);
    silent.map(|setting| setting.name).all(|name| subject.params.text(name) == defaults.text(name))
}

/// The same subject with durations that are longer than the script.
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

/// Counts what the script takes, so many times for each subject; a script that fails says why in its place. `ended` is
/// told of each. One repeat is over before the next begins, so that what disturbs the machine does not change all alike.
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

/// The script, in a thread that it has for itself: so that what happens at the same moment does not change places, and
/// what the thread allocates is the script's.
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
