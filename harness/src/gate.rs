//! What the regression gate measures: counts in lock step, and two builds in pairs. What it makes of them stands in
//! `reports::gate`.

mod client;
mod header_length;
pub(crate) mod injection;
pub mod lockstep;
mod script;
pub(crate) mod session;
mod tally;
