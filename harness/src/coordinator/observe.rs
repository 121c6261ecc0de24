//! The progress that a run reports. The runner emits it, and does not know who shows it.

use results::schema::TrialRecord;
use scenario::plan::Trial;

/// The phase that a trial is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Servers are starting.
    Starting,
    /// Clients are subscribing.
    Connecting,
    /// The feed is running: before, in or after the window.
    Measuring,
}

/// The progress of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The current phase.
    pub phase: Phase,
    /// Number of clients that have subscribed.
    pub connected: u32,
    /// Events received so far.
    pub events: u64,
}

/// Receives the progress of a run.
pub trait Observer {
    /// A trial begins. Gives its index, from 0, and the number of trials.
    fn began(&mut self, trial: &Trial, index: usize, of: usize);
    /// The current trial makes progress.
    fn progressed(&mut self, progress: Progress);
    /// The current trial has ended, successfully or not.
    fn ended(&mut self, record: &TrialRecord);
}
