//! `work`: the load, as the coordinator starts it.

use super::output::runtime;
use crate::{
    failure::Failure,
    load::worker,
    message::{Report, WorkPlan},
    process::{Control, become_child},
    registry,
};

pub(crate) fn work() -> Result<(), Failure> {
    become_child().map_err(|error| Failure::Internal(error.into()))?;
    let (plan, control) = Control::open::<WorkPlan>().map_err(Failure::usage)?;
    let reporter = control.reporter();
    let runtime = runtime()?;
    let worked = match registry::find(&plan.approach) {
        Some(approach) => runtime.block_on(worker::work(approach, plan, control)),
        None => Err(anyhow::anyhow!("this build has no approach `{}`", plan.approach)),
    };
    if let Err(error) = worked {
        reporter.report(&Report::Failed { message: format!("{error:#}") });
    }
    // The clients' tasks need no orderly end: their process ends.
    runtime.shutdown_background();
    Ok(())
}
