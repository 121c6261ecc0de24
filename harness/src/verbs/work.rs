//! `work`: the load process, started by the coordinator.

use clap::Args;

use super::child;
use crate::{agent::message::WorkPlan, failure::Failure, load::worker};

/// Options of `work`.
#[derive(Debug, Args)]
pub(crate) struct WorkOptions {
    #[arg(long, required = true)]
    coordinated: bool,
}

pub(crate) fn work() -> Result<(), Failure> {
    child::run(|plan: &WorkPlan| (plan.threads, &plan.approach, plan.target), worker::work)
}
