//! The self-test of the instrument: delays that are known beforehand against what worker, recorder, oracle and merge
//! make of them, and servers that are stopped for a known time.
//!
//! `trials` says what runs, `in_memory` is an approach without sockets, `run` runs it; `compare`, `stall`,
//! `closed_loop` and `stopped` judge, purely; `findings` is what was found, and `table` shows it. It judges by rules of
//! its own: the checks of a measurement, such as lateness, fire in these trials by design.

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
