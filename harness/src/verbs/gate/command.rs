//! The tiers of `gate`, by name.

use clap::Subcommand;

use super::{exact, judge, paired};
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
}

pub(crate) fn gate(command: &GateCommand) -> Result<(), Failure> {
    match command {
        GateCommand::Exact(options) => exact::exact(options),
        GateCommand::Paired(options) => paired::paired(options),
        GateCommand::Judge(options) => judge::judge(options),
    }
}
