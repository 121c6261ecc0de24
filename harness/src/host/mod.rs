//! The machine that a process runs on: its hardware, its limits, its clock, and its other processes. Nothing here judges a
//! trial.
//!
//! `clock` is the only module that reads the time. `environment` describes the machine. `capacity` and `ports` say how many
//! clients it can hold, and `limits` what a process may open and start. `control_group`, `kernel_memory` and `listen_queue`
//! read the kernel's counts, `usage` reads what a process uses, and `allocations` counts heap allocations per thread.
//! `watcher` watches during a trial, `busy` looks before the first one, `awake` keeps the cores from sleeping, and
//! `spinners` use CPU time as a fault.

pub(crate) mod allocations;
pub(crate) mod awake;
pub(crate) mod busy;
pub mod capacity;
pub(crate) mod clock;
pub(crate) mod control_group;
pub(crate) mod environment;
pub(crate) mod kernel_memory;
pub(crate) mod limits;
pub(crate) mod listen_queue;
pub(crate) mod ports;
pub(crate) mod spinners;
pub(crate) mod usage;
pub(crate) mod watcher;
