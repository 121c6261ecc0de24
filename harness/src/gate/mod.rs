//! The measurements of the regression gate: counts in lock step, and two builds in pairs. The crate `gate` decides on
//! them.
//!
//! Lock step: `lockstep` selects the subjects and repeats, `script` has the steps, `client` is a client in it, `tally` names
//! the counts, and `header_length` selects ports with equal byte counts. Pairs: `setup` prepares a session, `session` runs
//! it, `build` runs one build, `keeper` cleans up, and `injection` slows one build down for the study of the gate.

mod build;
mod client;
mod header_length;
pub(crate) mod injection;
pub(crate) mod keeper;
pub mod lockstep;
mod script;
pub(crate) mod session;
pub(crate) mod setup;
mod tally;
