//! What a session of the paired gate can hold: which cells and how many blocks fit a budget, and in which order they run.
//!
//! Everything here is fixed before the first trial, because a number of blocks that depends on what was seen voids the
//! test. Pure; knows no variant but by the name that it is given.

use stats::{random::Random, signed_rank};
use thiserror::Error;

use super::paired::{self, ARMS, Arm, Cell, GATED, LEVEL, Metric, POWER, Slot, Tolerated};

/// Largest number of blocks for which spare time is used.
const MOST_BLOCKS: u32 = 48;
/// Blocks of a session. Of sessions with equal builds, 95 % or more pass with so many: see "How often `gate paired` is wrong" in
/// `docs/gate.md`.
const BLOCKS: u32 = 32;
/// Seed of the simulation that describes a session before it runs.
const SEED: u64 = 0x5345_4553;

/// A cell that could take part in a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The cell.
    pub cell: Cell,
    /// Duration of one trial in seconds, including start and end.
    pub trial_seconds: f64,
}

/// A session that fits the budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The cells that take part, by priority.
    pub cells: Vec<Cell>,
    /// The cells for which there is no time.
    pub left_out: Vec<Cell>,
    /// Blocks that count. One more runs before them.
    pub blocks: u32,
    /// Duration in seconds.
    pub seconds: f64,
    /// What it can and cannot detect, in sentences.
    pub sees: Vec<String>,
}

/// Why no session fits.
#[derive(Debug, Clone, Error, PartialEq)]
pub enum BudgetError {
    /// There are no cells.
    #[error("the gate has no cells: name at least one variant")]
    NoCells,
    /// A duration is not above 0.
    #[error("a trial of {trial} seconds and a budget of {budget} seconds: both must be above 0")]
    NoTime {
        /// Duration of a trial, in seconds.
        trial: f64,
        /// The budget, in seconds.
        budget: f64,
    },
    /// Even one cell with the fewest possible blocks takes longer.
    #[error(
        "the budget of {budget:.0} s is too small: one cell needs {needed:.0} s for {blocks} blocks, the fewest that can \
         show a regression; raise the budget or shorten the trials"
    )]
    TooSmall {
        /// The budget, in seconds.
        budget: f64,
        /// Required time, in seconds.
        needed: f64,
        /// Blocks.
        blocks: u32,
    },
}

/// Returns the recommended number of blocks for this many cells.
fn blocks_for(cells: usize) -> u32 {
    BLOCKS.max(fewest(cells))
}

/// Returns the fewest blocks with which this many cells can show a regression.
#[must_use]
pub fn fewest(cells: usize) -> u32 {
    u32::try_from(signed_rank::fewest_pairs(cells * GATED.len(), LEVEL)).unwrap_or(u32::MAX)
}

/// Returns the duration of a session in seconds: three arms per cell and block, block 0 included.
fn seconds(candidates: &[Candidate], blocks: u32) -> f64 {
    let of_each: f64 = candidates.iter().map(|candidate| candidate.trial_seconds).sum();
    ARMS.len() as f64 * of_each * (f64::from(blocks) + 1.0)
}

/// Chooses as many candidates, from the first on, as fit with their recommended number of blocks. Spare time goes into more
/// blocks, up to [`MOST_BLOCKS`]. If not even one cell fits, it gets as many blocks as do.
///
/// # Errors
/// There are no candidates, a time is not above 0, or nothing fits.
pub fn choose(candidates: &[Candidate], budget_seconds: f64, tolerated: &Tolerated) -> Result<Choice, BudgetError> {
    let is_time = |value: f64| value.is_finite() && value > 0.0;
    let Some(first) = candidates.first() else { return Err(BudgetError::NoCells) };
    let untimely = candidates.iter().find(|candidate| !is_time(candidate.trial_seconds));
    if untimely.is_some() || !is_time(budget_seconds) {
        let trial = untimely.unwrap_or(first).trial_seconds;
        return Err(BudgetError::NoTime { trial, budget: budget_seconds });
    }
    let fits = |count: usize, blocks: u32| seconds(&candidates[..count], blocks) <= budget_seconds;
    let fitting = (1..=candidates.len()).rev().find(|count| fits(*count, blocks_for(*count)));
    let count = fitting.unwrap_or(1);
    let least = if fitting.is_some() { blocks_for(count) } else { fewest(count) };
    let Some(blocks) = (least..=MOST_BLOCKS.max(least)).rev().find(|blocks| fits(count, *blocks)) else {
        let needed = seconds(&candidates[..count], least);
        return Err(BudgetError::TooSmall { budget: budget_seconds, needed, blocks: least });
    };
    let cells: Vec<Cell> = candidates.iter().map(|candidate| candidate.cell.clone()).collect();
    let (chosen, left_out) = cells.split_at(count);
    Ok(Choice {
        cells: chosen.to_vec(),
        left_out: left_out.to_vec(),
        blocks,
        seconds: seconds(&candidates[..count], blocks),
        sees: sees(chosen, left_out, blocks, tolerated),
    })
}

fn sees(cells: &[Cell], left_out: &[Cell], blocks: u32, tolerated: &Tolerated) -> Vec<String> {
    let tests = cells.len() * GATED.len();
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let names = |cells: &[Cell]| cells.iter().map(|cell| cell.variant.as_str()).collect::<Vec<_>>().join(", ");
    let sight = |metric: Metric| {
        let spread = largest_spread(blocks, tests, tolerated.limit(metric));
        format!(
            "A shift of {} in {} is detected in {} of all sessions if two trials of one build differ by less than about \
             {:.1} % (standard deviation of the logarithm of their ratio). In noisier cells the gate is blind.",
            percent(tolerated.share(metric)),
            metric.name(),
            percent(POWER),
            spread * 100.0
        )
    };
    let mut sees = vec![format!(
        "{} in {blocks} blocks ({}): {tests} tests, CPU time per event and p50 latency of each cell. At least {} \
         valid pairs per test must remain.",
        counted(cells.len()),
        names(cells),
        fewest(cells.len())
    )];
    sees.extend(GATED.map(sight));
    sees.push(
        "Not detected: a regression below the tolerance, and in at least half of all sessions one that equals it. p99 \
         latency is shown but not judged."
            .to_owned(),
    );
    if !left_out.is_empty() {
        sees.push(format!("Not measured, for lack of time: {} ({}).", counted(left_out.len()), names(left_out)));
    }
    sees
}

fn counted(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}

/// Simulates the largest standard deviation of a pair, as the logarithm of a ratio, with which a shift of `limit` is detected
/// in [`POWER`] of all sessions, if pairs are normal.
fn largest_spread(blocks: u32, tests: usize, limit: f64) -> f64 {
    let shown = paired::shown_of_normal(blocks as usize, tests, &mut Random::new(SEED, 0));
    shown.map_or(0.0, |shown| limit / shown)
}

/// Returns the order of a whole session: block 0 and the blocks that count. The cells of a block are in random order. The three
/// arms of a cell follow each other directly, so that slow drift affects all three alike.
///
/// The orders of a cell's arms are balanced and then shuffled over its blocks. Six blocks have all six orders once. Of the
/// remaining blocks, three are rotations of one order. So the numbers of times that two arms have the same position differ by
/// at most one.
#[must_use]
pub fn order(seed: u64, cells: usize, blocks: u32) -> Vec<Slot> {
    let arms: Vec<Vec<[Arm; 3]>> =
        (0..cells).map(|cell| balanced(&mut Random::new(seed, 1 + cell as u64), blocks as usize)).collect();
    let mut random = Random::new(seed, 0);
    let mut slots = Vec::new();
    for block in 0..=blocks {
        let mut sequence: Vec<usize> = (0..cells).collect();
        random.shuffle(&mut sequence);
        for cell in sequence {
            let in_order = (1..).zip(arms[cell][block as usize]);
            slots.extend(in_order.map(|(position, arm)| Slot { block, cell, arm, position }));
        }
    }
    slots
}

/// Returns a random order of the arms for block 0, and balanced orders for the blocks after it.
fn balanced(random: &mut Random, blocks: usize) -> Vec<[Arm; 3]> {
    let [a, b, c] = ARMS;
    let mut orders = Vec::new();
    while orders.len() < blocks {
        // Both directions, each with its three rotations. If some are left out, they are of the second direction.
        let mut ways = [[[a, b, c], [b, c, a], [c, a, b]], [[c, b, a], [b, a, c], [a, c, b]]];
        random.shuffle(&mut ways);
        ways.iter_mut().for_each(|turns| random.shuffle(turns));
        orders.extend(ways.into_iter().flatten().take(blocks - orders.len()));
    }
    random.shuffle(&mut orders);
    let mut first = ARMS;
    random.shuffle(&mut first);
    orders.insert(0, first);
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(count: usize, trial_seconds: f64) -> Vec<Candidate> {
        let cell = |index: usize| Cell { variant: format!("variant-{index}"), load: "one".to_owned() };
        (0..count).map(|index| Candidate { cell: cell(index), trial_seconds }).collect()
    }

    #[test]
    fn the_budget_chooses_cells_and_blocks() {
        let choice = |count, trial, budget| choose(&candidates(count, trial), budget, &Tolerated::default()).unwrap();
        // Three arms × 33 blocks × 5 seconds are 495 seconds per cell.
        let three = choice(18, 5.0, 1_600.0);
        assert_eq!((three.cells.len(), three.left_out.len(), three.blocks), (3, 15, 34));
        assert_eq!(three.seconds, 3.0 * 3.0 * 35.0 * 5.0);
        assert!(three.sees.iter().any(|said| said.contains("15 cells")));
        let all = choice(18, 1.0, 3600.0);
        assert_eq!((all.cells.len(), all.blocks, all.left_out.len()), (18, 48, 0));
        assert_eq!(choice(2, 1.0, 1e6).blocks, 48, "more blocks would not help");
        let one = choice(4, 10.0, 330.0);
        assert_eq!((one.cells.len(), one.blocks), (1, 10), "fewer than 32 blocks if the budget is too small");
        assert!(choice(18, 5.0, 900.0).seconds <= 900.0);
    }

    #[test]
    fn each_cell_has_its_own_duration() {
        let mut slow_last = candidates(3, 5.0);
        slow_last[2].trial_seconds = 8.0;
        let choice = |candidates: &[Candidate]| choose(candidates, 1_500.0, &Tolerated::default()).unwrap();
        assert_eq!(choice(&candidates(3, 5.0)).cells.len(), 3);
        let two = choice(&slow_last);
        assert_eq!((two.cells.len(), two.seconds), (2, 3.0 * 2.0 * 49.0 * 5.0));
    }

    #[test]
    fn a_budget_that_is_too_small_is_an_error() {
        let refused =
            |count, trial, budget| choose(&candidates(count, trial), budget, &Tolerated::default()).unwrap_err();
        assert_eq!(refused(3, 10.0, 60.0), BudgetError::TooSmall { budget: 60.0, needed: 270.0, blocks: 8 });
        assert_eq!(refused(0, 10.0, 60.0), BudgetError::NoCells);
        for (trial, budget) in [(0.0, 60.0), (f64::NAN, 60.0), (1.0, f64::INFINITY), (1.0, -1.0)] {
            assert!(matches!(refused(1, trial, budget), BudgetError::NoTime { .. }));
        }
    }

    #[test]
    fn the_recommended_blocks_can_show_a_regression() {
        assert_eq!([1, 18, 40].map(blocks_for), [BLOCKS; 3]);
        assert!((1..=200).all(|cells| blocks_for(cells) >= fewest(cells)));
    }

    #[test]
    fn the_estimated_duration_is_close_to_the_actual_one() {
        let (blocks, tests, limit) = (16, 12, 0.1_f64.ln_1p());
        let spread = largest_spread(blocks, tests, limit);
        let mut random = Random::new(1, 0);
        let mut is_shown = |_: &i32| {
            let pairs: Vec<f64> = (0..blocks).map(|_| limit + spread * random.normal()).collect();
            signed_rank::p_value(&pairs) * tests as f64 <= LEVEL
        };
        let shown = f64::from((0..1_000).filter(|of| is_shown(of)).count() as u32) / 1_000.0;
        assert!((0.75..0.85).contains(&shown), "{shown}");
    }

    #[test]
    fn the_order_is_complete_and_balanced() {
        for blocks in 1..=26 {
            let slots = order(7, 3, blocks);
            assert_eq!(slots.len(), 3 * 3 * (blocks as usize + 1));
            for cell in 0..3 {
                let own = |block: u32| slots.iter().filter(move |slot| slot.cell == cell && slot.block == block);
                for block in 0..=blocks {
                    assert_eq!(own(block).map(|slot| slot.position).collect::<Vec<_>>(), [1, 2, 3]);
                    assert!(ARMS.iter().all(|arm| own(block).any(|slot| slot.arm == *arm)));
                }
                let times = |arm, position| {
                    let counted = slots.iter().filter(|slot| slot.block > 0 && slot.cell == cell);
                    counted.filter(|slot| slot.arm == arm && slot.position == position).count()
                };
                let all: Vec<usize> =
                    ARMS.into_iter().flat_map(|arm| [1, 2, 3].map(|position| times(arm, position))).collect();
                let (least, most) = (all.iter().min().unwrap(), all.iter().max().unwrap());
                assert!(most - least <= 1, "{blocks} blocks: {all:?}");
            }
        }
        assert_eq!(order(7, 3, 16), order(7, 3, 16));
        assert_ne!(order(7, 3, 16), order(8, 3, 16));
    }

    #[test]
    fn the_arms_of_a_cell_are_adjacent() {
        for triple in order(9, 4, 6).chunks(3) {
            assert!(triple.iter().all(|slot| (slot.block, slot.cell) == (triple[0].block, triple[0].cell)));
        }
    }
}
