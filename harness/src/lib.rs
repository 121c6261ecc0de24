//! Coordinator, load generator and instrument. The only crate that depends on all others.
//!
//! One binary plays three roles. The coordinator (`coordinator`) runs the trials of a scenario and starts this program again
//! as the system under test (`sut`) and as the load (`load`). The three talk in JSON lines (`agent`). `host` knows the
//! machine, and only `host::clock` reads the time.
//!
//! `selftest` tests the instrument itself, and `gate` measures for the regression gate. `cli` lists the verbs, and `verbs`
//! has one file for each.

mod agent;
pub mod cli;
pub mod coordinator;
mod describe;
pub mod failure;
#[cfg(test)]
mod fixture;
pub mod gate;
pub mod host;
pub mod load;
mod selftest;
mod sut;
mod verbs;
