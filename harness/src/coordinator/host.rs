//! The host of a trial's servers and workers. The coordinator asks a host to start them, and starts no process and
//! reads no kernel file itself.

use scenario::plan::Trial;

use crate::{
    agent::{
        child::Child,
        message::{ServePlan, WorkPlan},
    },
    host::{environment, watcher::Watcher},
    load::worker,
    sut::server,
};

/// A host of servers and workers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    /// How it runs its children.
    pub(crate) children: Children,
    /// Cores that they may use.
    pub(crate) cores: u32,
    /// Its monotonic clock minus the coordinator's, in nanoseconds. 0 on the coordinator's own machine.
    pub(crate) clock_offset_ns: i64,
}

/// How a host runs its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Children {
    /// As processes of this machine, as in every measurement.
    Processes,
    /// As tasks of this process, for the self-test's approaches without sockets.
    Tasks,
}

impl Host {
    /// Returns this machine as a host.
    pub(crate) fn local(children: Children) -> Self {
        Self { children, cores: environment::cores(), clock_offset_ns: 0 }
    }

    /// Starts a server.
    pub(crate) async fn serve(&self, trial: &Trial, plan: &ServePlan) -> anyhow::Result<Child> {
        match self.children {
            Children::Processes => Child::start("serve", plan).await,
            Children::Tasks => Ok(Child::here("serve", |control| server::serve(trial.approach, plan.clone(), control))),
        }
    }

    /// Starts a worker.
    pub(crate) async fn work(&self, trial: &Trial, plan: WorkPlan) -> anyhow::Result<Child> {
        match self.children {
            Children::Processes => Child::start("work", &plan).await,
            Children::Tasks => Ok(Child::here("work", |control| worker::work(trial.approach, plan, control))),
        }
    }

    /// Returns the host's time at this time of the coordinator, on the monotonic clocks.
    pub(crate) fn time_at(&self, coordinator_ns: u64) -> u64 {
        coordinator_ns.saturating_add_signed(self.clock_offset_ns)
    }

    /// Begins to watch the machine, before the first child is started.
    pub(crate) fn watch(&self) -> Watcher {
        Watcher::begin()
    }
}
