//! What a session of the paired gate recorded: its plan on the first line of a file, and a trial on each other.
//!
//! Wire structures and their reading, which trusts nothing. Judges nothing.

use results::schema::{Status, TrialRecord};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::blocks::Metric;

/// Name of a session's file in its directory.
pub const FILE_NAME: &str = "session.jsonl";

/// Version of the lines below; raised when a field goes, changes its meaning, or comes and must be there.
pub const SESSION_VERSION: u32 = 1;

/// Most blocks of a session: twice what is ever advised.
pub const MOST_BLOCKS: u32 = 128;

/// Most cells of a session.
pub const MOST_CELLS: usize = 200;

/// One line of a session's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SessionLine {
    /// The first.
    Plan(Plan),
    /// Each other.
    Trial(Trial),
}

/// What was to be run, fixed before the first trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `SESSION_VERSION` of the tool that wrote it.
    pub version: u32,
    /// Which build is the base, such as its revision.
    pub base: String,
    /// Which build is the head.
    pub head: String,
    /// Blocks that count, from 1; block 0 runs before them and is thrown away.
    pub blocks: u32,
    /// What each block runs with each arm.
    pub cells: Vec<Cell>,
    /// Cells for which there was no time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Cell>,
    /// The regression that is tolerated.
    pub tolerated: Tolerated,
    /// Seed of the order, and of what is resampled.
    pub seed: u64,
    /// What the head was slowed down by on purpose, such as `+30 % p50 latency`; nothing where builds are judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected: Option<String>,
}

/// Regressions that are tolerated, as shares: 0.1 for 10 %. Each metric has its own, because a machine whose latencies
/// differ by more than its processor times would be blind for the one or deaf for the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerated {
    /// Of processor time for each event.
    pub cpu: f64,
    /// Of p50 latency.
    pub p50: f64,
}

impl Default for Tolerated {
    /// A tenth of each.
    fn default() -> Self {
        Self { cpu: 0.1, p50: 0.1 }
    }
}

impl Tolerated {
    /// The share of this metric; p99 latency, which is not judged, has that of p50.
    #[must_use]
    pub fn share(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Cpu => self.cpu,
            Metric::P50 | Metric::P99 => self.p50,
        }
    }

    /// The same as the logarithm of a ratio.
    #[must_use]
    pub fn limit(&self, metric: Metric) -> f64 {
        self.share(metric).ln_1p()
    }
}

/// One variant under one load.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Name of the variant.
    pub variant: String,
    /// The load, in words.
    pub load: String,
}

/// Whose trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// The build that is known.
    Base,
    /// A copy of the base's binary: what it shows against the base is no difference between builds.
    Copy,
    /// The build that is judged.
    Head,
}

impl Arm {
    /// As a session's file and its directories have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Copy => "copy",
            Self::Head => "head",
        }
    }
}

/// All arms of a block.
pub const ARMS: [Arm; 3] = [Arm::Base, Arm::Copy, Arm::Head];

/// One trial's place in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Block, from 0.
    pub block: u32,
    /// Which of the cells, from 0.
    pub cell: usize,
    /// Whose trial.
    pub arm: Arm,
    /// Place among the arms of its block and cell, from 1.
    pub position: u32,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Block, from 0.
    pub block: u32,
    /// Whose.
    pub arm: Arm,
    /// Place among the arms of its block and cell, from 1.
    pub position: u32,
    /// What ran.
    pub cell: Cell,
    /// Outcome.
    pub status: Status,
    /// Why it failed or is invalid.
    pub reason: Option<String>,
    /// Processor time of servers and workers for each delivery that arrived inside the window, in microseconds.
    pub cpu_us_per_event: Option<f64>,
    /// Median latency in nanoseconds.
    pub p50_ns: Option<u64>,
    /// 99 of 100 latencies are at most this; none where too few events support it. Advice only.
    pub p99_ns: Option<u64>,
}

impl Trial {
    /// A trial of which there is no record, for this reason.
    #[must_use]
    pub fn failed(slot: Slot, cell: Cell, reason: String) -> Self {
        Self {
            block: slot.block,
            arm: slot.arm,
            position: slot.position,
            cell,
            status: Status::Failed,
            reason: Some(reason),
            cpu_us_per_event: None,
            p50_ns: None,
            p99_ns: None,
        }
    }

    /// What the gate needs of a recorded trial.
    #[must_use]
    pub fn from_record(block: u32, arm: Arm, position: u32, load: String, record: &TrialRecord) -> Self {
        let measured = record.measured.as_ref();
        let cpu = measured.map(|measured| measured.cpu);
        Self {
            block,
            arm,
            position,
            cell: Cell { variant: record.variant.clone(), load },
            status: record.status,
            reason: record.error.clone(),
            cpu_us_per_event: cpu
                .and_then(|cpu| cpu.server_us_per_event.zip(cpu.client_us_per_event))
                .map(|(server, client)| server + client),
            p50_ns: measured.and_then(|measured| measured.latency_ns.p50),
            p99_ns: measured.and_then(|measured| measured.latency_ns.p99),
        }
    }
}

/// A whole session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// What was to be run.
    pub plan: Plan,
    /// What was run, in any order.
    pub trials: Vec<Trial>,
}

/// Why a text is no session.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SessionError {
    /// There is no line at all, or the first is no plan.
    #[error("the first line of a session must be its plan; run the session again")]
    NoPlan,
    /// A plan after the first line.
    #[error("line {0} is a second plan; keep sessions in a file each")]
    SecondPlan(usize),
    /// Written by another version.
    #[error("the session has version {0}, expected {SESSION_VERSION}; judge it with the tool that wrote it")]
    Version(u32),
    /// More than is judged in bounded time.
    #[error(
        "the session has {blocks} blocks of {cells} cells, expected at most {MOST_BLOCKS} blocks of {MOST_CELLS} cells"
    )]
    Large {
        /// Blocks of its plan.
        blocks: u32,
        /// Cells of its plan.
        cells: usize,
    },
    /// A line cannot be read.
    #[error("line {line} of the session cannot be read: {problem}")]
    SessionLine {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl SessionLine {
    /// The line as it is written, with its end.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a line is plain data") + "\n"
    }
}

impl Session {
    /// Reads a session's file.
    ///
    /// # Errors
    /// A line is not what it should be.
    pub fn read(text: &str) -> Result<Self, SessionError> {
        let mut plan = None;
        let mut trials = Vec::new();
        let mut lines = (1..).zip(text.lines().map(str::trim_end)).filter(|(_, text)| !text.is_empty()).peekable();
        while let Some((line, text)) = lines.next() {
            let read = serde_json::from_str::<SessionLine>(text);
            match (&plan, read) {
                // Cut by a crash: what it was is missing, and judging says so.
                (Some(_), Err(error)) if error.is_eof() && lines.peek().is_none() => {}
                (_, Err(error)) => return Err(SessionError::SessionLine { line, problem: error.to_string() }),
                (None, Ok(SessionLine::Plan(first))) if first.version == SESSION_VERSION => plan = Some(first),
                (None, Ok(SessionLine::Plan(first))) => return Err(SessionError::Version(first.version)),
                (None, Ok(SessionLine::Trial(_))) => return Err(SessionError::NoPlan),
                (Some(_), Ok(SessionLine::Plan(_))) => return Err(SessionError::SecondPlan(line)),
                (Some(_), Ok(SessionLine::Trial(trial))) => trials.push(trial),
            }
        }
        let plan: Plan = plan.ok_or(SessionError::NoPlan)?;
        let (blocks, cells) = (plan.blocks, plan.cells.len());
        if blocks > MOST_BLOCKS || cells > MOST_CELLS {
            return Err(SessionError::Large { blocks, cells });
        }
        Ok(Self { plan, trials })
    }

    /// The session's file.
    #[must_use]
    pub fn text(&self) -> String {
        let trials = self.trials.iter().map(|trial| SessionLine::Trial(trial.clone()).text());
        std::iter::once(SessionLine::Plan(self.plan.clone()).text()).chain(trials).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::fixture;

    #[test]
    fn a_session_survives_its_file() {
        let session = fixture::session(2, 1, 1);
        let text = session.text();
        assert_eq!(Session::read(&text).as_ref(), Ok(&session));
        assert_eq!(text.lines().count(), 1 + 2 * 3 + 3);
        let as_edited = text.replace('\n', " \r\n") + "\r\n\n";
        assert_eq!(Session::read(&as_edited).as_ref(), Ok(&session));
        let cut = Session::read(&text[..text.len() - 20]).unwrap();
        assert_eq!(cut.trials, session.trials[..session.trials.len() - 1], "the last line is cut and left out");
    }

    #[test]
    fn what_is_no_session_is_refused() {
        let session = fixture::session(1, 1, 1);
        let (plan, rest) = session.text().split_once('\n').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(Session::read(""), Err(SessionError::NoPlan));
        assert_eq!(Session::read(&rest), Err(SessionError::NoPlan));
        assert_eq!(Session::read(&format!("{plan}\n{plan}\n")), Err(SessionError::SecondPlan(2)));
        let other = plan.replace("\"version\":1", "\"version\":7");
        assert_eq!(Session::read(&other), Err(SessionError::Version(7)));
        let broken = format!("{plan}\n{{!\n");
        assert!(matches!(Session::read(&broken), Err(SessionError::SessionLine { line: 2, .. })));
        let large = plan.replace("\"blocks\":1", "\"blocks\":1000");
        assert_eq!(Session::read(&large), Err(SessionError::Large { blocks: 1000, cells: 1 }));
        let misspelt = format!("{plan}\n{}", rest.replace("p50_ns", "p50"));
        assert!(matches!(Session::read(&misspelt), Err(SessionError::SessionLine { line: 2, .. })), "a renamed metric");
    }
}
