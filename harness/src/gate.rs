//! What the regression gate measures: counts in lock step, and two builds in pairs. What it makes of them stands in
//! the crate `gate`.

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
