//! `serve`: runs one reference server, for a person to try, or for the coordinator.

use std::{net::SocketAddr, time::Duration};

use approaches::registry::Approach;
use clap::Args;
use proto::{Params, parse_duration};
use scenario::{
    HubLimits,
    error::ScenarioError,
    faults::Faults,
    feed::{Arrival, FeedSpec, Phases},
    rules::{bound_numbers, number_of},
    source::{Override, Source},
    variants,
};
use toml::{Table, Value};

use super::{
    child,
    output::{data, runtime, say},
};
use crate::{
    agent::{interruption::Attention, message::ServePlan},
    failure::Failure,
    host::{capacity, clock},
    sut::{
        hub_sink::HubSink,
        publisher::publish,
        server::{self, System},
    },
};

/// Shortest time for which a server may be told to run.
const SHORTEST_LIFE: Duration = Duration::from_millis(1);
/// Longest time for which a server may be told to run.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The approach, or a variant such as websocket/binary; `list` shows them
    #[arg(required_unless_present = "coordinated")]
    pub(crate) approach: Option<String>,
    /// Address to listen on, such as 127.0.0.1:0 for any free port; name another one to serve beyond loopback
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Events per second over all symbols, such as 0.5 or 1k
    #[arg(long, value_name = "RATE", default_value = "2", value_parser = rate, allow_hyphen_values = true)]
    pub(crate) events_per_second: f64,
    /// Number of symbols, such as 100; the first two are BTC and ETH
    #[arg(long, value_name = "N", default_value = "2", value_parser = symbols, allow_hyphen_values = true)]
    pub(crate) symbols: u32,
    /// Time after which the server ends by itself, from 1ms to 30days, with its unit, such as 10m
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = lifetime)]
    pub(crate) duration: Duration,
    /// A limit of the server, such as limits.replay_events=16; can be repeated [default: 16384 replay_events, 1024
    /// queue_events, 64 batch_events]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Started by the coordinator
    #[arg(long, hide = true)]
    pub(crate) coordinated: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    number_of("load.events_per_second", text)
}

fn symbols(text: &str) -> Result<u32, String> {
    number_of("load.symbols", text).map(|symbols| symbols as u32)
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = parse_duration(text).ok().filter(|lifetime| (SHORTEST_LIFE..=LONGEST_LIFE).contains(lifetime));
    lifetime.ok_or_else(|| "expected a duration from 1ms to 30days, such as 90s, 10m or 1h".to_owned())
}

pub(crate) fn serve(options: &ServeOptions) -> Result<(), Failure> {
    if options.coordinated {
        child::run(|plan: &ServePlan| (plan.threads, &plan.approach, plan.listen), server::serve)
    } else {
        alone(options)
    }
}

fn alone(options: &ServeOptions) -> Result<(), Failure> {
    let name = options.approach.as_deref().unwrap_or_default();
    let (approach, params) = variants::variant(name).map_err(Failure::usage)?;
    let limits = limits(&options.set).map_err(Failure::usage)?;
    let duration = options.duration;
    let events = options.events_per_second * duration.as_secs_f64();
    let bytes = capacity::log_bytes(options.symbols, limits, events, 0);
    capacity::admit_bytes("the server", bytes, capacity::read())?;
    let runtime = runtime()?;
    let attention = Attention::take();
    let served = runtime.block_on(run(approach, params, limits, options, duration, &attention));
    runtime.shutdown_background();
    served
}

async fn run(
    approach: &Approach,
    params: Params,
    limits: HubLimits,
    options: &ServeOptions,
    duration: Duration,
    attention: &Attention,
) -> Result<(), Failure> {
    let feed = FeedSpec {
        seed: 1,
        symbols: options.symbols,
        events_per_second: options.events_per_second,
        arrival: Arrival::Poisson,
        payload_bytes: 0,
        duration_ns: u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),
        epoch_ms: i64::try_from(clock::since_epoch().as_millis()).unwrap_or_default(),
    };
    let mut system =
        System::start(approach, options.listen, &feed.symbol_names(), limits, params).map_err(Failure::usage)?;
    let address = system.address.to_string();
    let first_try = approach.facts.first_try.replace("{address}", &address);
    // One write, because a reader may close the pipe after the first line.
    data(&format!("listening on {address}\ntry: {first_try}"))?;
    let sink = HubSink::new(std::sync::Arc::clone(&system.hub));
    std::thread::spawn(move || {
        let phases = Phases { warmup_ns: 0, measure_ns: feed.duration_ns, drain_ns: 0 };
        publish(&feed, phases, &Faults::default(), clock::now_ns(), |event| sink.accept(event))
    });
    tokio::select! {
        ended = system.ended() => return Ok(ended?),
        () = attention.told() => say("stopping: clients are told to go"),
        () = tokio::time::sleep(duration) => say("the time is up: see --for"),
    }
    Ok(system.stop().await?)
}

fn limits(set: &[String]) -> Result<HubLimits, ScenarioError> {
    if let Some(other) = set.iter().find(|one| !one.trim_start().starts_with("limits.")) {
        let expected = "a server has only limits, such as limits.replay_events=16";
        return Err(ScenarioError::Override(format!("--set {other}: {expected}")));
    }
    let overrides = Override::all(set)?;
    let source = Source { origin: "", text: "", overrides: &overrides };
    let mut table = source.table()?;
    bound_numbers(&source, &mut table)?;
    let limits = table.remove("limits").unwrap_or_else(|| Value::Table(Table::new()));
    serde_path_to_error::deserialize(limits)
        .map_err(|error| ScenarioError::mistyped(&source, &format!("limits.{}", error.path()), error.inner().message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_absurd_limits_with_their_bound() {
        let told = |one: &str| limits(&[one.to_owned()]).unwrap_err().to_string();
        assert!(told("limits.replay_events=1000000000").contains("1 to 10000000"));
        assert!(told("limits.queue_events=0").starts_with("--set limits.queue_events=0: `limits.queue_events` is 0"));
        assert!(told("limits.batch_events=x").contains("a number such as"));
        assert!(told("limits.replay_event=1").contains("did you mean `replay_events`?"));
        assert!(told("load.clients=1").contains("only limits"));
        assert_eq!(limits(&["limits.replay_events=2k".to_owned()]).unwrap().replay_events, 2_000);
    }
}
