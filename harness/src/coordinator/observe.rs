//! What a run says while it goes on. The runner emits these; who shows them, and how, is not its concern.

use results::schema::TrialRecord;

use crate::scenario::plan::Trial;

/// Where a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Servers start.
    Starting,
    /// Clients subscribe.
    Connecting,
    /// Before, in and after the window.
    Measuring,
}

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it is.
    pub phase: Phase,
    /// Clients that are subscribed.
    pub connected: u32,
    /// Events received so far.
    pub events: u64,
}

/// Hears of a run.
pub trait Observer {
    /// A trial begins: its index, from 0, of so many.
    fn began(&mut self, trial: &Trial, index: usize, of: usize);
    /// It is so far.
    fn progressed(&mut self, progress: Progress);
    /// It has ended, in one way or another.
    fn ended(&mut self, record: &TrialRecord);
}
