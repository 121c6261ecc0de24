//! `gate`: tests whether a change made delivery slower, more expensive or less reliable. The crate `gate` decides; this
//! module reads its input and shows its outcome.
//!
//! `command` lists the tiers, one file each, and `surfaces` shows their outcomes.

mod command;
mod exact;
mod judge;
mod paired;
mod surfaces;

pub(crate) use command::{GateCommand, gate};
