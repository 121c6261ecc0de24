//! The gate: what it finds in counts (`lock_step`), what it makes of builds that run in turns (`builds`), and
//! what it says and ends with as a command (`verdicts`).
//!
//! Lock step begins each phase with a second of its own, so its scripts spend most of their time asleep. All of them run
//! side by side, once, and the tests share what they counted.

mod builds;
#[path = "../command/mod.rs"]
mod command;
mod lock_step;
mod verdicts;

use std::{sync::Once, thread};

/// Begins whatever lock step counts for these tests. A failure is that of the first test which needs the counts.
fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        thread::spawn(|| _ = lock_step::measured());
        thread::spawn(|| _ = verdicts::judged());
    });
}
