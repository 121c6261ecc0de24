//! What the regression gate measures: counts in lock step, and two builds in pairs. What it makes of them stands in
//! `gate`.
//!
//! Lock step: `lockstep` says who is counted and how often, `script` is what happens, `client` takes part in it, `tally`
//! names what is counted, and `header_length` chooses ports that count alike. Pairs: `setup` prepares a session, `session`
//! runs it, `build` runs one build, `keeper` cleans up, and `injection` slows one build down for the gate's own study.

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
