//! The trials of the self-test: the delays, where they are injected, and the load. Pure.

use approaches::registry::Approach;
use proto::Params;
use results::schema::{Load, Part};
use scenario::{
    HubLimits,
    faults::{Delay, Faults, STOPPED_MS},
    feed::{Arrival, FeedSpec, Phases},
    plan::{Shards, Trial},
};

use super::in_memory::IN_MEMORY;

/// The extent of the self-test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length {
    warmup_ms: u64,
    measure_ms: u64,
    /// Events of a trial with known delays: enough for a 99th percentile.
    events_per_second: f64,
    /// Maximum attempts of a trial if the machine may be the cause.
    pub(super) attempts: u32,
}

/// The whole self-test.
pub(crate) const WHOLE: Length = Length { warmup_ms: 200, measure_ms: 1_500, events_per_second: 400.0, attempts: 3 };
/// A shorter self-test.
pub(crate) const QUICK: Length = Length { warmup_ms: 100, measure_ms: 800, events_per_second: 600.0, attempts: 2 };

/// The length of the stall.
pub(super) const STALL_MS: u64 = 200;
/// Time from the start of the window to the stall or stop.
const CALM_MS: u64 = 300;
/// The constant delay.
const CONSTANT_US: u64 = 5_000;
/// Event rate of trials with stopped servers: low enough for the slowest approach to catch up at once.
const STOP_EVENTS_PER_SECOND: f64 = 200.0;

/// A trial and its name.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// The delay, and where it is injected.
    pub(super) name: String,
    /// The trial.
    pub(super) trial: Trial,
}

/// Returns a trial with a constant delay in front of an approach.
pub(super) fn constant(approach: &'static Approach, params: &Params, length: Length) -> Named {
    delayed(approach, params, length, "constant 5 ms", Delay::ConstantUs(CONSTANT_US))
}

/// Returns the trials in memory with every delay except the stall.
pub(super) fn in_memory(length: Length) -> Vec<Named> {
    vec![
        constant(&IN_MEMORY, &Params::default(), length),
        delayed(&IN_MEMORY, &Params::default(), length, "uniform 0..20 ms", Delay::UniformUs(20_000)),
        delayed(&IN_MEMORY, &Params::default(), length, "bimodal 2 / 20 ms", Delay::BimodalUs([2_000, 20_000])),
    ]
}

/// Returns the trial in memory with a stall.
pub(super) fn stall(length: Length) -> Named {
    let delay = Delay::Stall { at_ms: length.warmup_ms + CALM_MS, for_ms: STALL_MS };
    delayed(&IN_MEMORY, &Params::default(), length, "stall of 200 ms", delay)
}

/// Returns the trials in memory with a constant delay and a faulty instrument: one cuts off the tail, and one slows
/// down over time.
pub(super) fn unfaithful(length: Length) -> Vec<Named> {
    let faults = [
        ("records at most 3 ms", Faults { clamp_latency_us: Some(3_000), ..Faults::default() }),
        ("adds 10 ms a second", Faults { slow_down_ms: Some(10), ..Faults::default() }),
    ];
    let with = |(name, faults): (&str, Faults)| {
        let Named { trial, .. } = constant(&IN_MEMORY, &Params::default(), length);
        let faults = Faults { delivery_delay: trial.faults.delivery_delay, ..faults };
        Named { name: name.to_owned(), trial: Trial { faults, ..trial } }
    };
    faults.into_iter().map(with).collect()
}

/// Returns a trial whose servers are stopped in the middle of the window.
pub(super) fn stopped(approach: &'static Approach, params: &Params, length: Length) -> Named {
    let at_ms = length.warmup_ms + CALM_MS;
    debug_assert!(at_ms + STOPPED_MS < length.warmup_ms + length.measure_ms, "the stop lies in the window");
    let faults = Faults { stop_servers_at_ms: Some(at_ms), ..Faults::default() };
    let (clients, symbols) = (10, 10);
    let trial = trial(approach, params, length, (clients, symbols, STOP_EVENTS_PER_SECOND), faults);
    Named { name: approach.name.to_owned(), trial }
}

fn delayed(approach: &'static Approach, params: &Params, length: Length, what: &str, delay: Delay) -> Named {
    let faults = Faults { delivery_delay: Some(delay), ..Faults::default() };
    let (clients, symbols) = (4, 2);
    let trial = trial(approach, params, length, (clients, symbols, length.events_per_second), faults);
    Named { name: format!("{}, {what}", approach.name), trial }
}

fn trial(
    approach: &'static Approach,
    params: &Params,
    length: Length,
    (clients, symbols, events_per_second): (u32, u32, f64),
    faults: Faults,
) -> Trial {
    let nanoseconds = |milliseconds: u64| milliseconds * 1_000_000;
    let phases = Phases {
        warmup_ns: nanoseconds(length.warmup_ms),
        measure_ns: nanoseconds(length.measure_ms),
        drain_ns: nanoseconds(2_000),
    };
    Trial {
        approach,
        variant: approach.name.to_owned(),
        params: params.clone(),
        load: Load {
            clients,
            symbols,
            symbols_per_client: 1,
            events_per_second,
            orders_per_second: 0.0,
            payload_bytes: 0,
            arrival: Arrival::Poisson,
        },
        feed: FeedSpec {
            seed: 1,
            symbols,
            events_per_second,
            arrival: Arrival::Poisson,
            payload_bytes: 0,
            duration_ns: phases.measured_ns(),
            epoch_ms: 0,
        },
        phases,
        limits: HubLimits::default(),
        keep_awake: true,
        faults,
        overload: false,
        part: Part::Table,
        repeat: 1,
        round: 1,
        shards: Shards::one(clients),
    }
}

#[cfg(test)]
mod tests {
    use results::statistics::needed;

    use scenario::feed::Feed;

    use super::*;
    use crate::sut::delay_line::injected;

    /// Returns the injected delays of the window's events, sorted.
    fn delays_of(named: &Named) -> Vec<u64> {
        let delay = named.trial.faults.delivery_delay.expect("there is one");
        let events = Feed::new(&named.trial.feed).zip(injected(&named.trial.feed, delay));
        let in_window = events.filter(|(event, _)| named.trial.phases.in_window(event.scheduled_ns));
        let mut delays: Vec<u64> = in_window.map(|(_, (_, delay_ns))| delay_ns).collect();
        delays.sort_unstable();
        delays
    }

    #[test]
    fn every_window_supports_a_99th_percentile() {
        for length in [WHOLE, QUICK] {
            let named = [in_memory(length), vec![stall(length)], unfaithful(length)].concat();
            for one in named {
                let events = delays_of(&one).len() as u64;
                assert!(events >= needed(0.99), "{}: {events}", one.name);
            }
        }
    }

    /// Because events keep their order, delays are longer than each would be alone. They must still have their shape,
    /// and no jump at a quantile, where one event would decide.
    #[test]
    fn each_injection_has_the_delay_that_its_name_says() {
        for length in [WHOLE, QUICK] {
            let at = |delays: &[u64], share: f64| delays[(share * delays.len() as f64) as usize] as f64 / 1e6;
            let named = in_memory(length);
            let [constant, uniform, bimodal] = [0, 1, 2].map(|index| delays_of(&named[index]));
            assert!(constant.iter().all(|delay_ns| *delay_ns == 5_000_000));
            assert!(at(&uniform, 0.05) < 10.0 && at(&uniform, 0.5) < 17.0 && at(&uniform, 0.99) > 19.0);
            assert!(at(&bimodal, 0.0) == 2.0 && at(&bimodal, 0.999) == 20.0);
            let stall = delays_of(&stall(length));
            assert!(at(&stall, 0.5) == 0.0 && at(&stall, 0.99) > 150.0);
            for delays in [uniform, bimodal, stall] {
                for quantile in [0.5, 0.9, 0.99] {
                    let (here, further) = (at(&delays, quantile), at(&delays, quantile + 0.005));
                    assert!(further - here <= 0.2 * here, "{quantile}: {here}, {further}");
                }
            }
        }
    }
}
