//! The checks of a trial: pure functions of its record and evidence.
//!
//! `accounts` checks that everything was counted, `theory` that chance explains the counts, `platform` that the approach was
//! measured and not the machine or the instrument, and `steadiness` that everything ran all the time and latencies were
//! steady. `list` has all of them, and `form` builds them.

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
