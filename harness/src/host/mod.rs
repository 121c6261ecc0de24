//! The machine that a process runs on: what it is, what it can hold, what time it is there, and what others do on it.
//! Nothing here judges a trial.
//!
//! `clock` is the one place that reads the time. `environment` says what machine this is, `capacity` and `ports` what it
//! can hold, `limits` what a process may open and start. `control_group`, `kernel_memory` and `listen_queue` read what the
//! kernel says, `usage` what a process uses, and `allocations` counts what each thread takes from the heap. `watcher`
//! watches while a trial is measured, `busy` looks before the first one, `awake` keeps the cores from sleeping, and
//! `spinners` take CPU time, as a fault.

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
