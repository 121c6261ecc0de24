//! `serve`: one reference server, alone for a person to poke, or as the coordinator starts it.

use std::time::Duration;

use proto::{Params, parse_duration};

use super::{
    child,
    output::{data, runtime, say},
};
use crate::{
    cli::ServeOptions,
    clock,
    failure::Failure,
    faults::Faults,
    feed::{Arrival, FeedSpec},
    interruption::Attention,
    message::{HubLimits, Phases, ServePlan},
    process::raise_descriptor_limit,
    publish::publish,
    registry::Approach,
    scenario_error::ScenarioError,
    system::{self, System},
    variants,
};

pub(crate) fn serve(options: &ServeOptions) -> Result<(), Failure> {
    if options.coordinated {
        child::run(|plan: &ServePlan| (plan.threads, &plan.approach, plan.listen), system::serve)
    } else {
        alone(options)
    }
}

fn alone(options: &ServeOptions) -> Result<(), Failure> {
    let name = options.approach.as_deref().unwrap_or_default();
    let (approach, params) = variants::variant(name).map_err(Failure::usage)?;
    let limits = limits(&options.set).map_err(Failure::usage)?;
    let duration = parse_duration(&options.duration).map_err(Failure::usage)?;
    if options.symbols == 0 || !(options.events_per_second.is_finite() && options.events_per_second > 0.0) {
        return Err(Failure::usage(anyhow::anyhow!("a feed needs at least one symbol and a rate above 0")));
    }
    raise_descriptor_limit();
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
    data(&format!("listening on {}", system.address))?;
    let hub = std::sync::Arc::clone(&system.hub);
    std::thread::spawn(move || {
        let phases = Phases { warmup_ns: 0, measure_ns: feed.duration_ns, drain_ns: 0 };
        publish(&feed, phases, &Faults::default(), clock::now_ns(), |event| event.enter(&hub))
    });
    tokio::select! {
        ended = system.ended() => return Ok(ended?),
        () = attention.told() => say("stopping: clients are told to go"),
        () = tokio::time::sleep(duration) => say("the time is up: see --for"),
    }
    Ok(system.stop().await?)
}

fn limits(overrides: &[String]) -> Result<HubLimits, ScenarioError> {
    let lines: Vec<&str> = overrides
        .iter()
        .map(|one| {
            one.strip_prefix("limits.").ok_or_else(|| {
                ScenarioError::Override(format!(
                    "--set {one}: a server has only limits, such as limits.replay_events=16"
                ))
            })
        })
        .collect::<Result<_, _>>()?;
    let limits: HubLimits =
        toml::from_str(&lines.join("\n")).map_err(|error| ScenarioError::overridden(overrides, &error))?;
    if limits.replay_events == 0 || limits.queue_events == 0 || limits.batch_events == 0 {
        return Err(ScenarioError::Override("limits are at least 1".into()));
    }
    Ok(limits)
}
