//! How often sessions fail and pass, over all and in each test.

use serde::Serialize;
use stats::inference;

use crate::paired::{Cell, Metric};

/// How often sessions did something, with an exact 95 % interval (Clopper and Pearson) for sessions that are independent:
/// those made of the same blocks are not quite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// Sessions that did it.
    pub times: u64,
    /// Sessions.
    pub sessions: u64,
    /// Interval of the probability.
    pub interval: [f64; 2],
}

impl Rate {
    pub(super) fn of(times: usize, sessions: usize) -> Self {
        let (times, sessions) = (times as u64, sessions as u64);
        Self { times, sessions, interval: inference::proportion_interval(times, sessions) }
    }
}

/// How often one kind of head fails and passes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// Blocks that were measured.
    pub measured_blocks: usize,
    /// Blocks of each session that was made of them.
    pub blocks: usize,
    /// The sessions that were made.
    pub made: Verdicts,
    /// The sessions as they were measured. The copy as a head has no control beside it that could make it invalid.
    pub as_measured: Verdicts,
    /// Each test.
    pub tests: Vec<TestRate>,
}

/// What sessions end with, by the rule as it is, with Holm's adjustment; the rest of them is inconclusive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verdicts {
    /// Sessions that failed in any test.
    pub failed: Rate,
    /// Sessions that passed in all tests.
    pub passed: Rate,
    /// Sessions whose control failed: they did neither.
    pub invalid: Rate,
}

/// One test of the sessions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestRate {
    /// What ran.
    pub cell: Cell,
    /// What is compared.
    pub metric: Metric,
    /// Hodges and Lehmann's estimate over all measured blocks, as the logarithm of a ratio.
    pub shift: f64,
    /// Sessions that were made, are valid, and failed in it.
    pub failed: Rate,
    /// Sessions that were made, are valid, and passed in it.
    pub passed: Rate,
}
