//! What `serve` and `work` share when the coordinator starts them: tied to it, told their plan, and heard to the end.

use serde::de::DeserializeOwned;

use crate::{
    failure::Failure,
    message::Report,
    process::{Control, become_child},
    registry::{self, Approach},
};

/// Runs the life of a child on a runtime of its own. What goes wrong in it is reported to the coordinator.
pub(super) fn run<Plan: DeserializeOwned, Life: Future<Output = anyhow::Result<()>>>(
    threads_and_approach: fn(&Plan) -> (usize, &str),
    live: impl FnOnce(&'static Approach, Plan, Control) -> Life,
) -> Result<(), Failure> {
    become_child().map_err(|error| Failure::Internal(error.into()))?;
    let (plan, control) = Control::open::<Plan>().map_err(Failure::usage)?;
    let reporter = control.reporter();
    let (threads, name) = threads_and_approach(&plan);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads.max(1)).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Internal(error.into()))?;
    let name = name.to_owned();
    let lived = match registry::find(&name) {
        Some(approach) => runtime.block_on(live(approach, plan, control)),
        None => Err(anyhow::anyhow!("this build has no approach `{name}`")),
    };
    if let Err(error) = lived {
        reporter.report(&Report::Failed { message: format!("{error:#}") });
    }
    // What is still under way needs no orderly end: its process ends.
    runtime.shutdown_background();
    Ok(())
}
