//! The tiers of `gate`, by name.

use clap::Subcommand;

use super::{exact, judge, paired, study};
use crate::failure::Failure;

/// The tiers of `gate`.
#[derive(Debug, Subcommand)]
pub(crate) enum GateCommand {
    /// Counts in lock step against a committed baseline: any difference fails
    Exact(exact::ExactOptions),
    /// CPU time and latency of two builds, in pairs
    Paired(paired::PairedOptions),
    /// What a recorded session of `gate paired` says
    Judge(judge::JudgeOptions),
    /// How often the gate is wrong, from the sessions of `gate paired`
    Study(study::StudyOptions),
}

pub(crate) fn gate(command: &GateCommand) -> Result<(), Failure> {
    match command {
        GateCommand::Exact(options) => exact::exact(options),
        GateCommand::Paired(options) => paired::paired(options),
        GateCommand::Judge(options) => judge::judge(options),
        GateCommand::Study(options) => study::study(options),
    }
}
