//! The system under test: what runs inside a server process, around the server of an approach.

use std::{io, net::SocketAddr, sync::Arc, thread};

use anyhow::Context as _;
use approaches::registry::Approach;
use net::{Meter, Transport};
use proto::Params;
use results::statistics::encode;
use scenario::{HubLimits, feed::FeedSpec};
use servers::{Context, Hub, ServeError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    delay_line::{self, DelayLine},
    hub_sink::HubSink,
    publisher::{Outgoing, Published, publish},
};
use crate::{
    agent::{
        message::{AgentEvent, Command, ServePlan, Served},
        panics,
        process::Control,
    },
    host::{
        spinners::Spinners,
        usage::{Sampled, Sampler},
    },
};

/// A running server.
pub(crate) struct System {
    /// The hub that receives the events.
    pub hub: Arc<Hub>,
    /// The traffic counts of its sockets.
    pub meter: Meter,
    /// The address that it listens on.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<Result<(), ServeError>>,
}

impl System {
    /// Starts the server of an approach on the current runtime.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub(crate) fn start(
        approach: &Approach,
        listen: SocketAddr,
        symbols: &[String],
        limits: HubLimits,
        params: Params,
    ) -> Result<Self, ServeError> {
        let transport = Transport::bind(listen)?;
        let (address, meter) = (transport.address(), transport.meter());
        let hub = Hub::new(symbols, limits.into());
        let shutdown = CancellationToken::new();
        let context = Context { transport, hub: Arc::clone(&hub), params, has_dates: true, shutdown: shutdown.clone() };
        let server = tokio::spawn((approach.serve)(context));
        Ok(Self { hub, meter, address, shutdown, server })
    }

    /// Waits until the server ends by itself.
    ///
    /// # Errors
    /// The server ended, for the reason in the error.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        (&mut self.server).await??;
        anyhow::bail!("the server ended without being asked to")
    }

    /// Stops the server: first every subscription, then the connections.
    ///
    /// # Errors
    /// The server failed, or did not stop.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.hub.close();
        self.shutdown.cancel();
        Ok(self.server.await??)
    }
}

/// Runs a coordinated server from the plan to its measurements.
///
/// # Errors
/// The server cannot start or continue.
pub(crate) async fn serve(approach: &Approach, plan: ServePlan, mut control: Control) -> anyhow::Result<()> {
    let told = control.told()?;
    let names = plan.feed.symbol_names();
    let mut system = System::start(approach, plan.listen, &names, plan.limits, plan.params.clone())?;
    control.report(&AgentEvent::Listening { address: system.address });
    let (hub, meter) = (Arc::clone(&system.hub), system.meter.clone());
    let served = tokio::select! {
        served = measure(&plan, &mut control, &hub, &meter) => Some(served?),
        ended = system.ended() => return ended,
        () = told => None,
    };
    system.stop().await?;
    let served = served.context("the server was told to end by a signal")?;
    control.report(&AgentEvent::Served(Box::new(served)));
    Ok(())
}

/// Publishes from the start, takes samples at the edges of the window, and waits until the workers are done.
async fn measure(plan: &ServePlan, control: &mut Control, hub: &Arc<Hub>, meter: &Meter) -> anyhow::Result<Served> {
    let sampler = Sampler::idle();
    let _busy = Spinners::nice(plan.faults.busy_server_threads.unwrap_or_default())?;
    let Some(Command::Start { start_ns, epoch_ms }) = control.next().await else {
        anyhow::bail!("stopped before the start")
    };
    let feed = FeedSpec { epoch_ms, ..plan.feed.clone() };
    let publisher = spawn_publisher(feed, plan, start_ns, HubSink::new(Arc::clone(hub)))?;
    let sampled_meter = meter.clone();
    let window = sampler.window(start_ns, plan.phases, move || sampled_meter.traffic())?.await;
    let window = window.map_err(|_| panics::failure("sampler"))?;
    let Sampled { usage, before, after } = window;
    anyhow::ensure!(control.next().await == Some(Command::Stop), "expected the order to stop");
    let (published, release_lateness_ns) = publisher.join().flatten().map_err(|_| panics::failure("publisher"))?;
    let mut injected = published.injected;
    injected.note_if(plan.faults.busy_server_threads.is_some_and(|threads| threads > 0), "busy_server_threads");
    let is_held_back = |delay| delay_line::injected(&plan.feed, delay).iter().any(|(_, delay_ns)| *delay_ns > 0);
    injected.note_if(plan.faults.delivery_delay.is_some_and(is_held_back), "delivery_delay");
    Ok(Served {
        published: published.events,
        lateness: encode(&published.lateness),
        lateness_ns: published.lateness_ns,
        release_lateness_ns,
        client_to_server_bytes: after.client_to_server_bytes - before.client_to_server_bytes,
        server_to_client_bytes: after.server_to_client_bytes - before.server_to_client_bytes,
        connections_opened: after.connections_opened - before.connections_opened,
        overflows: hub.overflows(),
        panics: panics::so_far(),
        injected,
        usage,
    })
}

/// The measurements of the publisher, and of the delay line if there is one.
type Publishing = thread::Result<(Published, Vec<(u64, u64)>)>;

/// Starts the threads of the publisher and of the delay line.
fn spawn_publisher(
    feed: FeedSpec,
    plan: &ServePlan,
    start_ns: u64,
    sink: HubSink,
) -> io::Result<thread::JoinHandle<Publishing>> {
    let (phases, faults) = (plan.phases, plan.faults.clone());
    let line = |delay| DelayLine::start(&feed, delay, phases, start_ns, sink.clone());
    let line = faults.delivery_delay.map(line).transpose()?;
    thread::Builder::new().name("publisher".into()).spawn(move || {
        let give = |event: Outgoing| match &line {
            Some(line) => line.hold(event),
            None => sink.accept(event),
        };
        let published = publish(&feed, phases, &faults, start_ns, give);
        Ok((published, line.map_or(Ok(Vec::new()), DelayLine::finish)?))
    })
}
