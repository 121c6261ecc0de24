//! Computes the figures that the checks read in addition to the record. A pure function; the checks judge.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use results::statistics;
use scenario::{
    faults::Injected,
    feed::{Arrival, uniform},
    plan::Trial,
};
use stats::inference::anderson_darling_exponential;

use super::{
    events::{self, Event, EventsOfWindow},
    stall::{self, Stall},
    trend::{self, WarmUp},
    trial::{ShardResult, TrialResult},
};
use crate::{
    agent::{
        moments::{Moments, PollPhase},
        panics::Panics,
    },
    host::usage::Usage,
};

/// Publications per second whose gaps are tested. Waking a thread moves an event by tens of microseconds, which must be
/// small compared with a gap. If there are more events, some are chosen at random. A thinned Poisson process is still one,
/// but thinning hides a period, so the whole schedule is tested, too.
const ARRIVALS_RATE: f64 = 100.0;
/// The percentiles that may stand for the tail. The first with enough events counts.
const TAILS: [f64; 2] = [0.99, 0.9];
/// Makes the random choice independent of the feed.
const SEED_SALT: u64 = 0x4348_4f49_4345;

/// Figures that the checks read in addition to the record.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Connections that full listen queues refused. `None` if the system does not count them.
    pub(super) refused_connections: Option<u64>,
    /// Deliveries before their scheduled time.
    pub(super) negative: u64,
    /// Confirmations before their order was due.
    pub(super) early_confirmations: u64,
    /// Latencies outside the range of a histogram.
    pub(super) out_of_range: u64,
    /// Orders that were due in the window.
    pub(super) orders: u64,
    /// Orders of the window that were not confirmed.
    pub(super) unconfirmed: u64,
    /// Deliveries in flight, integrated over time, in delivery-nanoseconds.
    pub(super) in_flight_ns: f64,
    /// (r − p) ÷ (r − a) − 1 at p99 of the event medians, or at p90 if only that has support. `None` without support.
    pub(super) omission_gap: Option<f64>,
    /// Anderson–Darling A² of the gaps between publications or in the schedule, whichever is larger. `None` if the arrivals
    /// are not Poisson.
    pub(super) arrivals: Option<f64>,
    /// Rayleigh's statistic of the clients' poll phases. `None` if no client polls.
    pub(super) poll_phase: Option<f64>,
    /// Correlation of the order of subscription with the order of arrival. `None` if no event has two receivers.
    pub(super) position: Option<f64>,
    /// Trend of the latencies. `None` if there are too few events.
    pub(super) warm_up: Option<WarmUp>,
    /// Name of the kernel's clock source.
    pub(super) clocksource: String,
    /// Cores that a process may use.
    pub(super) processors: u32,
    /// The longest time without a delivery while events waited. `None` if nothing arrived.
    pub(super) stall: Option<Stall>,
    /// The longest pause of each kind of process.
    pub(super) pauses: Pauses,
    /// Panics of servers and workers.
    pub(super) panics: Panics,
    /// Faults that were asked for.
    pub(super) faults: usize,
    /// Keys of the faults that were not injected.
    pub(super) not_injected: Vec<String>,
}

/// The longest time in the window for which a process could not run, in nanoseconds. With several servers or workers, the
/// longest of any of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pauses {
    /// Servers.
    pub(super) server_ns: u64,
    /// Workers.
    pub(super) worker_ns: u64,
    /// The coordinator.
    pub(super) coordinator_ns: u64,
}

/// Computes the evidence of a trial from its shards and the events of its window.
pub(super) fn collect(trial: &Trial, result: &TrialResult, events: &EventsOfWindow) -> Evidence {
    let TrialResult { shards, machine, .. } = result;
    let sum = |count: fn(&ShardResult) -> u64| shards.iter().map(count).sum();
    let mut position = Moments::default();
    let mut poll_phase = PollPhase::default();
    for shard in shards {
        position += shard.worked.position;
        poll_phase += shard.worked.poll_phase;
    }
    let mut panics = Panics::default();
    for shard in shards {
        shard.served.iter().for_each(|served| panics.add(&served.panics));
        panics.add(&shard.worked.panics);
    }
    Evidence {
        refused_connections: result.machine.refused_connections,
        negative: sum(|shard| shard.worked.negative),
        early_confirmations: sum(|shard| shard.worked.orders.early),
        out_of_range: sum(|shard| shard.worked.out_of_range),
        orders: sum(|shard| shard.worked.orders.due),
        unconfirmed: sum(|shard| shard.worked.orders.due - shard.worked.orders.confirmed),
        in_flight_ns: shards.iter().map(|shard| shard.worked.in_flight_ns).sum(),
        omission_gap: omission_gap(&events.kept),
        arrivals: (trial.load.arrival == Arrival::Poisson)
            .then(|| arrivals(events, trial.load.events_per_second))
            .flatten(),
        poll_phase: poll_phase.rayleigh(),
        position: position.correlation(),
        warm_up: trend::measure(&events.kept),
        clocksource: machine.clocksource.clone(),
        processors: machine.processors,
        stall: stall::longest(&events.kept),
        pauses: pauses(result),
        panics,
        faults: trial.faults.count(),
        not_injected: trial.faults.not_injected(&injected(trial, result)),
    }
}

fn pauses(result: &TrialResult) -> Pauses {
    let longest = |of: fn(&ShardResult) -> Usage| {
        result.shards.iter().map(|shard| of(shard).longest_pause_ns).max().unwrap_or_default()
    };
    Pauses {
        server_ns: longest(|shard| shard.served.as_ref().map(|served| served.usage).unwrap_or_default()),
        worker_ns: longest(|shard| shard.worked.usage),
        coordinator_ns: result.machine.longest_pause_ns,
    }
}

/// Collects the faults that were injected in any process.
fn injected(trial: &Trial, result: &TrialResult) -> Injected {
    let mut injected = result.machine.injected.clone();
    result.shards.iter().for_each(|shard| {
        shard.served.iter().for_each(|served| injected.add(&served.injected));
        injected.add(&shard.worked.injected);
    });
    let stopped = trial.faults.stop().filter(|_| result.stopped.is_some());
    injected.note_if(stopped.is_some(), stopped.map_or("", |stop| stop.key));
    injected.note_if(trial.feed.arrival == Arrival::Constant, "periodic_schedule");
    injected
}

fn omission_gap(events: &[Event]) -> Option<f64> {
    let from_plan = events::histogram(events, |event| event.median_ns);
    let from_publication = events::histogram(events, |event| event.since_published_ns);
    TAILS.into_iter().find_map(|tail| {
        let [plan, publication] = [&from_plan, &from_publication].map(|of| statistics::quantile(of, of.len(), tail));
        Some(plan? as f64 / publication?.max(1) as f64 - 1.0)
    })
}

fn arrivals(events: &EventsOfWindow, events_per_second: f64) -> Option<f64> {
    let share = ARRIVALS_RATE * events.one_of as f64 / events_per_second;
    let mut random = ChaCha8Rng::seed_from_u64(SEED_SALT);
    let chosen = events.kept.iter().filter(|_| uniform(&mut random) < share);
    let published_ns: Vec<u64> = chosen.filter_map(|event| Some(event.scheduled_ns + event.lateness_ns?)).collect();
    let statistics = [&published_ns, &events.first_scheduled_ns];
    let statistics = statistics.map(|times_ns| anderson_darling_exponential(&gaps(times_ns)));
    statistics.into_iter().flatten().reduce(f64::max)
}

fn gaps(times_ns: &[u64]) -> Vec<f64> {
    times_ns.windows(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenario::feed::{Arrival, Feed, FeedEvent, FeedSpec};

    const RATE: f64 = 200.0;

    /// The events of a feed, each so late, with a latency that its number says.
    fn events(arrival: Arrival, rate: f64, late_ns: u64, latency_ns: impl Fn(u64) -> u64) -> Vec<Event> {
        let feed = FeedSpec {
            seed: 5,
            symbols: 3,
            events_per_second: rate,
            arrival,
            payload_bytes: 0,
            duration_ns: 10_000_000_000,
            epoch_ms: 0,
        };
        let event = |event: FeedEvent| Event {
            scheduled_ns: event.scheduled_ns,
            lateness_ns: Some(late_ns),
            median_ns: Some(late_ns + latency_ns(event.sequence)),
            since_published_ns: Some(latency_ns(event.sequence)),
            last_ns: None,
        };
        Feed::new(&feed).map(event).collect()
    }

    /// Values that look like chance, between 100 and 200 µs.
    fn steady(sequence: u64) -> u64 {
        100_000 + (uniform(&mut ChaCha8Rng::seed_from_u64(sequence)) * 100_000.0) as u64
    }

    /// A window in which one event of so many has an entry.
    fn window(events: &[Event], one_of: u64) -> EventsOfWindow {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        EventsOfWindow {
            scheduled: events.len() as u64,
            first_scheduled_ns: events.iter().map(|event| event.scheduled_ns).collect(),
            one_of,
            kept: events.iter().filter(|_| uniform(&mut random) < 1.0 / one_of as f64).copied().collect(),
        }
    }

    #[test]
    fn tells_poisson_arrivals_from_periodic_ones_at_any_rate() {
        for (rate, shares) in [(RATE, &[1][..]), (20_000.0, &[1, 8])] {
            let [poisson, periodic] = [Arrival::Poisson, Arrival::Constant].map(|arrival| {
                let events = events(arrival, rate, 20_000, |_| 0);
                shares.iter().map(|one_of| arrivals(&window(&events, *one_of), rate).unwrap()).collect::<Vec<_>>()
            });
            let is_apart = poisson.iter().all(|a| *a < 2.5) && periodic.iter().all(|a| *a > 100.0);
            assert!(is_apart, "at {rate} a second: {poisson:?}, {periodic:?}");
        }
    }

    #[test]
    fn the_omission_gap_is_what_timing_from_publication_leaves_out() {
        let punctual = omission_gap(&events(Arrival::Poisson, RATE, 0, steady)).unwrap();
        assert_eq!(punctual, 0.0);
        // p99 is about 199 µs from the publication, and 299 from the plan.
        let late = omission_gap(&events(Arrival::Poisson, RATE, 100_000, steady)).unwrap();
        assert!((late - 0.5).abs() < 0.02, "{late}");
        let few: Vec<Event> = events(Arrival::Poisson, RATE, 0, steady).into_iter().take(35).collect();
        assert_eq!(omission_gap(&few), None, "too few for any tail");
    }
}
