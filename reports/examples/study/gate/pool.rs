//! Resamples sessions from measured blocks and judges them.

use std::collections::HashMap;

use ::gate::{
    Verdict,
    paired::{self, Cell, Metric, Pairs},
};
use stats::{random::Random, signed_rank};

use super::rates::{Rate, Rates, TestRate, Verdicts};

/// The head of a resampled session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// The copy of the base.
    Copy,
    /// The head with an injected slowdown.
    Slowed,
}

/// The differences of one block against the base, one per test.
#[derive(Debug, Clone)]
pub(super) struct Block {
    head: Vec<f64>,
    control: Vec<f64>,
}

/// The measured blocks for one kind of head.
pub(super) struct Pool {
    /// The blocks of each session.
    pub(super) sessions: Vec<Vec<Block>>,
    /// Tolerance of each test, as a logarithm.
    pub(super) limits: Vec<f64>,
    pub(super) head: Head,
}

impl Pool {
    pub(super) fn rates(
        &self,
        tests: Vec<(Cell, Metric)>,
        made: usize,
        random: &mut Random,
        mut sight: Random,
    ) -> Rates {
        let all: Vec<&Block> = self.sessions.iter().flatten().collect();
        let blocks = self.sessions.iter().map(Vec::len).min().unwrap_or(0);
        let remade = match self.head {
            Head::Copy => exchanged,
            Head::Slowed => redrawn,
        };
        let of_made: Vec<Judged> = (0..made).map(|_| self.judged(&remade(&all, blocks, random), &mut sight)).collect();
        let as_measured = self.sessions.iter().map(|blocks| match self.head {
            Head::Copy => Some(self.verdicts(blocks, &mut sight)),
            Head::Slowed => self.judged(blocks, &mut sight),
        });
        let of_test = |test: usize, verdict: Verdict| {
            Rate::from_counts(of_made.iter().flatten().filter(|verdicts| verdicts[test] == verdict).count(), made)
        };
        let whole = by_test(&all, |block| &block.head);
        let tests = tests.into_iter().zip(whole).enumerate().map(|(test, ((cell, metric), differences))| TestRate {
            cell,
            metric,
            shift: signed_rank::shift(&differences).unwrap_or(f64::NAN),
            failed: of_test(test, Verdict::Regression),
            passed: of_test(test, Verdict::Pass),
        });
        Rates {
            measured_blocks: all.len(),
            blocks,
            made: Verdicts::count(&of_made),
            as_measured: Verdicts::count(&as_measured.collect::<Vec<Judged>>()),
            tests: tests.collect(),
        }
    }

    fn judged(&self, blocks: &[Block], sight: &mut Random) -> Judged {
        let controls = by_test(&blocks.iter().collect::<Vec<_>>(), |block| &block.control);
        (!paired::control_fails(&controls, &self.limits)).then(|| self.verdicts(blocks, sight))
    }

    fn verdicts(&self, blocks: &[Block], sight: &mut Random) -> Vec<Verdict> {
        let blocks: Vec<&Block> = blocks.iter().collect();
        let [heads, controls] = [by_test(&blocks, |block| &block.head), by_test(&blocks, |block| &block.control)];
        paired::verdicts(&heads, &controls, &self.limits, sight)
    }
}

/// The verdict of each test of a session. `None` if its control failed.
type Judged = Option<Vec<Verdict>>;

impl Verdicts {
    fn count(sessions: &[Judged]) -> Self {
        let rate = |did: fn(&Vec<Verdict>) -> bool| {
            Rate::from_counts(sessions.iter().flatten().filter(|verdicts| did(verdicts)).count(), sessions.len())
        };
        Self {
            failed: rate(|verdicts| verdicts.contains(&Verdict::Regression)),
            passed: rate(|verdicts| verdicts.iter().all(|verdict| *verdict == Verdict::Pass)),
            invalid: Rate::from_counts(sessions.iter().filter(|judged| judged.is_none()).count(), sessions.len()),
        }
    }
}

/// Builds a session of equal builds. Draws blocks without replacement, and randomly swaps the labels of base and copy
/// in each block. A swap affects all cells of the block, because a disturbance affects the whole block. Head and
/// control are swapped independently.
fn exchanged(pool: &[&Block], blocks: usize, random: &mut Random) -> Vec<Block> {
    let mut drawn = pool.to_vec();
    random.shuffle(&mut drawn);
    let mut exchanged = |differences: &[f64]| {
        let sign = if random.coin() { -1.0 } else { 1.0 };
        differences.iter().map(|difference| sign * difference).collect()
    };
    let both =
        drawn[..blocks].iter().map(|block| Block { head: exchanged(&block.head), control: exchanged(&block.control) });
    both.collect()
}

/// Builds a session with the same head by drawing blocks with replacement.
fn redrawn(pool: &[&Block], blocks: usize, random: &mut Random) -> Vec<Block> {
    (0..blocks).map(|_| pool[random.below(pool.len())].clone()).collect()
}

/// Returns the blocks in which every test has a pair.
pub(super) fn blocks(planned: u32, pairs: &[Pairs], head: Head) -> Vec<Block> {
    let by_block = |side: fn(&Pairs) -> &Vec<(u32, f64)>| {
        pairs.iter().map(|pairs| side(pairs).iter().copied().collect()).collect::<Vec<HashMap<u32, f64>>>()
    };
    let (heads, controls) = (by_block(|pairs| &pairs.head), by_block(|pairs| &pairs.control));
    let of_block = |block: u32, side: &[HashMap<u32, f64>]| {
        side.iter().map(|test| test.get(&block).copied()).collect::<Option<Vec<f64>>>()
    };
    let both = |block: u32| {
        let control = of_block(block, &controls)?;
        let head = match head {
            Head::Copy => control.clone(),
            Head::Slowed => of_block(block, &heads)?,
        };
        Some(Block { head, control })
    };
    (1..=planned).filter_map(both).collect()
}

/// Returns the differences of each test over these blocks.
fn by_test(blocks: &[&Block], side: fn(&Block) -> &Vec<f64>) -> Vec<Vec<f64>> {
    let tests = blocks.first().map_or(0, |block| side(block).len());
    (0..tests).map(|test| blocks.iter().map(|block| side(block)[test]).collect()).collect()
}
