//! Tests of the gate: how it compares counts (`lock_step`) and builds that run in turns (`builds`), and its messages
//! and exit codes as a command (`verdicts`).
//!
//! Lock step waits for a new second before each phase, so its scripts mostly sleep. All scripts run once, at the same
//! time, and the tests share the counts.

mod builds;
#[path = "../command/mod.rs"]
mod command;
mod lock_step;
mod verdicts;

use std::{sync::Once, thread};

/// Starts all counts for these tests in the background. If they fail, the first test that needs them fails.
fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        thread::spawn(|| _ = lock_step::measured());
        thread::spawn(|| _ = verdicts::judged());
    });
}
