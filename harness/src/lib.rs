//! Coordinator, load generator and instrument. The only crate that depends on all others.
//!
//! One binary plays three roles. The coordinator (`coordinator`) plans trials (`scenario`) and starts this program again
//! as the system under test (`sut`) and as the load (`load`). The three talk in JSON lines (`agent`). `feed` says when
//! which event happens, and `host` knows the machine. Only `registry` knows an approach by name, and only `host::clock` reads
//! the time.
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
