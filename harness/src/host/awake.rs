//! Keeps the cores awake while a trial is measured: asks the kernel for wake-ups without delay, so that an idle core
//! polls for work instead of sleeping.
//!
//! This takes no CPU time from other threads. Threads that spin at the lowest priority do: `SCHED_IDLE` yields only
//! inside its own scheduling group, and to other groups that group looks as busy as any.

use std::{
    fs::{File, OpenOptions},
    io::Write,
};

use super::environment;

/// The file that makes the request: it is in force for as long as the file is open.
const REQUEST: &str = "/dev/cpu_dma_latency";
/// The file that names the driver that obeys the request.
const DRIVER: &str = "/sys/devices/system/cpu/cpuidle/current_driver";

/// Keeps the cores awake until this is dropped.
#[derive(Debug)]
pub(crate) struct Awake {
    _request: File,
}

impl Awake {
    /// Makes the request. Returns `None` if the system does not know it or has no driver that obeys it, or if this user
    /// may not make it.
    pub(crate) fn request() -> Option<Self> {
        if matches!(environment::file(DRIVER).as_str(), "none" | environment::UNKNOWN) {
            return None;
        }
        let mut request = OpenOptions::new().write(true).open(REQUEST).ok()?;
        // The longest delay of a wake-up, in microseconds.
        request.write_all(&0_i32.to_ne_bytes()).ok()?;
        Some(Self { _request: request })
    }
}
