//! The gate's study of itself: how often it fails builds that are equal, and how often it finds a slowdown that is known.
//!
//! Both come from blocks that were measured: sessions are made of them again, with labels exchanged by chance or with
//! blocks drawn by chance, and each is judged by the gate's own rule. Pure, with chance from a seed.

mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use super::{
    paired::{self, Cell, Metric, Session},
    random::Random,
};
use crate::inference;

pub use text::{render_equals, render_power};

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

/// How often the gate fails builds that are equal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Equals {
    /// Sessions that the blocks are from.
    pub measured_sessions: usize,
    /// Blocks that were measured.
    pub measured_blocks: usize,
    /// Blocks of each session that was made.
    pub blocks: usize,
    /// Tests of each.
    pub tests: usize,
    /// Sessions that failed in any test: the rule as it is, with Holm's adjustment.
    pub failed: Rate,
    /// The sessions as they were measured, the copy in the head's place.
    pub as_measured: Rate,
}

/// How often the gate finds one injected slowdown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// What was injected, such as `+20 % latency`.
    pub injected: String,
    /// Blocks of each session that was made.
    pub blocks: usize,
    /// Tests of each.
    pub tests: usize,
    /// Sessions that failed in any test.
    pub failed: Rate,
    /// For each test, sessions that failed in it.
    pub of_tests: Vec<(Cell, Metric, Rate)>,
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
    /// Sessions of other cells or another tolerance.
    #[error("session {0} has other cells, blocks or tolerance than the first")]
    Mixed(usize),
}

/// What all sessions together say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// Of the control of each session.
    pub equals: Equals,
    /// Of the heads that were slowed down on purpose, by how.
    pub power: Vec<Power>,
}

impl Study {
    /// Studies these sessions: so many are made of their blocks for each rate.
    ///
    /// # Errors
    /// There is too little to make a rate of.
    pub fn of(sessions: &[Session], made: usize, seed: u64) -> Result<Self, GateStudyError> {
        let equals = equals(sessions, made, seed)?;
        let mut injected: BTreeMap<&str, Vec<Session>> = BTreeMap::new();
        for session in sessions {
            if let Some(what) = &session.plan.injected {
                injected.entry(what).or_default().push(session.clone());
            }
        }
        let power = injected.into_iter().map(|(what, sessions)| power(what, &sessions, made, seed));
        Ok(Self { equals, power: power.collect::<Result<_, _>>()? })
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let power = if self.power.is_empty() { String::new() } else { render_power(&self.power) };
        format!("{}\n{power}", render_equals(&self.equals))
    }
}

/// The tests of a block, in their order.
type Block = Vec<f64>;

/// How often sessions of equal builds fail. In each block the labels of base and copy are exchanged or not, by a coin,
/// for all its cells at once, as what disturbs a block disturbs them together. Blocks are drawn from those of all
/// sessions, each at most once.
///
/// # Errors
/// There is too little to make a rate of.
pub fn equals(sessions: &[Session], made: usize, seed: u64) -> Result<Equals, GateStudyError> {
    let limits = checked(sessions, made)?;
    let measured = sessions.iter().map(|session| blocks(session, |pairs| &pairs.control)).collect::<Vec<_>>();
    let pool: Vec<&Block> = measured.iter().flatten().collect();
    let size = measured.iter().map(Vec::len).min().unwrap_or(0);
    let mut random = Random::new(seed, 0);
    let fails = |_: &usize| {
        let mut drawn = pool.clone();
        random.shuffle(&mut drawn);
        let exchanged = drawn[..size].iter().map(|block| {
            let sign = if random.coin() { -1.0 } else { 1.0 };
            block.iter().map(|difference| sign * difference).collect()
        });
        paired::regressions(&by_test(&exchanged.collect::<Vec<Block>>()), &limits).contains(&true)
    };
    let failed = (0..made).filter(fails).count();
    let as_measured =
        measured.iter().filter(|blocks| paired::regressions(&by_test(blocks), &limits).contains(&true)).count();
    Ok(Equals {
        measured_sessions: sessions.len(),
        measured_blocks: pool.len(),
        blocks: size,
        tests: pool.first().map_or(0, |block| block.len()),
        failed: Rate::of(failed, made),
        as_measured: Rate::of(as_measured, measured.len()),
    })
}

/// How often sessions find what was injected into the head of these sessions: blocks are drawn from all of them, each as
/// often as chance has it, as many as a session has.
///
/// # Errors
/// There is too little to make a rate of.
pub fn power(injected: &str, sessions: &[Session], made: usize, seed: u64) -> Result<Power, GateStudyError> {
    let limits = checked(sessions, made)?;
    let measured = sessions.iter().map(|session| blocks(session, |pairs| &pairs.head)).collect::<Vec<_>>();
    let pool: Vec<&Block> = measured.iter().flatten().collect();
    let size = measured.iter().map(Vec::len).min().unwrap_or(0);
    let tests = sessions[0].plan.cells.iter().flat_map(|cell| paired::GATED.map(|metric| (cell.clone(), metric)));
    let tests: Vec<(Cell, Metric)> = tests.collect();
    let mut times = vec![0; tests.len()];
    let mut failed = 0;
    let mut random = Random::new(seed, 1);
    for _ in 0..made {
        let drawn: Vec<Block> = (0..size).map(|_| pool[random.below(pool.len())].clone()).collect();
        let failing = paired::regressions(&by_test(&drawn), &limits);
        failed += usize::from(failing.contains(&true));
        times.iter_mut().zip(failing).for_each(|(times, fails)| *times += usize::from(fails));
    }
    Ok(Power {
        injected: injected.to_owned(),
        blocks: size,
        tests: tests.len(),
        failed: Rate::of(failed, made),
        of_tests: tests
            .into_iter()
            .zip(times)
            .map(|((cell, metric), times)| (cell, metric, Rate::of(times, made)))
            .collect(),
    })
}

/// What is tolerated in each test, as a logarithm, of sessions that can be studied together.
fn checked(sessions: &[Session], made: usize) -> Result<Vec<f64>, GateStudyError> {
    let first = sessions.first().ok_or(GateStudyError::Nothing)?;
    if made < FEWEST_SESSIONS {
        return Err(GateStudyError::FewSessions(made));
    }
    for (place, session) in (1..).zip(sessions) {
        let alike = |session: &Session| {
            let plan = &session.plan;
            (plan.cells.clone(), plan.blocks, paired::GATED.map(|metric| plan.tolerated.of(metric).to_bits()))
        };
        if alike(session) != alike(first) {
            return Err(GateStudyError::Mixed(place));
        }
        paired::gated_pairs(session).map_err(|reason| GateStudyError::Session { session: place, reason })?;
    }
    Ok(first.plan.cells.iter().flat_map(|_| paired::GATED.map(|metric| first.plan.tolerated.limit(metric))).collect())
}

/// The blocks of a session in which every test has a pair.
fn blocks(session: &Session, side: fn(&paired::Pairs) -> &Vec<(u32, f64)>) -> Vec<Block> {
    let pairs = paired::gated_pairs(session).unwrap_or_default();
    let of_block = |block: u32| {
        let difference = |pairs| side(pairs).iter().find(|(of, _)| *of == block).map(|(_, difference)| *difference);
        pairs.iter().map(difference).collect::<Option<Block>>()
    };
    (1..=session.plan.blocks).filter_map(of_block).collect()
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

    #[test]
    fn equal_builds_fail_in_at_most_one_of_a_hundred() {
        let sessions = [fixture::noisy(16, 3, 1, 0.3), fixture::noisy(16, 3, 2, 0.3)];
        let study = equals(&sessions, 1_000, 5).unwrap();
        assert_eq!((study.measured_blocks, study.blocks, study.tests), (32, 16, 6));
        assert!(study.failed.times <= 20, "{:?}", study.failed);
        assert_eq!(study.failed.sessions, 1_000);
        assert_eq!(equals(&sessions, 1_000, 5).unwrap(), study);
        let text = render_equals(&study);
        assert!(text.contains("of 1,000 sessions") && text.contains("32 blocks"), "{text}");
    }

    #[test]
    fn a_known_slowdown_is_found_where_it_is() {
        let mut session = fixture::session(16, 2, 3);
        fixture::slower(&mut session, Arm::Head, "variant-1", 1.3);
        let study = power("+30 % processor time", &[session], 200, 6).unwrap();
        let rates: Vec<u64> = study.of_tests.iter().map(|(_, _, rate)| rate.times).collect();
        assert!(rates[2] >= 180 && rates[0] <= 4 && study.failed.times >= rates[2], "{rates:?}");
        let text = render_power(&[study]);
        assert!(text.contains("+30 % processor time") && text.contains("variant-1"), "{text}");
    }

    #[test]
    fn too_little_is_no_study() {
        let session = fixture::session(16, 1, 4);
        assert_eq!(equals(&[], 100, 1), Err(GateStudyError::Nothing));
        assert_eq!(equals(std::slice::from_ref(&session), 99, 1), Err(GateStudyError::FewSessions(99)));
        let other = fixture::session(17, 1, 4);
        assert_eq!(equals(&[session.clone(), other], 100, 1), Err(GateStudyError::Mixed(2)));
        let mut cut = session;
        cut.trials.pop();
        assert!(matches!(power("x", &[cut], 100, 1), Err(GateStudyError::Session { session: 1, .. })));
    }
}
