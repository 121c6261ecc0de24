//! The phases of a trial, and which of its events count: those of the window.

use serde::{Deserialize, Serialize};

/// Durations of a trial's phases; times count from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Before the window.
    pub warmup_ns: u64,
    /// The window.
    pub measure_ns: u64,
    /// After the window, at most.
    pub drain_ns: u64,
}

impl Phases {
    /// End of the window, which is the end of the feed.
    pub fn measured_ns(&self) -> u64 {
        self.warmup_ns + self.measure_ns
    }

    /// Whether this time after the start lies in the window.
    pub fn in_window(&self, time_ns: u64) -> bool {
        (self.warmup_ns..self.measured_ns()).contains(&time_ns)
    }
}
