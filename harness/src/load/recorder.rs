//! The record of one worker: histograms and counts of the window, and nothing per delivery.
//!
//! Each worker has one recorder behind one lock. The caller stamps all times; this module reads no clock.

use std::{sync::Arc, time::Duration};

use approaches::registry::Exchange;
use clients::{Batch, Cost};
use results::{
    schema::Events,
    statistics::{Histogram, encode, new_histogram},
};
use scenario::{
    faults::{Faults, Injected},
    feed::Phases,
};

use crate::{
    agent::{
        message::{Empties, Orders, Worked},
        moments::PollPhase,
        panics,
    },
    host::usage::Usage,
    load::{account::Account, oracle::Oracle},
};

/// The responses to which the theory of empty responses applies.
#[derive(Debug, Clone, Copy)]
pub enum Theory {
    /// Polls whose whole interval is after the start.
    Poll(Duration),
    /// Holds that begin after the start and end before the feed ends.
    Hold(Duration),
    /// Pushed messages: none may be empty.
    Push,
}

impl Theory {
    /// Returns the theory for an exchange with this interval or hold.
    pub fn new(exchange: Exchange, setting: Option<Duration>) -> Self {
        match (exchange, setting) {
            (Exchange::Poll(_), Some(interval)) => Self::Poll(interval),
            (Exchange::Hold(_), Some(hold)) => Self::Hold(hold),
            _ => Self::Push,
        }
    }
}

/// The record of one worker.
#[derive(Debug)]
pub struct Recorder {
    oracle: Oracle,
    phases: Phases,
    theory: Theory,
    start_ns: Option<u64>,
    /// Arrival time of each client's last response.
    responded_ns: Vec<u64>,
    cost: Cost,
    empties: Empties,
    latency: Histogram,
    confirmation: Histogram,
    poll_lateness: Histogram,
    poll_phase: PollPhase,
    faults: Faults,
    injected: Injected,
    negative: u64,
    out_of_range: u64,
    events_received: u64,
    arrived: u64,
    orders: Orders,
    lost: u32,
    first_error: Option<String>,
}

impl Recorder {
    /// Creates an empty record.
    pub fn new(oracle: Oracle, phases: Phases, theory: Theory, clients: u32) -> Self {
        Self {
            oracle,
            phases,
            theory,
            start_ns: None,
            responded_ns: vec![0; clients as usize],
            cost: Cost::default(),
            empties: Empties::default(),
            latency: new_histogram(),
            confirmation: new_histogram(),
            poll_lateness: new_histogram(),
            poll_phase: PollPhase::default(),
            faults: Faults::default(),
            injected: Injected::default(),
            negative: 0,
            out_of_range: 0,
            events_received: 0,
            arrived: 0,
            orders: Orders::default(),
            lost: 0,
            first_error: None,
        }
    }

    /// Creates an empty record with faults.
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// Sets the start, on the monotonic clock and on the wall clock.
    pub fn start(&mut self, start_ns: u64, epoch_ms: i64) {
        self.oracle.set_epoch(epoch_ms);
        self.start_ns = Some(start_ns);
    }

    /// Records a batch of one client with the time when it was decoded.
    pub fn batch(&mut self, client: u32, arrival_ns: u64, batch: &Batch) {
        let responded_ns = std::mem::replace(&mut self.responded_ns[client as usize], arrival_ns);
        let Some(start_ns) = self.start_ns else { return };
        let Some(arrival_ns) = arrival_ns.checked_sub(start_ns) else { return };
        self.events_received += batch.events.len() as u64;
        if self.faults.discard {
            self.injected.note("discard");
            self.arrived += if self.phases.in_window(arrival_ns) { batch.events.len() as u64 } else { 0 };
            return;
        }
        for quote in &batch.events {
            let Some(delivered) = self.oracle.receive(client, quote, arrival_ns) else { continue };
            self.arrived += u64::from(self.phases.in_window(arrival_ns));
            if delivered.in_window {
                match arrival_ns.checked_sub(delivered.scheduled_ns) {
                    Some(latency_ns) => self.record_latency(latency_ns),
                    None => self.negative += 1,
                }
            }
        }
        if self.phases.in_window(arrival_ns) {
            self.cost += batch.cost;
        }
        self.count_empties(responded_ns.checked_sub(start_ns), arrival_ns, batch.cost);
    }

    /// Adds a client whose polls are due at this time after the start, and then at each interval.
    pub fn polls_from(&mut self, first_ns: u64, interval: Duration) {
        self.poll_phase.add(first_ns, interval);
    }

    /// Records when a poll was due and when it started, on the monotonic clock.
    pub fn poll(&mut self, due_ns: u64, started_ns: u64) {
        let since_start = self.start_ns.and_then(|start_ns| due_ns.checked_sub(start_ns));
        if since_start.is_some_and(|due_ns| self.phases.in_window(due_ns)) {
            self.poll_lateness.saturating_record(started_ns.saturating_sub(due_ns).max(1));
        }
    }

    /// Records the confirmation of an order: its due time after the start, and the time of the confirmation on the
    /// clock.
    pub fn confirmation(&mut self, due_ns: u64, arrival_ns: u64) {
        let Some(start_ns) = self.start_ns else { return };
        if !self.phases.in_window(due_ns) {
            return;
        }
        self.orders.confirmed += 1;
        match arrival_ns.checked_sub(start_ns + due_ns) {
            Some(confirmation_ns) => self.confirmation.saturating_record(confirmation_ns.max(1)),
            None => self.orders.early += 1,
        }
    }

    /// Records an order that was due at this time after the start.
    pub fn order(&mut self, due_ns: u64) {
        self.orders.due += u64::from(self.phases.in_window(due_ns));
    }

    /// Records faults that were injected before this point.
    pub fn injected(&mut self, injected: &Injected) {
        self.injected.add(injected);
    }

    /// Counts a client that subscribed and then failed.
    pub fn lost(&mut self, reason: String) {
        self.lost += 1;
        self.first_error.get_or_insert(reason);
    }

    /// Returns the number of events received since the start.
    pub fn events_received(&self) -> u64 {
        self.events_received
    }

    /// Returns whether every scheduled event was received.
    pub fn is_settled(&self) -> bool {
        self.oracle.is_settled()
    }

    /// Ends the window: every scheduled event is owed from now on.
    pub fn close_window(&mut self) {
        self.oracle.expect_until(u64::MAX);
    }

    /// Returns the record for the coordinator, at this time on the monotonic clock.
    pub fn finish(&mut self, now_ns: u64, usage: Usage) -> Worked {
        let since_start_ns = now_ns.saturating_sub(self.start_ns.unwrap_or(now_ns));
        let Account { events, receptions, in_flight_ns, position } = self.oracle.finish(since_start_ns);
        Worked {
            events: Events { arrived: self.arrived, ..events },
            cost: self.cost,
            latency: encode(&self.latency),
            confirmation: encode(&self.confirmation),
            poll_lateness: encode(&self.poll_lateness),
            receptions,
            in_flight_ns,
            position,
            poll_phase: self.poll_phase,
            negative: self.negative,
            out_of_range: self.out_of_range,
            orders: self.orders,
            lost: self.lost,
            first_error: self.first_error.clone(),
            empties: self.empties,
            panics: panics::so_far(),
            injected: self.injected.clone(),
            usage,
        }
    }

    fn record_latency(&mut self, latency_ns: u64) {
        if std::mem::take(&mut self.faults.lose_sample) {
            self.injected.note("lose_sample");
            return;
        }
        let most_ns = self.faults.clamp_latency_us.map_or(u64::MAX, |most_us| most_us.saturating_mul(1_000));
        self.injected.note_if(latency_ns > most_ns, "clamp_latency_us");
        record(&mut self.latency, latency_ns.min(most_ns), &mut self.out_of_range);
    }

    /// Counts the responses to which the theory applies. A cycle lasts from one response to the next.
    fn count_empties(&mut self, began_ns: Option<u64>, ended_ns: u64, cost: Cost) {
        let judged = match self.theory {
            Theory::Poll(interval) => ended_ns >= nanoseconds(interval) && self.phases.in_window(ended_ns),
            Theory::Hold(hold) => {
                began_ns.is_some_and(|began_ns| began_ns + nanoseconds(hold) <= self.phases.measured_ns())
            }
            Theory::Push => self.phases.in_window(ended_ns),
        };
        if judged {
            self.empties.responses += cost.with_events + cost.empty;
            self.empties.empty += cost.empty;
        }
    }
}

/// The recorder, shared by all tasks of a worker.
pub type SharedRecorder = Arc<std::sync::Mutex<Recorder>>;

fn record(histogram: &mut Histogram, value_ns: u64, out_of_range: &mut u64) {
    // A histogram begins at 1 ns, which is one tick of the clock.
    if histogram.record(value_ns.max(1)).is_err() {
        *out_of_range += 1;
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a setting lasts less than centuries")
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
