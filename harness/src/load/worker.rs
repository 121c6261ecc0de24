//! A worker: opens its clients' subscriptions, stamps each batch when it is decoded, and passes it to the recorder.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Context as _;
use approaches::registry::{Approach, Exchange};
use clients::{Context, Subscription, Ticks};
use futures_util::{FutureExt, StreamExt, stream};
use net::Endpoint;
use proto::symbol_name;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use scenario::{
    faults::Injected,
    feed::{sample::Sample, uniform},
};
use tokio::sync::Notify;

use super::{
    expectation::Expectation,
    oracle::{Audience, Oracle},
    orders::{OpenOrders, OrderBook},
    pace::{self, Start},
    recorder::{Recorder, SharedRecorder, Theory},
    tamper::Tamper,
};
use crate::{
    agent::{
        message::{AgentEvent, Command, WorkPlan},
        panics,
        process::{Control, Reporter},
    },
    host::{
        clock, listen_queue,
        ports::SOURCE_ADDRESSES,
        spinners::Spinners,
        usage::{Sampler, Usage},
    },
};

/// Pause between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(250);
/// Makes the poll phases' random numbers independent of the feed's.
const SEED_SALT: u64 = 0x5048_4153_4553;

/// The state that all tasks of a worker share.
struct Shared {
    recorder: SharedRecorder,
    open_orders: Arc<OpenOrders>,
    settled: Notify,
    connected: AtomicU32,
    tamper: Option<Tamper>,
}

/// Runs a worker from the plan to its record.
///
/// # Errors
/// The coordinator sent an unexpected message.
pub async fn work(approach: &Approach, plan: WorkPlan, mut control: Control) -> anyhow::Result<()> {
    let sampler = Sampler::idle();
    let setting = match approach.facts.exchange {
        Exchange::Push => None,
        Exchange::Poll(name) | Exchange::Hold(name) => Some(plan.params.duration(name)?),
    };
    let theory = Theory::new(approach.facts.exchange, setting);
    let audience = Audience {
        first_client: plan.first_client,
        clients: plan.clients,
        symbols_per_client: plan.symbols_per_client,
        delivery: approach.facts.delivery,
    };
    let oracle =
        Oracle::new(Expectation::from_feed(&plan.feed), Sample::new(&plan.feed, plan.phases), plan.phases, audience);
    let recorder = Recorder::new(oracle, plan.phases, theory, plan.clients).with_faults(plan.faults.clone());
    let recorder = Arc::new(Mutex::new(recorder));
    let mut orders = OrderBook::default();
    let shared = Arc::new(Shared {
        recorder: Arc::clone(&recorder),
        open_orders: orders.open(),
        settled: Notify::new(),
        connected: AtomicU32::new(0),
        tamper: Tamper::new(&plan.faults, plan.phases),
    });
    let busy_threads = plan.faults.busy_worker_threads.unwrap_or_default();
    let _busy = Spinners::nice(busy_threads)?;
    let progress = tokio::spawn(report_progress(Arc::clone(&shared), control.reporter()));

    let start = Start::default();
    let contexts = contexts(approach, &plan, setting, &start, &recorder, &mut orders);
    connect(approach, &plan, contexts, &shared, &control).await;
    let Some(Command::Start { start_ns, epoch_ms }) = control.next().await else { anyhow::bail!("expected the start") };
    recorder.lock().expect("no holder panics").start(start_ns, epoch_ms);
    start.set(start_ns).context("told twice to start")?;
    if let Some(tamper) = &shared.tamper {
        tamper.start(start_ns);
    }
    if plan.orders_per_second > 0.0 {
        let (plan, recorder) = (plan.clone(), Arc::clone(&recorder));
        thread::Builder::new().name("orders".into()).spawn(move || orders.run(&plan, start_ns, &recorder))?;
    }
    let usage = measure(&plan, start_ns, sampler, &shared).await?;
    progress.abort();
    let worked = {
        let mut recorder = recorder.lock().expect("no holder panics");
        recorder.injected(&injected(&plan, approach, busy_threads, &shared));
        recorder.finish(clock::now_ns(), usage)
    };
    control.report(&AgentEvent::Worked(Box::new(worked)));
    Ok(())
}

/// Returns the faults that parts of the worker other than the recorder injected.
fn injected(plan: &WorkPlan, approach: &Approach, busy_threads: u32, shared: &Shared) -> Injected {
    let mut injected = shared.tamper.as_ref().map(Tamper::injected).unwrap_or_default();
    injected.note_if(busy_threads > 0, "busy_worker_threads");
    injected.note_if(plan.first_client == 0, "lose_client");
    injected.note_if(matches!(approach.facts.exchange, Exchange::Poll(_)), "synchronise_polls");
    injected
}

/// Returns the parameters of each client, in order.
fn contexts(
    approach: &Approach,
    plan: &WorkPlan,
    setting: Option<Duration>,
    start: &Start,
    recorder: &SharedRecorder,
    orders: &mut OrderBook,
) -> Vec<Context> {
    let seed = plan.feed.seed ^ SEED_SALT ^ u64::from(plan.first_client);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..plan.clients)
        .map(|client| {
            let ticks = match (approach.facts.exchange, setting) {
                (Exchange::Poll(_), Some(interval)) => {
                    let place = if plan.faults.synchronise_polls { 0.5 } else { uniform(&mut random) };
                    let first_ns = (place * interval.as_nanos() as f64) as u64;
                    recorder.lock().expect("no holder panics").polls_from(first_ns, interval);
                    pace::polls(Start::clone(start), first_ns, interval, Arc::clone(recorder))
                }
                _ => Ticks::default(),
            };
            let client = plan.first_client + client;
            let symbols = plan.feed.symbols_of(client, plan.symbols_per_client).map(symbol_name).collect();
            let endpoint = Endpoint { source: source_of(client, plan.target), ..Endpoint::new(plan.target) };
            let orders = if plan.orders_per_second > 0.0 { orders.queue() } else { clients::Orders::default() };
            let seed = plan.feed.seed.wrapping_add(u64::from(client));
            Context { endpoint, symbols, after: Some(0), params: plan.params.clone(), ticks, orders, seed }
        })
        .collect()
}

/// Spreads the clients over loopback addresses, so that no pair of addresses runs out of ports, even if each request
/// takes one. If the server is on another machine, the system selects the address.
fn source_of(client: u32, target: SocketAddr) -> Option<IpAddr> {
    let IpAddr::V4(address) = target.ip() else { return None };
    let last = u8::try_from(client % SOURCE_ADDRESSES).expect("less than 250") + 1;
    address.is_loopback().then_some(IpAddr::V4(Ipv4Addr::new(127, 0, 1, last)))
}

async fn connect(
    approach: &Approach,
    plan: &WorkPlan,
    contexts: Vec<Context>,
    shared: &Arc<Shared>,
    control: &Control,
) {
    let began_ns = clock::now_ns();
    let mut lost = 0;
    let mut first_error = None;
    let attempts = stream::iter(contexts.into_iter().enumerate()).map(|(client, context)| async move {
        let is_lost = plan.faults.lose_client && client == 0;
        let lost = Err(clients::ClientError::Refused("a fault that was asked for".into()));
        let subscribe = AssertUnwindSafe(async { if is_lost { lost } else { (approach.subscribe)(context).await } });
        (client, subscribe.catch_unwind().await)
    });
    let mut attempts = std::pin::pin!(attempts.buffer_unordered(listen_queue::clients_at_once()));
    while let Some((client, attempt)) = attempts.next().await {
        match attempt {
            Ok(Ok(subscription)) => {
                shared.connected.fetch_add(1, Ordering::Relaxed);
                let client = u32::try_from(client).expect("clients are counted in 32 bits");
                tokio::spawn(keep_following(client, subscription, Arc::clone(shared)));
            }
            Ok(Err(error)) => {
                lost += 1;
                first_error.get_or_insert_with(|| error.to_string());
            }
            Err(panic) => {
                lost += 1;
                first_error.get_or_insert_with(|| format!("its task panicked: {}", panics::message(&*panic)));
            }
        }
    }
    let seconds = (clock::now_ns() - began_ns) as f64 / 1e9;
    control.report(&AgentEvent::Connected { connected: plan.clients - lost, lost, seconds, first_error });
}

/// Reads a client's subscription, and counts the client as lost if its task panics.
async fn keep_following(client: u32, subscription: Box<dyn Subscription>, shared: Arc<Shared>) {
    let following = AssertUnwindSafe(follow(client, subscription, Arc::clone(&shared)));
    if let Err(panic) = following.catch_unwind().await {
        let reason = format!("client {client}: its task panicked: {}", panics::message(&*panic));
        shared.recorder.lock().expect("the recorder does not panic").lost(reason);
    }
}

/// Reads one client's subscription for as long as it lasts.
async fn follow(client: u32, mut subscription: Box<dyn Subscription>, shared: Arc<Shared>) {
    loop {
        let mut batch = subscription.next().await;
        let mut arrival_ns = clock::now_ns();
        if let (Some(tamper), Ok(batch)) = (&shared.tamper, &mut batch) {
            tamper.batch(client, batch);
            arrival_ns = tamper.stamp(arrival_ns, batch);
        }
        let mut recorder = shared.recorder.lock().expect("no holder panics");
        match batch {
            Ok(batch) => {
                recorder.batch(client, arrival_ns, &batch);
                for confirmation in &batch.confirmations {
                    if let Some(due_ns) = shared.open_orders.take(confirmation) {
                        recorder.confirmation(due_ns, arrival_ns);
                    }
                }
                if recorder.is_settled() && shared.open_orders.is_settled() {
                    shared.settled.notify_one();
                }
            }
            Err(error) => return recorder.lost(format!("client {client}: {error}")),
        }
    }
}

/// Waits for the end of the window and of the drain. The sampler takes samples at the edges of the window.
async fn measure(plan: &WorkPlan, start_ns: u64, sampler: Sampler, shared: &Shared) -> anyhow::Result<Usage> {
    let window = sampler.window(start_ns, plan.phases, || ())?.await.map_err(|_| panics::failure("sampler"))?;
    let settled = {
        let mut recorder = shared.recorder.lock().expect("no holder panics");
        recorder.close_window();
        recorder.is_settled() && shared.open_orders.is_settled()
    };
    if !settled {
        let drain = Duration::from_nanos(plan.phases.drain_ns);
        // An event that has not arrived when the drain ends is missed.
        let _ = tokio::time::timeout(drain, shared.settled.notified()).await;
    }
    Ok(window.usage)
}

async fn report_progress(shared: Arc<Shared>, reporter: Reporter) {
    let mut ticks = tokio::time::interval(PROGRESS);
    loop {
        ticks.tick().await;
        let events = shared.recorder.lock().expect("no holder panics").events_received();
        reporter.report(&AgentEvent::Progress { connected: shared.connected.load(Ordering::Relaxed), events });
    }
}
