//! Runs one trial: starts servers and workers, gives them a common start, and collects what they measured.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use futures_util::{StreamExt, future::try_join_all, stream::FuturesUnordered};
use scenario::plan::{Shard, Trial};
use tokio::sync::mpsc;

use super::{
    host::Host,
    observe::{Phase, Progress},
    stop::{self, Stopped},
    target::Target,
};
use crate::{
    agent::{
        child::Child,
        message::{AgentEvent, Command, Served, WorkPlan, Worked},
        panics,
    },
    host::{clock, watcher::Seen},
};

/// How long a server may take to listen. A guard against hanging that slow machines stay under.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long subscribing may take at least; with more clients it may take longer.
const CONNECT_LIMIT: Duration = Duration::from_secs(60);
/// A trial goes on only if at least this many clients subscribe per second.
const CONNECT_RATE: u32 = 200;
/// Time between the order to start and the start, so that every process has received the order.
const LEAD: Duration = Duration::from_millis(100);
/// Time that the processes may need after the last phase to sum up.
const REPORT_LIMIT: Duration = Duration::from_secs(60);

/// The measurements of a trial.
#[derive(Debug)]
pub(crate) struct TrialResult {
    /// The measurements of each shard.
    pub(crate) shards: Vec<ShardResult>,
    /// The watcher's measurements of the machine.
    pub(crate) machine: Seen,
    /// When processes were stopped as a fault.
    pub(crate) stopped: Option<Stopped>,
}

/// The measurements of one pair of processes.
#[derive(Debug)]
pub(crate) struct ShardResult {
    /// `None` if the server does not report to us.
    pub(crate) served: Option<Served>,
    pub(crate) worked: Worked,
    pub(crate) subscribed: Subscribed,
}

/// Times and costs of subscribing.
#[derive(Debug, Clone)]
pub(crate) struct Subscribed {
    pub(crate) connected: u32,
    pub(crate) lost: u32,
    pub(crate) seconds: f64,
    pub(crate) first_error: Option<String>,
}

/// Runs a trial on a host. Progress goes to the channel.
pub(crate) async fn run(
    trial: &Trial,
    host: Host,
    progress: mpsc::UnboundedSender<Progress>,
) -> anyhow::Result<TrialResult> {
    panics::watch();
    let mut watcher = host.watch();
    let onlooker = Onlooker { progress, phase: Phase::Starting };
    onlooker.show(0, 0);
    let threads = threads(trial, host.cores);
    let mut target = within(START_LIMIT, "starting the servers", Target::start(trial, &host, threads)).await?;
    let mut workers = try_join_all(trial.shards.iter().zip(&target.addresses).map(|(shard, address)| {
        let plan = work_plan(trial, shard, *address, threads);
        host.work(trial, plan)
    }))
    .await?;

    let limit = CONNECT_LIMIT + Duration::from_secs(u64::from(trial.load.clients / CONNECT_RATE));
    let onlooker = Onlooker { phase: Phase::Connecting, ..onlooker };
    let connected = gather(&mut workers, &mut target.servers, &onlooker, |event| match event {
        AgentEvent::Connected { connected, lost, seconds, first_error } => {
            Some(Subscribed { connected, lost, seconds, first_error })
        }
        _ => None,
    });
    let subscribed = within(limit, "subscribing the clients", connected).await?;
    watcher.connected();

    let start_ns = clock::now_ns() + u64::try_from(LEAD.as_nanos()).expect("a fraction of a second");
    let start = Command::Start {
        start_ns: host.time_at(start_ns),
        epoch_ms: i64::try_from((clock::since_epoch() + LEAD).as_millis()).context("the wall clock is absurd")?,
    };
    for child in target.servers.iter_mut().chain(&mut workers) {
        child.send(&start).await?;
    }
    let watch = watcher.start(start_ns, trial)?;
    let stopped = stop::begin(start_ns, trial, &target.servers, &workers)?;
    let limit = LEAD + REPORT_LIMIT + Duration::from_nanos(trial.phases.measured_ns() + trial.phases.drain_ns);
    let onlooker = Onlooker { phase: Phase::Measuring, ..onlooker };
    let worked = gather(&mut workers, &mut target.servers, &onlooker, |event| match event {
        AgentEvent::Worked(worked) => Some(*worked),
        _ => None,
    });
    let worked = within(limit, "measuring", worked).await?;
    let served = within(REPORT_LIMIT, "stopping the servers", target.stop()).await?;
    let results = served.into_iter().zip(worked).zip(subscribed);
    let shards = results.map(|((served, worked), subscribed)| ShardResult { served, worked, subscribed }).collect();
    let stopped = match stopped {
        Some(stopped) => Some(stopped.await.map_err(|_| panics::failure("stopper"))??),
        None => None,
    };
    let machine = watch.end().await.map_err(panics::failure)?;
    Ok(TrialResult { shards, machine, stopped })
}

/// Where progress goes.
struct Onlooker {
    progress: mpsc::UnboundedSender<Progress>,
    phase: Phase,
}

impl Onlooker {
    fn show(&self, connected: u32, events: u64) {
        // The receiver may be gone.
        let _ = self.progress.send(Progress { phase: self.phase, connected, events });
    }
}

fn work_plan(trial: &Trial, shard: Shard, target: SocketAddr, threads: usize) -> WorkPlan {
    WorkPlan {
        approach: trial.approach.name.to_owned(),
        params: trial.params.clone(),
        target,
        feed: trial.feed.clone(),
        phases: trial.phases,
        first_client: shard.first_client,
        clients: shard.clients,
        symbols_per_client: trial.load.symbols_per_client,
        orders_per_second: trial.load.orders_per_second * f64::from(shard.clients) / f64::from(trial.load.clients),
        threads,
        faults: trial.faults.clone(),
    }
}

/// Returns the number of threads of each process's runtime. The servers of a trial share the cores as one server would,
/// and so do its workers; with more threads they would wait for each other.
fn threads(trial: &Trial, cores: u32) -> usize {
    (cores as usize).div_ceil((trial.shards.count() as usize).max(1))
}

/// Waits for one message from every worker, and returns them in the workers' order. The trial ends if a server sends a
/// message meanwhile, or dies.
async fn gather<T>(
    workers: &mut [Child],
    servers: &mut [Child],
    onlooker: &Onlooker,
    wanted: impl Fn(AgentEvent) -> Option<T> + Copy,
) -> anyhow::Result<Vec<T>> {
    let (sender, mut seen) = mpsc::unbounded_channel();
    let waits = workers.iter_mut().enumerate().map(|(index, worker)| {
        let sender = sender.clone();
        async move {
            loop {
                match worker.next().await? {
                    AgentEvent::Progress { connected, events } => drop(sender.send((index, connected, events))),
                    event => match wanted(event) {
                        Some(found) => return anyhow::Ok((index, found)),
                        None => anyhow::bail!("a worker sent an unexpected message"),
                    },
                }
            }
        }
    });
    let mut waits: FuturesUnordered<_> = waits.collect();
    let mut progress = vec![(0, 0); waits.len()];
    let mut found = Vec::new();
    let mut server_words: FuturesUnordered<_> = servers.iter_mut().map(Child::next).collect();
    while found.len() < progress.len() {
        tokio::select! {
            one = waits.next() => found.extend(one.transpose()?),
            Some((index, connected, events)) = seen.recv() => {
                progress[index] = (connected, events);
                onlooker.show(progress.iter().map(|one| one.0).sum(), progress.iter().map(|one| one.1).sum());
            }
            Some(word) = server_words.next() => {
                word?;
                anyhow::bail!("a server sent an unexpected message");
            }
        }
    }
    found.sort_unstable_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::time::timeout(limit, work).await.with_context(|| format!("{what} took longer than {limit:?}"))?
}
