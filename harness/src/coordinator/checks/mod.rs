//! Verdicts on the numbers of a trial. Pure: they look at what was measured and at nothing else.
//!
//! `accounts` asks whether everything was counted, `theory` whether chance explains the counts, `platform` whether it
//! is the approach that was measured and not the machine or the instrument, `steadiness` whether everything ran all the
//! time and the latencies stayed what they were. `list` has all of them, and `form` is what a check looks like.

mod accounts;
mod form;
mod list;
mod platform;
mod steadiness;
mod theory;

pub(super) use list::{all, status};

#[cfg(test)]
#[path = "checks_fixture.rs"]
mod fixture;
#[cfg(test)]
#[path = "checks_steadiness_tests.rs"]
mod steadiness_tests;
#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
