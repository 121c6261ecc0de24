//! `work`: the load, as the coordinator starts it.

use super::child;
use crate::{failure::Failure, load::worker, message::WorkPlan};

pub(crate) fn work() -> Result<(), Failure> {
    child::run(|plan: &WorkPlan| (plan.threads, &plan.approach, plan.target), worker::work)
}
