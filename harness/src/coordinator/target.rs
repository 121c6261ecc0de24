//! What serves the events of a trial. Today these are the reference servers, one per shard, which are started here.
//!
//! Values that a server reports of itself are `Option` from here to the record: a foreign server reports none, and an
//! unknown value is not zero.

use std::net::{Ipv4Addr, SocketAddr};

use scenario::plan::Trial;

use super::host::Host;
use crate::agent::{
    child::Child,
    message::{AgentEvent, Command, ServePlan, Served},
};

/// The servers of a trial that are running.
#[derive(Debug)]
pub(super) struct Target {
    /// The servers that were started here.
    pub(super) servers: Vec<Child>,
    /// Where the clients of each shard connect to.
    pub(super) addresses: Vec<SocketAddr>,
}

impl Target {
    /// Starts one reference server per shard, and waits until all of them listen.
    pub(super) async fn start(trial: &Trial, host: &Host, threads: usize) -> anyhow::Result<Self> {
        let plan = ServePlan {
            approach: trial.approach.name.to_owned(),
            params: trial.params.clone(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            feed: trial.feed.clone(),
            phases: trial.phases,
            limits: trial.limits,
            threads,
            faults: trial.faults.clone(),
        };
        let mut target = Self { servers: Vec::new(), addresses: Vec::new() };
        for _ in trial.shards.iter() {
            let mut server = host.serve(trial, &plan).await?;
            let AgentEvent::Listening { address } = server.next().await? else {
                anyhow::bail!("the server does not listen")
            };
            target.servers.push(server);
            target.addresses.push(address);
        }
        Ok(target)
    }

    /// Stops the servers. Returns what the server of each shard measured.
    pub(super) async fn stop(&mut self) -> anyhow::Result<Vec<Option<Served>>> {
        let mut measured = Vec::new();
        for server in &mut self.servers {
            server.send(&Command::Stop).await?;
        }
        for server in &mut self.servers {
            let AgentEvent::Served(served) = server.next().await? else {
                anyhow::bail!("a server sent an unexpected message")
            };
            measured.push(Some(*served));
        }
        Ok(measured)
    }
}
