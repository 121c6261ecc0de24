//! Coordinator, load generator and instrument. The only crate that knows every other.
//!
//! One binary plays three roles. The coordinator (`coordinator`) plans trials (`scenario`) and starts this
//! program again as the system under test (`system`, `publish`) and as the load (`load`). The three talk in JSON lines
//! (`message`, `process`). `registry` is the one place that knows an approach by name; `clock` is the one place that
//! reads the time; `feed` says what happens when.

mod allocations;
mod awake;
pub mod capacity;
pub mod cli;
mod clock;
pub mod conformance;
mod control_group;
pub mod coordinator;
mod delay_line;
mod describe;
mod environment;
pub mod failure;
pub mod faults;
pub mod feed;
pub mod gate;
mod interruption;
mod kernel_memory;
mod last_words;
mod listen_queue;
pub mod load;
mod message;
mod panics;
mod ports;
mod process;
mod publish;
pub mod registry;
pub mod scenario;
mod selftest;
mod spinners;
mod system;
mod verbs;

pub use message::{HubLimits, Phases};
