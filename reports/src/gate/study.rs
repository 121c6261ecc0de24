//! The gate's study of itself: how often it fails builds that are equal, and how often it finds a slowdown that is known.
//!
//! Both come from blocks that were measured: sessions are made of them again, with labels exchanged by chance or with
//! blocks drawn by chance, and each is judged by the gate's own rule. Pure, with chance from a seed.

mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use super::{
    paired::{self, Cell, Metric, Pairs, Session},
    random::Random,
    signed_rank,
};
use crate::{inference, lists::unique};

/// Sessions that are made where nobody says how many.
pub const MADE: usize = 1_000;
/// Fewest sessions that a rate is of.
pub const FEWEST_SESSIONS: usize = 100;

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
    fn of(times: usize, sessions: usize) -> Self {
        let (times, sessions) = (times as u64, sessions as u64);
        Self { times, sessions, interval: inference::proportion_interval(times, sessions) }
    }
}

/// What the sessions given say, those of one shape together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// In the order of their first session.
    pub shapes: Vec<Shape>,
}

/// Sessions with the same cells, blocks and tolerance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shape {
    /// What each block ran.
    pub cells: Vec<Cell>,
    /// Blocks that each session planned.
    pub blocks: u32,
    /// The copy of the base in every session, as if it were the head: each failure is a false one.
    pub equal: Rates,
    /// Heads that were slowed down on purpose, by how.
    pub slowed: BTreeMap<String, Rates>,
}

/// How often one kind of head fails.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// Blocks that were measured.
    pub measured_blocks: usize,
    /// Blocks of each session that was made of them.
    pub blocks: usize,
    /// Sessions that failed in any test: the rule as it is, with Holm's adjustment.
    pub failed: Rate,
    /// The same of the sessions as they were measured.
    pub as_measured: Rate,
    /// Each test.
    pub tests: Vec<TestRate>,
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
    /// Sessions that were made and failed in it.
    pub failed: Rate,
}

/// Why there is no study.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum GateStudyError {
    /// Nothing to study.
    #[error("no session was given")]
    Nothing,
    /// A rate of few sessions says little.
    #[error("{0} sessions are to be made, and {FEWEST_SESSIONS} at least are needed")]
    FewSessions(usize),
    /// A session cannot be judged.
    #[error("session {session}: {reason}")]
    Session {
        /// Its place among those given, from 1.
        session: usize,
        /// Why.
        reason: String,
    },
}

impl Study {
    /// Studies these sessions: so many are made of their blocks for each rate.
    ///
    /// # Errors
    /// There is too little to make a rate of.
    pub fn of(sessions: &[Session], made: usize, seed: u64) -> Result<Self, GateStudyError> {
        if sessions.is_empty() {
            return Err(GateStudyError::Nothing);
        }
        if made < FEWEST_SESSIONS {
            return Err(GateStudyError::FewSessions(made));
        }
        let pairs = (1..).zip(sessions).map(|(place, session)| {
            let pairs = paired::gated_pairs(session);
            Ok((session, pairs.map_err(|reason| GateStudyError::Session { session: place, reason })?))
        });
        let measured = pairs.collect::<Result<Vec<Measured<'_>>, GateStudyError>>()?;
        let shapes = unique(sessions.iter().map(shape)).into_iter().map(|of| {
            let own = measured.iter().filter(|(session, _)| shape(session) == of);
            Shape::of(&own.collect::<Vec<_>>(), made, seed)
        });
        Ok(Self { shapes: shapes.collect() })
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        self.shapes.iter().map(text::render).collect::<Vec<_>>().join("\n")
    }
}

/// A session with the pairs of its tests.
type Measured<'a> = (&'a Session, Vec<Pairs>);

/// What sessions must have in common to be studied together: cells, blocks, and what is tolerated.
fn shape(session: &Session) -> (&[Cell], u32, [u64; 2]) {
    let plan = &session.plan;
    (&plan.cells, plan.blocks, paired::GATED.map(|metric| plan.tolerated.of(metric).to_bits()))
}

impl Shape {
    fn of(measured: &[&Measured<'_>], made: usize, seed: u64) -> Self {
        let plan = &measured[0].0.plan;
        let rates = |sessions: &[&Measured<'_>], side, remade: Remade, stream| {
            let pool = Pool {
                sessions: sessions.iter().map(|(session, pairs)| blocks(session.plan.blocks, pairs, side)).collect(),
                limits: measured[0].1.iter().map(|pairs| plan.tolerated.limit(pairs.metric)).collect(),
            };
            let tests: Vec<(Cell, Metric)> =
                measured[0].1.iter().map(|pairs| (pairs.cell.clone(), pairs.metric)).collect();
            pool.rates(tests, remade, made, &mut Random::new(seed, stream))
        };
        let injected = unique(measured.iter().filter_map(|(session, _)| session.plan.injected.as_ref()));
        let slowed = injected.into_iter().map(|what| {
            let is_so = |measured: &&&Measured<'_>| measured.0.plan.injected.as_ref() == Some(what);
            let own: Vec<&Measured<'_>> = measured.iter().filter(is_so).copied().collect();
            (what.clone(), rates(&own, |pairs| &pairs.head, redrawn, 1))
        });
        Self {
            cells: plan.cells.clone(),
            blocks: plan.blocks,
            equal: rates(measured, |pairs| &pairs.control, exchanged, 0),
            slowed: slowed.collect(),
        }
    }
}

/// The differences of a block, a test each.
type Block = Vec<f64>;

/// So many blocks made of those that were measured.
type Remade = fn(&[&Block], usize, &mut Random) -> Vec<Block>;

/// What sessions measured of one kind of head.
struct Pool {
    /// The blocks of each session.
    sessions: Vec<Vec<Block>>,
    /// What is tolerated in each test, as a logarithm.
    limits: Vec<f64>,
}

impl Pool {
    fn rates(&self, tests: Vec<(Cell, Metric)>, remade: Remade, made: usize, random: &mut Random) -> Rates {
        let all: Vec<&Block> = self.sessions.iter().flatten().collect();
        let blocks = self.sessions.iter().map(Vec::len).min().unwrap_or(0);
        let mut times = vec![0; tests.len()];
        let mut failed = 0;
        for _ in 0..made {
            let failing = self.failing(&remade(&all, blocks, random));
            failed += usize::from(failing.contains(&true));
            times.iter_mut().zip(failing).for_each(|(times, fails)| *times += usize::from(fails));
        }
        let as_measured = self.sessions.iter().filter(|blocks| self.failing(blocks).contains(&true)).count();
        let whole = by_test(&all.iter().copied().cloned().collect::<Vec<Block>>());
        let tests = tests.into_iter().zip(whole).zip(times).map(|(((cell, metric), differences), times)| TestRate {
            cell,
            metric,
            shift: signed_rank::shift(&differences).unwrap_or(f64::NAN),
            failed: Rate::of(times, made),
        });
        Rates {
            measured_blocks: all.len(),
            blocks,
            failed: Rate::of(failed, made),
            as_measured: Rate::of(as_measured, self.sessions.len()),
            tests: tests.collect(),
        }
    }

    /// Which tests fail in a session of these blocks.
    fn failing(&self, blocks: &[Block]) -> Vec<bool> {
        paired::regressions(&by_test(blocks), &self.limits)
    }
}

/// Equal builds: blocks are drawn, each at most once, and in each the labels of base and copy are exchanged or not, by a
/// coin, for all its cells at once, as what disturbs a block disturbs them together.
fn exchanged(pool: &[&Block], blocks: usize, random: &mut Random) -> Vec<Block> {
    let mut drawn = pool.to_vec();
    random.shuffle(&mut drawn);
    let exchanged = drawn[..blocks].iter().map(|block| {
        let sign = if random.coin() { -1.0 } else { 1.0 };
        block.iter().map(|difference| sign * difference).collect()
    });
    exchanged.collect()
}

/// The same head again: blocks are drawn, each as often as chance has it.
fn redrawn(pool: &[&Block], blocks: usize, random: &mut Random) -> Vec<Block> {
    (0..blocks).map(|_| pool[random.below(pool.len())].clone()).collect()
}

/// The blocks, from 1, in which every test has a pair.
fn blocks(planned: u32, pairs: &[Pairs], side: fn(&Pairs) -> &Vec<(u32, f64)>) -> Vec<Block> {
    let of_block = |block: u32| {
        let difference = |pairs| side(pairs).iter().find(|(of, _)| *of == block).map(|(_, difference)| *difference);
        pairs.iter().map(difference).collect::<Option<Block>>()
    };
    (1..=planned).filter_map(of_block).collect()
}

/// The differences of each test over these blocks.
fn by_test(blocks: &[Block]) -> Vec<Vec<f64>> {
    let tests = blocks.first().map_or(0, Vec::len);
    (0..tests).map(|test| blocks.iter().map(|block| block[test]).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::paired::{Arm, fixture};

    fn one_shape(sessions: &[Session], made: usize, seed: u64) -> (Shape, String) {
        let study = Study::of(sessions, made, seed).unwrap();
        assert_eq!(Study::of(sessions, made, seed).unwrap(), study);
        let text = study.text();
        let [shape] = <[Shape; 1]>::try_from(study.shapes).unwrap();
        (shape, text)
    }

    #[test]
    fn equal_builds_fail_in_at_most_one_of_a_hundred() {
        let sessions = [fixture::noisy(16, 3, 1, 0.3), fixture::noisy(16, 3, 2, 0.3)];
        let (shape, text) = one_shape(&sessions, 1_000, 5);
        let Rates { measured_blocks, blocks, failed, tests, .. } = &shape.equal;
        assert_eq!((*measured_blocks, *blocks, tests.len(), failed.sessions), (32, 16, 6, 1_000));
        assert!(failed.times <= 20, "{failed:?}");
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("2 sessions, measured with 32 blocks, 1,000 sessions"), "{text}");
    }

    #[test]
    fn a_known_slowdown_is_found_where_it_is() {
        let mut session = fixture::session(16, 2, 3);
        fixture::slower(&mut session, Arm::Head, "variant-1", 1.3);
        session.plan.injected = Some("+30 % processor time".to_owned());
        let (shape, text) = one_shape(&[session], 200, 6);
        let slowed = &shape.slowed["+30 % processor time"];
        let rates: Vec<u64> = slowed.tests.iter().map(|test| test.failed.times).collect();
        assert!(rates[2] >= 180 && rates[0] <= 4 && slowed.failed.times >= rates[2], "{rates:?}");
        assert!((slowed.tests[2].shift.exp() - 1.3).abs() < 0.05, "{slowed:?}");
        assert!(shape.equal.failed.times <= 4);
        assert!(text.contains("+30 % processor time") && text.contains("variant-1"), "{text}");
    }

    #[test]
    fn sessions_of_another_shape_are_studied_apart() {
        let session = |blocks, cells, seed| fixture::session(blocks, cells, seed);
        let sessions = [session(16, 1, 4), session(17, 1, 5), session(16, 1, 6), session(16, 2, 7)];
        let study = Study::of(&sessions, 100, 1).unwrap();
        let shapes = study.shapes.iter().map(|shape| (shape.blocks, shape.cells.len(), shape.equal.measured_blocks));
        assert_eq!(shapes.collect::<Vec<_>>(), [(16, 1, 32), (17, 1, 17), (16, 2, 16)]);
    }

    #[test]
    fn too_little_is_no_study() {
        let session = fixture::session(16, 1, 4);
        assert_eq!(Study::of(&[], 100, 1), Err(GateStudyError::Nothing));
        assert_eq!(Study::of(std::slice::from_ref(&session), 99, 1), Err(GateStudyError::FewSessions(99)));
        let mut cut = session;
        cut.trials.pop();
        assert!(matches!(Study::of(&[cut], 100, 1), Err(GateStudyError::Session { session: 1, .. })));
    }
}
