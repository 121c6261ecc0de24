//! How often `gate paired` fails and passes equal builds, and builds with a known slowdown.
//!
//! Sessions are resampled from measured blocks and judged by the gate's own rule: with labels exchanged at random for
//! equal builds, with blocks drawn at random for slowed ones. The random numbers come from a seed.

mod pool;
mod rates;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use ::gate::paired::{self, Cell, GATED, Metric, Pairs, Session};
use results::unique::unique;
use stats::random::Random;
use thiserror::Error;

use self::{
    pool::{Head, Pool, blocks},
    rates::Rates,
};

/// Default number of resampled sessions per rate.
pub(crate) const MADE: usize = 1_000;
/// Fewest resampled sessions per rate.
const FEWEST_SESSIONS: usize = 100;

/// Limit on sessions × tests × blocks: about a minute of work.
const MOST_WORK: usize = 2_000_000;

/// Offset of the random stream that decides what a session would detect. Keeps the draws independent of it.
const SIGHT: u64 = 1 << 32;

/// The rates of all sessions, grouped by shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Study {
    /// In the order of their first session.
    pub(crate) shapes: Vec<Shape>,
}

/// Sessions with the same cells, blocks and tolerance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// The cells of each block.
    pub(crate) cells: Vec<Cell>,
    /// Planned blocks per session.
    pub(crate) blocks: u32,
    /// Rates with the copy of the base as the head. Each failure is false.
    pub(crate) equal: Rates,
    /// Rates of heads with an injected slowdown, by its description.
    pub(crate) slowed: BTreeMap<String, Rates>,
}

/// Why these sessions cannot be studied.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub(crate) enum StudyError {
    /// There are no sessions.
    #[error("no session was given")]
    Nothing,
    /// Too few resampled sessions were asked for.
    #[error("{0} sessions are to be made, and {FEWEST_SESSIONS} at least are needed")]
    FewSessions(usize),
    /// The study would take minutes.
    #[error(
        "{made} sessions of {tests} tests in {blocks} blocks are too many: expected at most {MOST_WORK} when the three are \
         multiplied; lower --made, or study fewer cells"
    )]
    Large {
        /// Resampled sessions.
        made: usize,
        /// Tests per session.
        tests: usize,
        /// Blocks per session.
        blocks: u32,
    },
    /// A session cannot be judged.
    #[error("session {session}: {reason}")]
    Session {
        /// Its position on the command line, from 1.
        session: usize,
        /// The reason.
        reason: String,
    },
}

impl Study {
    /// Resamples `made` sessions per rate from these sessions.
    pub(crate) fn from_sessions(sessions: &[Session], made: usize, seed: u64) -> Result<Self, StudyError> {
        if sessions.is_empty() {
            return Err(StudyError::Nothing);
        }
        if made < FEWEST_SESSIONS {
            return Err(StudyError::FewSessions(made));
        }
        for Session { plan, .. } in sessions {
            let (tests, blocks) = (GATED.len() * plan.cells.len(), plan.blocks);
            if made.saturating_mul(tests).saturating_mul(blocks as usize) > MOST_WORK {
                return Err(StudyError::Large { made, tests, blocks });
            }
        }
        let pairs = (1..).zip(sessions).map(|(place, session)| {
            let pairs = paired::gated_pairs(session);
            Ok((session, pairs.map_err(|reason| StudyError::Session { session: place, reason })?))
        });
        let measured = pairs.collect::<Result<Vec<Measured<'_>>, StudyError>>()?;
        let shapes = unique(sessions.iter().map(shape)).into_iter().map(|of| {
            let own = measured.iter().filter(|(session, _)| shape(session) == of);
            Shape::build(&own.collect::<Vec<_>>(), made, seed)
        });
        Ok(Self { shapes: shapes.collect() })
    }

    /// Renders the study as `docs/gate.md` shows it.
    pub(crate) fn text(&self) -> String {
        self.shapes.iter().map(text::render).collect::<Vec<_>>().join("\n")
    }
}

/// A session with its gated pairs.
type Measured<'a> = (&'a Session, Vec<Pairs>);

/// Identifies sessions that can be studied together: cells, blocks and tolerance.
fn shape(session: &Session) -> (&[Cell], u32, [u64; 2]) {
    let plan = &session.plan;
    (&plan.cells, plan.blocks, paired::GATED.map(|metric| plan.tolerated.share(metric).to_bits()))
}

impl Shape {
    fn build(measured: &[&Measured<'_>], made: usize, seed: u64) -> Self {
        let plan = &measured[0].0.plan;
        let rates = |sessions: &[&Measured<'_>], head: Head, stream| {
            let pool = Pool {
                sessions: sessions.iter().map(|(session, pairs)| blocks(session.plan.blocks, pairs, head)).collect(),
                limits: measured[0].1.iter().map(|pairs| plan.tolerated.limit(pairs.metric)).collect(),
                head,
            };
            let tests: Vec<(Cell, Metric)> =
                measured[0].1.iter().map(|pairs| (pairs.cell.clone(), pairs.metric)).collect();
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
