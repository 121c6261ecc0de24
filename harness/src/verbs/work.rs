//! `work`: the load, as the coordinator starts it.

use clap::Args;

use super::child;
use crate::{failure::Failure, load::worker, message::WorkPlan};

/// Options of `work`.
#[derive(Debug, Args)]
pub(crate) struct WorkOptions {
    #[arg(long, required = true)]
    coordinated: bool,
}

pub(crate) fn work() -> Result<(), Failure> {
    child::run(|plan: &WorkPlan| (plan.threads, &plan.approach, plan.target), worker::work)
}
