//! How often sessions fail and pass: overall and per test.

use ::gate::paired::{Cell, Metric};
use stats::inference;

/// A proportion of sessions, with its exact 95 % interval (Clopper and Pearson). The interval assumes independent
/// sessions; sessions resampled from the same blocks are not quite independent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    /// Sessions that failed, passed or were invalid.
    pub(crate) times: u64,
    /// Sessions.
    pub(crate) sessions: u64,
    /// Interval of the proportion.
    pub(crate) interval: [f64; 2],
}

impl Rate {
    pub(super) fn from_counts(times: usize, sessions: usize) -> Self {
        let (times, sessions) = (times as u64, sessions as u64);
        Self { times, sessions, interval: inference::proportion_interval(times, sessions) }
    }
}

/// How often one kind of head fails and passes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rates {
    /// Measured blocks.
    pub(crate) measured_blocks: usize,
    /// Blocks of each resampled session.
    pub(crate) blocks: usize,
    /// The resampled sessions.
    pub(crate) made: Verdicts,
    /// The measured sessions. With the copy as the head there is no control that could make them invalid.
    pub(crate) as_measured: Verdicts,
    /// Rates per test.
    pub(crate) tests: Vec<TestRate>,
}

/// Outcomes of sessions by the gate's rule. The rest are inconclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdicts {
    /// Sessions that failed in any test.
    pub(crate) failed: Rate,
    /// Sessions that passed in all tests.
    pub(crate) passed: Rate,
    /// Sessions whose control failed.
    pub(crate) invalid: Rate,
}

/// One test over all sessions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TestRate {
    /// Variant and load of the test.
    pub(crate) cell: Cell,
    /// The compared metric.
    pub(crate) metric: Metric,
    /// Hodges–Lehmann estimate over all measured blocks, as the logarithm of a ratio.
    pub(crate) shift: f64,
    /// Valid resampled sessions that failed in this test.
    pub(crate) failed: Rate,
    /// Valid resampled sessions that passed in this test.
    pub(crate) passed: Rate,
}
