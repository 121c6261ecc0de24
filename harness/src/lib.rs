//! Coordinator, load generator and instrument. The only crate that knows every other.
//!
//! One binary plays three roles. The coordinator (`coordinator`) plans trials (`scenario`) and starts this program again
//! as the system under test (`sut`) and as the load (`load`). The three talk in JSON lines (`agent`). `feed` says what
//! happens when, and `host` what is known of the machine. `registry` is the one place that knows an approach by name;
//! `host::clock` is the one place that reads the time.
//!
//! Before anything is measured, `conformance` examines the approaches; `selftest` tests the instrument itself, and `gate`
//! measures for the regression gate. `cli` lists the verbs, and `verbs` has one file for each.

mod agent;
pub mod cli;
pub mod conformance;
pub mod coordinator;
mod describe;
pub mod failure;
pub mod faults;
pub mod feed;
pub mod gate;
pub mod host;
pub mod load;
pub mod registry;
pub mod scenario;
mod selftest;
mod sut;
mod verbs;
