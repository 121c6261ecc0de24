//! What the checks look at beside the record itself: figures that say whether the record can be believed.
//!
//! Pure: it computes and judges nothing.

use reports::{
    inference::{anderson_darling_exponential, effective_size, normal_tail, rank_correlation},
    statistics,
};

use super::{
    events::{self, Event},
    trial::ShardResult,
};
use crate::{
    environment,
    message::{Moments, PollPhase},
    plan::Trial,
};

/// Events a second that are looked at for their gaps: waking a thread moves an event by tens of microseconds, which
/// must be little against a gap. Where there are more, some are chosen at random, which leaves a Poisson process one.
const ARRIVALS_RATE: f64 = 100.0;
/// What is taken for the tail: the first that there are enough events for.
const TAILS: [f64; 2] = [0.99, 0.9];
/// Events in each half of a window that a trend is looked for in.
const HALF: usize = 20;

/// What the checks look at beside the record itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Arrivals before their scheduled time.
    pub(super) negative: u64,
    /// Latencies beyond what a histogram holds.
    pub(super) out_of_range: u64,
    /// Orders due in the window.
    pub(super) orders: u64,
    /// Those not confirmed.
    pub(super) unconfirmed: u64,
    /// Deliveries in flight, integrated over time, in delivery-nanoseconds.
    pub(super) in_flight_ns: f64,
    /// (r − p) ÷ (r − a) − 1, at p99 of the events' medians, or p90 where only that has support; none without.
    pub(super) omission_gap: Option<f64>,
    /// Anderson and Darling's A² of the gaps between publications; none where they need not be exponential.
    pub(super) arrivals: Option<f64>,
    /// Rayleigh's statistic of the clients' poll phases; none where nobody polls.
    pub(super) poll_phase: Option<f64>,
    /// Correlation of the order of subscription with the order of arrival; none where no event has two receivers.
    pub(super) position: Option<f64>,
    /// Trend of the latencies; none where there are too few events.
    pub(super) warm_up: Option<WarmUp>,
    /// Name of the kernel's clock source.
    pub(super) clocksource: String,
}

/// Trend of the latencies inside the window.
#[derive(Debug, Clone, Copy)]
pub(super) struct WarmUp {
    /// Median of the second half over that of the first, minus 1.
    pub(super) change: f64,
    /// Probability of such a trend, up or down, by chance.
    pub(super) probability: f64,
}

/// The evidence of a trial, from its shards and the events of its window.
pub(super) fn of(trial: &Trial, shards: &[ShardResult], events: &[Event]) -> Evidence {
    let sum = |count: fn(&ShardResult) -> u64| shards.iter().map(count).sum();
    let mut position = Moments::default();
    let mut poll_phase = PollPhase::default();
    for shard in shards {
        position += shard.worked.position;
        poll_phase += shard.worked.poll_phase;
    }
    let effective = events::effective(events);
    Evidence {
        negative: sum(|shard| shard.worked.negative),
        out_of_range: sum(|shard| shard.worked.out_of_range),
        orders: sum(|shard| shard.worked.orders.due),
        unconfirmed: sum(|shard| shard.worked.orders.due - shard.worked.orders.confirmed),
        in_flight_ns: shards.iter().map(|shard| shard.worked.in_flight_ns).sum(),
        omission_gap: omission_gap(events, effective),
        arrivals: arrivals(trial, events),
        poll_phase: poll_phase.rayleigh(trial.load.clients),
        position: position.correlation(),
        warm_up: warm_up(events),
        clocksource: trial.faults.clocksource.clone().unwrap_or_else(environment::clocksource),
    }
}

fn omission_gap(events: &[Event], effective: u64) -> Option<f64> {
    let from_plan = events::histogram(events, |event| event.median_ns);
    let from_publication = events::histogram(events, |event| Some(event.median_ns?.saturating_sub(event.lateness_ns?)));
    TAILS.into_iter().find_map(|tail| {
        let [plan, publication] = [&from_plan, &from_publication].map(|of| statistics::quantile(of, effective, tail));
        Some(plan? as f64 / publication?.max(1) as f64 - 1.0)
    })
}

fn arrivals(trial: &Trial, events: &[Event]) -> Option<f64> {
    if trial.load.arrival != "poisson" {
        return None;
    }
    let share = ARRIVALS_RATE / trial.load.events_per_second;
    let chosen = (0_u64..).zip(events).filter(|(index, _)| chance(*index) < share);
    let times_ns: Vec<u64> = chosen.filter_map(|(_, event)| Some(event.scheduled_ns + event.lateness_ns?)).collect();
    let gaps: Vec<f64> = times_ns.windows(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64).collect();
    anderson_darling_exponential(&gaps)
}

/// A number in [0, 1) that is another for each index: the golden ratio's multiples, hashed.
fn chance(index: u64) -> f64 {
    let mixed = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 27)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn warm_up(events: &[Event]) -> Option<WarmUp> {
    let medians: Vec<f64> = events.iter().filter_map(|event| event.median_ns).map(|median| median as f64).collect();
    if medians.len() < 2 * HALF {
        return None;
    }
    let order: Vec<f64> = (0..medians.len()).map(|index| index as f64).collect();
    let (first, second) = medians.split_at(medians.len() / 2);
    let correlation = rank_correlation(&order, &medians)?;
    // Neighbours resemble each other under a trend: what counts as an observation is seen when the trend is taken away.
    let effective = effective_size(&without_trend(&medians));
    Some(WarmUp {
        change: median(second) / median(first) - 1.0,
        probability: normal_tail(correlation * (effective.saturating_sub(1) as f64).sqrt()),
    })
}

/// What is left of a series when its straight line, by least squares over its ranks, is taken away.
fn without_trend(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = rank as f64;
    }
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let from_middle = |index: usize| index as f64 - middle;
    let covariance: f64 = ranks.iter().enumerate().map(|(index, rank)| from_middle(index) * (rank - middle)).sum();
    let variance: f64 = (0..values.len()).map(|index| from_middle(index).powi(2)).sum();
    let slope = covariance / variance;
    ranks.iter().enumerate().map(|(index, rank)| rank - middle - slope * from_middle(index)).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2].max(1.0)
}
