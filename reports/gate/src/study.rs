//! The gate's study of itself: how often it fails builds that are equal and how often it passes them, and the same of
//! heads with a slowdown that is known.
//!
//! Both come from blocks that were measured: sessions are made of them again, with labels exchanged by chance or with
//! blocks drawn by chance, and each is judged by the gate's own rule. Pure, with chance from a seed.

mod pool;
mod rates;
mod text;

use std::collections::BTreeMap;

use results::lists::unique;
use serde::Serialize;
use stats::random::Random;
use thiserror::Error;

use self::pool::{Head, Pool, blocks};
use crate::paired::{self, Cell, GATED, Metric, Pairs, Session};

pub use self::rates::{Rate, Rates, TestRate, Verdicts};

/// Sessions that are made where nobody says how many.
pub const MADE: usize = 1_000;
/// Fewest sessions that a rate is of.
pub const FEWEST_SESSIONS: usize = 100;

/// Most tests of sessions that are made, each counted as often as it has blocks: at most about a minute of work.
const MOST_WORK: usize = 2_000_000;

/// Keeps the chance of what is seen apart from that of what is drawn.
const SIGHT: u64 = 1 << 32;

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

/// Why there is no study.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum GateStudyError {
    /// Nothing to study.
    #[error("no session was given")]
    Nothing,
    /// A rate of few sessions says little.
    #[error("{0} sessions are to be made, and {FEWEST_SESSIONS} at least are needed")]
    FewSessions(usize),
    /// It would take minutes.
    #[error(
        "{made} sessions of {tests} tests in {blocks} blocks are too many: expected at most {MOST_WORK} when the three are \
         multiplied; lower --made, or study fewer cells"
    )]
    Large {
        /// Sessions to be made.
        made: usize,
        /// Tests of a session.
        tests: usize,
        /// Blocks of a session.
        blocks: u32,
    },
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
        for Session { plan, .. } in sessions {
            let (tests, blocks) = (GATED.len() * plan.cells.len(), plan.blocks);
            if made.saturating_mul(tests).saturating_mul(blocks as usize) > MOST_WORK {
                return Err(GateStudyError::Large { made, tests, blocks });
            }
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
        let rates = |sessions: &[&Measured<'_>], head: Head, stream| {
            let pool = Pool {
                sessions: sessions.iter().map(|(session, pairs)| blocks(session.plan.blocks, pairs, head)).collect(),
                limits: measured[0].1.iter().map(|pairs| plan.tolerated.limit(pairs.metric)).collect(),
                head,
            };
            let tests: Vec<(Cell, Metric)> =
                measured[0].1.iter().map(|pairs| (pairs.cell.clone(), pairs.metric)).collect();
            // What is seen has chance of its own, so that how soon that is sure does not decide what is drawn next.
            let [mut random, sight] = [stream, stream + SIGHT].map(|stream| Random::new(seed, stream));
            pool.rates(tests, made, &mut random, sight)
        };
        let injected = unique(measured.iter().filter_map(|(session, _)| session.plan.injected.as_ref()));
        let slowed = injected.into_iter().map(|what| {
            let is_so = |measured: &&&Measured<'_>| measured.0.plan.injected.as_ref() == Some(what);
            let own: Vec<&Measured<'_>> = measured.iter().filter(is_so).copied().collect();
            (what.clone(), rates(&own, Head::Slowed, 1))
        });
        Self {
            cells: plan.cells.clone(),
            blocks: plan.blocks,
            equal: rates(measured, Head::Copy, 0),
            slowed: slowed.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::{Arm, fixture};

    fn one_shape(sessions: &[Session], made: usize, seed: u64) -> (Shape, String) {
        let study = Study::of(sessions, made, seed).unwrap();
        let text = study.text();
        let [shape] = <[Shape; 1]>::try_from(study.shapes).unwrap();
        (shape, text)
    }

    #[test]
    fn equal_builds_fail_in_at_most_one_of_a_hundred() {
        let sessions = [fixture::noisy(16, 3, 1, 0.3), fixture::noisy(16, 3, 2, 0.3)];
        let (shape, text) = one_shape(&sessions, 1_000, 5);
        let Rates { measured_blocks, blocks, made, tests, .. } = &shape.equal;
        assert_eq!((*measured_blocks, *blocks, tests.len(), made.failed.sessions), (32, 16, 6, 1_000));
        assert!(made.failed.times <= 20, "{made:?}");
        assert!((1..=40).contains(&made.invalid.times), "the control fails in two directions: {made:?}");
        assert_eq!(made.passed.times + shape.equal.as_measured.passed.times, 0, "such noise excludes nothing");
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("2 sessions, measured with 32 blocks, 1,000 sessions"), "{text}");
    }

    #[test]
    fn a_known_slowdown_is_found_where_it_is() {
        let mut session = fixture::session(16, 2, 3);
        fixture::slower(&mut session, Arm::Head, "variant-1", 1.3);
        session.plan.injected = Some("+30 % processor time".to_owned());
        let (shape, text) = one_shape(&[session], 100, 6);
        let slowed = &shape.slowed["+30 % processor time"];
        let rates: Vec<u64> = slowed.tests.iter().map(|test| test.failed.times).collect();
        assert!(rates[2] >= 90 && rates[0] <= 2 && slowed.made.failed.times >= rates[2], "{rates:?}");
        assert!((slowed.tests[2].shift.exp() - 1.3).abs() < 0.05, "{slowed:?}");
        assert_eq!((slowed.made.passed.times, slowed.as_measured.passed.times), (0, 0), "what is slower never passes");
        assert!(slowed.tests[0].passed.times > 50 && slowed.tests[2].passed.times == 0, "{slowed:?}");
        assert!(shape.equal.made.failed.times <= 4);
        assert!(text.contains("+30 % processor time") && text.contains("variant-1"), "{text}");
    }

    #[test]
    fn equal_builds_pass_where_it_is_quiet() {
        let passed = |spread| {
            let sessions = [fixture::noisy(16, 1, 8, spread), fixture::noisy(16, 1, 9, spread)];
            let Rates { made, as_measured, .. } = one_shape(&sessions, 100, 7).0.equal;
            assert!(made.failed.times <= 1 && as_measured.failed.times == 0, "{spread}: {made:?}");
            (made.passed.times, as_measured.passed.times)
        };
        let [quiet, noisy] = [0.02, 0.12].map(passed);
        assert_eq!(quiet, (100, 2));
        assert!(noisy.0 <= 10 && noisy.1 == 0, "{noisy:?}");
    }

    #[test]
    fn a_copy_that_fails_is_counted() {
        let mut session = fixture::session(16, 1, 3);
        fixture::slower(&mut session, Arm::Copy, "variant-0", 1.3);
        let mut slowed = session.clone();
        slowed.plan.injected = Some("nothing".to_owned());
        let (shape, text) = one_shape(&[session, slowed], 100, 1);
        let of = |verdicts: Verdicts| [verdicts.failed, verdicts.passed, verdicts.invalid].map(|rate| rate.times);
        assert_eq!(of(shape.equal.as_measured), [2, 0, 0], "as a head");
        assert!(text.contains("2 failed, 0 passed of 2"), "{text}");
        let Rates { made, as_measured, .. } = shape.slowed["nothing"];
        assert_eq!((of(made), of(as_measured)), ([0, 0, 100], [0, 0, 1]), "as a control");
    }

    #[test]
    fn sessions_of_another_shape_are_studied_apart_and_the_same_seed_says_the_same() {
        let session = |blocks, cells, seed| fixture::session(blocks, cells, seed);
        let sessions = [session(16, 1, 4), session(17, 1, 5), session(16, 1, 6), session(16, 2, 7)];
        let study = Study::of(&sessions, 100, 1).unwrap();
        assert_eq!(Study::of(&sessions, 100, 1).unwrap(), study);
        let shapes = study.shapes.iter().map(|shape| (shape.blocks, shape.cells.len(), shape.equal.measured_blocks));
        assert_eq!(shapes.collect::<Vec<_>>(), [(16, 1, 32), (17, 1, 17), (16, 2, 16)]);
    }

    #[test]
    fn too_little_is_no_study() {
        let session = fixture::session(16, 1, 4);
        assert_eq!(Study::of(&[], 100, 1), Err(GateStudyError::Nothing));
        assert_eq!(Study::of(std::slice::from_ref(&session), 99, 1), Err(GateStudyError::FewSessions(99)));
        let many = Study::of(std::slice::from_ref(&session), 1_000_000_000, 1).unwrap_err().to_string();
        assert!(many.starts_with("1000000000 sessions of 2 tests in 16 blocks are too many"), "{many}");
        let mut cut = session;
        cut.trials.pop();
        assert!(matches!(Study::of(&[cut], 100, 1), Err(GateStudyError::Session { session: 1, .. })));
    }
}
