//! The self-test of the instrument: compares known delays with the values from worker, recorder, oracle and merge, and
//! stops servers for a known time.
//!
//! `trials` lists the trials, `in_memory` is an approach without sockets, and `run` runs them. `compare`, `stall`,
//! `closed_loop` and `stopped` are pure and decide, `findings` has the results, and `table` prints them. The self-test has
//! its own rules, because checks of a measurement such as lateness fire in these trials by design.

mod closed_loop;
mod compare;
mod findings;
mod in_memory;
mod run;
mod stall;
mod stopped;
mod table;
mod trials;

pub(crate) use findings::Verdict;
pub(crate) use run::run;
pub(crate) use table::render;
pub(crate) use trials::{QUICK, WHOLE};
