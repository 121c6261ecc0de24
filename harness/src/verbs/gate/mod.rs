//! `gate`: whether a change made delivery slower, chattier or lossier. The tiers judge in `gate`; here they are
//! given what they judge, and what they say is shown.
//!
//! `command` lists the tiers, one file each, and `surfaces` shows what they found.

mod command;
mod exact;
mod judge;
mod paired;
mod surfaces;

pub(crate) use command::{GateCommand, gate};
