//! What the oracle sums up: what a worker owed and got, when each event came, and how much was under way.
//!
//! Synchronous and pure, like the oracle whose books these are.

use results::{schema::Events, statistics::median};

use crate::{
    agent::{message::Reception, moments::Moments},
    feed::{FeedEvent, sample::Sample},
};

/// The account of a worker.
#[derive(Debug)]
pub struct Account {
    /// Deliveries.
    pub events: Events,
    /// For each event of the window that has an entry and arrived: when.
    pub receptions: Vec<Reception>,
    /// Deliveries in flight, integrated over time, in delivery-nanoseconds.
    pub in_flight_ns: f64,
    /// Order of subscription against order of arrival.
    pub position: Moments,
}

/// When each event came that has an entry, and lists to keep the arrivals of those that are still coming.
#[derive(Debug)]
pub(super) struct Receptions {
    sample: Sample,
    noted: Vec<Reception>,
    /// Emptied lists, to be filled again.
    spare: Vec<Vec<u64>>,
}

impl Receptions {
    /// No receptions; those of these events will have entries.
    pub(super) fn new(sample: Sample) -> Self {
        let blank = Reception { sequence: u64::MAX, median_ns: u64::MAX, last_ns: u64::MAX };
        Self { sample, noted: sample.room(blank), spare: Vec::new() }
    }

    /// A list for the arrivals of one event.
    pub(super) fn empty_list(&mut self) -> Vec<u64> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes note of all arrivals of an event, after the start.
    pub(super) fn note(&mut self, event: &FeedEvent, mut arrivals_ns: Vec<u64>) {
        if self.sample.keeps(event.sequence)
            && let Some((median, last)) = median(&mut arrivals_ns).zip(arrivals_ns.iter().max())
        {
            let [median_ns, last_ns] = [median, *last].map(|arrival_ns| arrival_ns.saturating_sub(event.scheduled_ns));
            self.noted.push(Reception { sequence: event.sequence, median_ns, last_ns });
        }
        arrivals_ns.clear();
        self.spare.push(arrivals_ns);
    }

    /// All that were noted.
    pub(super) fn take(&mut self) -> Vec<Reception> {
        std::mem::take(&mut self.noted)
    }
}

/// Deliveries of the window that are due and have not come, counted as time goes on: from counts and the clock, with no
/// latency and no histogram in it. It has the recorder's stamps and the feed's schedule, so it shows what happened to
/// latencies on their way into the record, and not a clock that is wrong.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    now_ns: u64,
    deliveries: u64,
    integral_ns: i128,
}

impl InFlight {
    /// So late it is; a stamp that was taken a moment before another's is as good as that one.
    pub(super) fn advance(&mut self, now_ns: u64) {
        let passed_ns = now_ns.saturating_sub(self.now_ns);
        self.integral_ns += i128::from(self.deliveries) * i128::from(passed_ns);
        self.now_ns += passed_ns;
    }

    /// So many deliveries are due from this time on, which may be before now or after it.
    pub(super) fn add(&mut self, deliveries: u32, due_ns: u64) {
        self.integral_ns += i128::from(deliveries) * (i128::from(self.now_ns) - i128::from(due_ns));
        self.deliveries += u64::from(deliveries);
    }

    /// One of them has come, or is waited for no longer.
    pub(super) fn remove_one(&mut self) {
        self.deliveries -= 1;
    }

    /// The count integrated over time, in delivery-nanoseconds.
    pub(super) fn integral_ns(&self) -> f64 {
        self.integral_ns as f64
    }
}
