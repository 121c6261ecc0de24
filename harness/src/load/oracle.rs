//! Accounts for every event at every client. The expectation alone determines what a client is owed.
//!
//! Synchronous and pure: the caller passes each arrival with its time. Memory: a number per client and symbol, one per
//! delivery in flight, an entry per sampled event of the window, and one per event since the oldest pending one. Pending
//! events are few unless events are lost, which makes the trial invalid; the scenario limits their number.

use std::collections::{BTreeSet, HashMap, VecDeque};

use approaches::registry::Delivery;
use proto::Quote;
use results::schema::Events;
use scenario::feed::{FeedEvent, Phases, sample::Sample};

use crate::{
    agent::moments::Moments,
    load::{
        account::{Account, InFlight, Receptions},
        expectation::Expectation,
    },
};

/// The clients of one worker and the symbols that they follow.
#[derive(Debug, Clone)]
pub struct Audience {
    /// Index of the first client among all of the trial.
    pub first_client: u32,
    /// Number of clients of this worker.
    pub clients: u32,
    /// Symbols that each client follows.
    pub symbols_per_client: u32,
    /// Whether every event must arrive, or only the newest state.
    pub delivery: Delivery,
}

/// An event that was delivered for the first time to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Scheduled time, in nanoseconds after the start.
    pub scheduled_ns: u64,
    /// Whether it was scheduled inside the window.
    pub in_window: bool,
}

#[derive(Debug)]
struct Owed {
    event: FeedEvent,
    /// Sequence number of the previous event of the same symbol, or 0.
    previous: u64,
    /// Number of clients that have neither received nor skipped it.
    remaining: u32,
    /// Arrivals so far, in nanoseconds after the start. Only of events of the window.
    arrivals_ns: Vec<u64>,
}

/// Compares the deliveries of a worker's clients with the expected ones.
#[derive(Debug)]
pub struct Oracle {
    expectation: Expectation,
    /// Whether the expectation has no further events.
    is_complete: bool,
    phases: Phases,
    audience: Audience,
    followers: Vec<u32>,
    newest_of_symbol: Vec<u64>,
    /// Consecutive events, from the oldest that a client waits for.
    owed: VecDeque<Owed>,
    first_owed: u64,
    window: Option<(u64, u64)>,
    /// The newest symbol sequence received, by client and index among its symbols.
    seen: Vec<u64>,
    /// The newest sequence received, by client.
    newest: Vec<u64>,
    /// Symbol sequences that a log skipped, by index in `seen`. Empty unless something went wrong.
    gaps: HashMap<usize, BTreeSet<u64>>,
    events: Events,
    receptions: Receptions,
    in_flight: InFlight,
    position: Moments,
}

impl Oracle {
    /// Creates the oracle before the start. The sample says which events of the window have an entry.
    pub fn new(expectation: Expectation, sample: Sample, phases: Phases, audience: Audience) -> Self {
        let mut followers = vec![0; expectation.symbols()];
        for client in 0..audience.clients {
            for symbol in expectation.symbols_of(audience.first_client + client, audience.symbols_per_client) {
                followers[symbol as usize] += 1;
            }
        }
        Self {
            is_complete: false,
            followers,
            newest_of_symbol: vec![0; expectation.symbols()],
            owed: VecDeque::new(),
            first_owed: 1,
            window: None,
            seen: vec![0; audience.clients as usize * audience.symbols_per_client as usize],
            newest: vec![0; audience.clients as usize],
            gaps: HashMap::new(),
            events: Events::default(),
            receptions: Receptions::new(sample),
            in_flight: InFlight::default(),
            position: Moments::default(),
            expectation,
            phases,
            audience,
        }
    }

    /// Sets the wall-clock time of the start, which the events' timestamps count from.
    pub fn set_epoch(&mut self, epoch_ms: i64) {
        self.expectation.set_epoch(epoch_ms);
    }

    /// Records one event at one client, which is an index into this worker's clients, at a time after the start. Removes the
    /// event from the pending set. Returns `None` for a duplicate or an unknown event.
    pub fn receive(&mut self, client: u32, quote: &Quote, arrival_ns: u64) -> Option<Delivered> {
        self.in_flight.advance(arrival_ns);
        self.extend_to(quote.sequence);
        let Some(place) = self.place_of(client, quote) else {
            self.events.corrupt += 1;
            return None;
        };
        let in_window = self.in_window(quote.sequence);
        if !self.is_new(client, place, quote, in_window) {
            return None;
        }
        let owed = &mut self.owed[index_of(self.first_owed, quote.sequence)];
        let scheduled_ns = owed.event.scheduled_ns;
        if in_window {
            let followers = self.followers[owed.event.symbol as usize];
            if followers > 1 {
                let arrived_before = owed.arrivals_ns.len() as f64 / f64::from(followers - 1);
                self.position.add(f64::from(client) / f64::from(self.audience.clients), arrived_before);
            }
            owed.arrivals_ns.push(arrival_ns);
            self.events.delivered += 1;
        }
        self.release(quote.sequence);
        self.retire();
        Some(Delivered { scheduled_ns, in_window })
    }

    /// Returns whether no delivery is owed now or later.
    pub fn is_settled(&self) -> bool {
        self.is_complete && self.owed.is_empty()
    }

    /// Adds all events scheduled up to this time after the start, so that they are owed even if none arrives.
    pub fn expect_until(&mut self, time_ns: u64) {
        while !self.is_complete && self.owed.back().is_none_or(|owed| owed.event.scheduled_ns < time_ns) {
            self.extend();
        }
        self.retire();
    }

    /// Returns the account at this time after the start.
    pub fn finish(&mut self, now_ns: u64) -> Account {
        self.expect_until(u64::MAX);
        self.in_flight.advance(now_ns);
        for index in 0..self.owed.len() {
            self.note_reception(index);
        }
        let Events { expected, delivered, coalesced, .. } = self.events;
        self.events.missed = expected - delivered - coalesced;
        Account {
            events: self.events,
            receptions: self.receptions.take(),
            in_flight_ns: self.in_flight.integral_ns(),
            position: self.position,
        }
    }

    fn extend_to(&mut self, sequence: u64) {
        while !self.is_complete && self.first_owed + (self.owed.len() as u64) <= sequence {
            self.extend();
        }
    }

    /// Adds the next expected event.
    fn extend(&mut self) {
        let Some(event) = self.expectation.next() else {
            self.is_complete = true;
            return;
        };
        let remaining = self.followers[event.symbol as usize];
        if self.phases.in_window(event.scheduled_ns) {
            let first = self.window.map_or(event.sequence, |(first, _)| first);
            self.window = Some((first, event.sequence));
            self.events.expected += u64::from(remaining);
            self.in_flight.add(remaining, event.scheduled_ns);
        }
        let newest = &mut self.newest_of_symbol[event.symbol as usize];
        let previous = std::mem::replace(newest, event.sequence);
        let arrivals_ns = self.receptions.empty_list();
        self.owed.push_back(Owed { event, previous, remaining, arrivals_ns });
    }

    fn in_window(&self, sequence: u64) -> bool {
        self.window.is_some_and(|(first, last)| (first..=last).contains(&sequence))
    }

    /// Returns the index in `seen` of this event and client. Returns `None` if the event is not as expected, or the client
    /// does not follow its symbol.
    fn place_of(&self, client: u32, quote: &Quote) -> Option<usize> {
        if quote.sequence == 0 {
            return None;
        }
        let symbol = if quote.sequence < self.first_owed {
            // Every client has it, so it is a duplicate. Its content was compared before.
            self.expectation.symbol(&quote.symbol)?
        } else {
            let owed = self.owed.get(index_of(self.first_owed, quote.sequence))?;
            if !self.expectation.is_event(quote, &owed.event) {
                return None;
            }
            owed.event.symbol as usize
        };
        let per_client = self.audience.symbols_per_client;
        let mut symbols = self.expectation.symbols_of(self.audience.first_client + client, per_client);
        let offset = symbols.position(|followed| followed as usize == symbol)?;
        let place = client as usize * per_client as usize + offset;
        // Every client has this event, so a new delivery of it is not an event of the feed.
        let is_forged = quote.sequence < self.first_owed && quote.symbol_sequence > self.seen[place];
        (!is_forged).then_some(place)
    }

    fn is_new(&mut self, client: u32, place: usize, quote: &Quote, in_window: bool) -> bool {
        let counted = u64::from(in_window);
        let seen = self.seen[place];
        if quote.symbol_sequence <= seen {
            let late = self.gaps.get_mut(&place).is_some_and(|gap| gap.remove(&quote.symbol_sequence));
            let older_state = self.audience.delivery == Delivery::Snapshot && quote.symbol_sequence < seen;
            self.events.reordered += if late || older_state { counted } else { 0 };
            self.events.duplicate += if late || older_state { 0 } else { counted };
            return late;
        }
        match self.audience.delivery {
            Delivery::Snapshot => self.coalesce(quote, seen),
            Delivery::Log => {
                if quote.symbol_sequence > seen + 1 {
                    self.gaps.entry(place).or_default().extend(seen + 1..quote.symbol_sequence);
                }
                let newest = &mut self.newest[client as usize];
                self.events.reordered += if quote.sequence < *newest { counted } else { 0 };
                *newest = quote.sequence.max(*newest);
            }
        }
        self.seen[place] = quote.symbol_sequence;
        true
    }

    /// Removes the states that were skipped between the last one seen and this one.
    fn coalesce(&mut self, quote: &Quote, seen: u64) {
        let mut sequence = self.owed[index_of(self.first_owed, quote.sequence)].previous;
        for _ in seen + 1..quote.symbol_sequence {
            self.events.coalesced += u64::from(self.in_window(sequence));
            let previous = self.owed[index_of(self.first_owed, sequence)].previous;
            self.release(sequence);
            sequence = previous;
        }
    }

    /// Removes one waiting client from this event.
    fn release(&mut self, sequence: u64) {
        let index = index_of(self.first_owed, sequence);
        self.owed[index].remaining -= 1;
        if self.in_window(sequence) {
            self.in_flight.remove_one();
        }
        if self.owed[index].remaining == 0 {
            self.note_reception(index);
        }
    }

    /// Removes the oldest events that no client waits for.
    fn retire(&mut self) {
        while self.owed.front().is_some_and(|owed| owed.remaining == 0) {
            self.owed.pop_front();
            self.first_owed += 1;
        }
    }

    fn note_reception(&mut self, index: usize) {
        let Owed { event, arrivals_ns, .. } = &mut self.owed[index];
        self.receptions.note(event, std::mem::take(arrivals_ns));
    }
}

fn index_of(first: u64, sequence: u64) -> usize {
    usize::try_from(sequence - first).expect("the events that are owed fit memory")
}

#[cfg(test)]
#[path = "oracle_tests.rs"]
mod tests;
