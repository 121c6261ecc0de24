//! The file of a paired session: its plan on the first line, and one trial per further line.

use results::schema::{Status, TrialRecord};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::blocks::Metric;

/// Name of a session's file in its directory.
pub const FILE_NAME: &str = "session.jsonl";

/// Version of the lines below. It rises when a field is removed, changes its meaning, or is added and required.
pub const SESSION_VERSION: u32 = 1;

/// Maximum number of blocks: twice the largest number that the gate advises.
pub const MOST_BLOCKS: u32 = 128;

/// Maximum number of cells.
pub const MOST_CELLS: usize = 200;

/// One line of a session's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SessionLine {
    /// The first line.
    Plan(Plan),
    /// Every further line.
    Trial(Trial),
}

/// The plan, fixed before the first trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `SESSION_VERSION` of the tool that wrote it.
    pub version: u32,
    /// Name of the base build, such as its revision.
    pub base: String,
    /// Name of the head build.
    pub head: String,
    /// Blocks that count, from 1. Block 0 runs before them and is discarded.
    pub blocks: u32,
    /// The cells that every block runs with every arm.
    pub cells: Vec<Cell>,
    /// Cells that were left out for lack of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Cell>,
    /// The tolerated regression.
    pub tolerated: Tolerated,
    /// Seed of the order and of the resampling.
    pub seed: u64,
    /// The injected slowdown of the head, such as `+30 % p50 latency`. `None` when real builds are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected: Option<String>,
}

/// Tolerated regressions, as shares: 0.1 is 10 %. Each metric has its own, because latencies vary more than CPU times on most
/// machines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerated {
    /// Share of the CPU time per event.
    pub cpu: f64,
    /// Share of the p50 latency.
    pub p50: f64,
}

impl Default for Tolerated {
    /// 10 % of the CPU time, and 20 % of the p50 latency, which varies more.
    fn default() -> Self {
        Self { cpu: 0.1, p50: 0.2 }
    }
}

impl Tolerated {
    /// Returns the share of a metric. p99 latency, which is not judged, has the share of p50.
    #[must_use]
    pub fn share(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Cpu => self.cpu,
            Metric::P50 | Metric::P99 => self.p50,
        }
    }

    /// Returns the share of a metric as the logarithm of a ratio.
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

/// The build that a trial runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// The build to compare with.
    Base,
    /// A copy of the base's binary. A difference from the base is not a difference between builds.
    Copy,
    /// The build to judge.
    Head,
}

impl Arm {
    /// Returns its name in files and directories.
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

/// The position of one trial in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Block, from 0.
    pub block: u32,
    /// Index of the cell, from 0.
    pub cell: usize,
    /// The build.
    pub arm: Arm,
    /// Position among the arms of its block and cell, from 1.
    pub position: u32,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Block, from 0.
    pub block: u32,
    /// The build.
    pub arm: Arm,
    /// Position among the arms of its block and cell, from 1.
    pub position: u32,
    /// The variant and load.
    pub cell: Cell,
    /// Outcome.
    pub status: Status,
    /// Why it failed or is invalid.
    pub reason: Option<String>,
    /// CPU time of servers and workers per delivery in the window, in microseconds.
    pub cpu_us_per_event: Option<f64>,
    /// Median latency, in nanoseconds.
    pub p50_ns: Option<u64>,
    /// 99th percentile of the latency, in nanoseconds. `None` with too few events. For advice only.
    pub p99_ns: Option<u64>,
}

impl Trial {
    /// Builds a trial that left no record.
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

    /// Builds a trial from its record.
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
    /// The plan.
    pub plan: Plan,
    /// The trials, in any order.
    pub trials: Vec<Trial>,
}

/// Why a text is not a session.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SessionError {
    /// The first line is not a plan.
    #[error("the first line of a session must be its plan: run the session again")]
    NoPlan,
    /// A plan after the first line.
    #[error("line {0} is a second plan: keep each session in its own file")]
    SecondPlan(usize),
    /// Another version wrote it.
    #[error("the session has version {0}, expected {SESSION_VERSION}: judge it with the tool that wrote it")]
    Version(u32),
    /// It has more blocks or cells than can be judged in bounded time.
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
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// The problem.
        problem: String,
    },
}

impl SessionLine {
    /// Returns the line as it is written, with its line feed.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a line is plain data") + "\n"
    }
}

impl Session {
    /// Reads a session's file.
    ///
    /// # Errors
    /// A line cannot be read, or the session is too large.
    pub fn read(text: &str) -> Result<Self, SessionError> {
        let mut plan = None;
        let mut trials = Vec::new();
        let mut lines = (1..).zip(text.lines().map(str::trim_end)).filter(|(_, text)| !text.is_empty()).peekable();
        while let Some((line, text)) = lines.next() {
            let read = serde_json::from_str::<SessionLine>(text);
            match (&plan, read) {
                // A crash cut the last line. The trial is missing, which the judgement reports.
                (Some(_), Err(error)) if error.is_eof() && lines.peek().is_none() => {}
                (_, Err(error)) => return Err(SessionError::Unreadable { line, problem: error.to_string() }),
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

    /// Returns the text of the session's file.
    #[must_use]
    pub fn text(&self) -> String {
        let trials = self.trials.iter().map(|trial| SessionLine::Trial(trial.clone()).text());
        std::iter::once(SessionLine::Plan(self.plan.clone()).text()).chain(trials).collect()
    }
}
