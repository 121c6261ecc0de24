//! The sums of the oracle: deliveries that a worker's clients were owed and received, arrival times of events, and
//! deliveries in flight. Synchronous and pure, like the oracle.

use results::{schema::Events, statistics::median};
use scenario::feed::{FeedEvent, sample::Sample};

use crate::agent::{message::Reception, moments::Moments};

/// The account of a worker.
#[derive(Debug)]
pub struct Account {
    /// Counts of deliveries.
    pub events: Events,
    /// When each event of the window arrived, if it has an entry.
    pub receptions: Vec<Reception>,
    /// Deliveries in flight, integrated over time, in delivery-nanoseconds.
    pub in_flight_ns: f64,
    /// The order of subscription compared with the order of arrival.
    pub position: Moments,
}

/// When each event with an entry arrived, and the arrivals of events that are still under way.
#[derive(Debug)]
pub(super) struct Receptions {
    sample: Sample,
    noted: Vec<Reception>,
    /// Empty lists for reuse.
    spare: Vec<Vec<u64>>,
}

impl Receptions {
    /// Creates a collection without receptions. Events of this sample will have entries.
    pub(super) fn new(sample: Sample) -> Self {
        let blank = Reception { sequence: u64::MAX, median_ns: u64::MAX, last_ns: u64::MAX };
        Self { sample, noted: sample.room(blank), spare: Vec::new() }
    }

    /// Returns an empty list for the arrivals of one event.
    pub(super) fn empty_list(&mut self) -> Vec<u64> {
        self.spare.pop().unwrap_or_default()
    }

    /// Records all arrivals of an event, in nanoseconds after the start.
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

    /// Returns all receptions.
    pub(super) fn take(&mut self) -> Vec<Reception> {
        std::mem::take(&mut self.noted)
    }
}

/// Counts the deliveries of the window that are due and have not arrived, over time. It uses counts and times but no
/// latencies or histograms, so it can show a latency that was recorded wrongly. It shares the recorder's times and the feed's
/// schedule, so it cannot show a wrong clock.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    now_ns: u64,
    deliveries: u64,
    integral_ns: i128,
}

impl InFlight {
    /// The latest time so far. A time that was read slightly earlier counts as this one.
    pub(super) fn advance(&mut self, now_ns: u64) {
        let passed_ns = now_ns.saturating_sub(self.now_ns);
        self.integral_ns += i128::from(self.deliveries) * i128::from(passed_ns);
        self.now_ns += passed_ns;
    }

    /// Adds deliveries that are due from this time on, which may be in the past or in the future.
    pub(super) fn add(&mut self, deliveries: u32, due_ns: u64) {
        self.integral_ns += i128::from(deliveries) * (i128::from(self.now_ns) - i128::from(due_ns));
        self.deliveries += u64::from(deliveries);
    }

    /// Removes a delivery that has arrived or is no longer expected.
    pub(super) fn remove_one(&mut self) {
        self.deliveries -= 1;
    }

    /// Returns the count integrated over time, in delivery-nanoseconds.
    pub(super) fn integral_ns(&self) -> f64 {
        self.integral_ns as f64
    }
}
