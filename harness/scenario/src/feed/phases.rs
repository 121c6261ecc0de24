//! The phases of a trial. Only events of the window count.

use serde::{Deserialize, Serialize};

/// Durations of a trial's phases; times count from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Duration of the warm-up.
    pub warmup_ns: u64,
    /// Length of the window.
    pub measure_ns: u64,
    /// Maximum duration of the drain.
    pub drain_ns: u64,
}

impl Phases {
    /// Returns the end of the window, which is the end of the feed.
    pub fn measured_ns(&self) -> u64 {
        self.warmup_ns + self.measure_ns
    }

    /// Returns whether this time after the start is in the window.
    pub fn in_window(&self, time_ns: u64) -> bool {
        (self.warmup_ns..self.measured_ns()).contains(&time_ns)
    }
}
