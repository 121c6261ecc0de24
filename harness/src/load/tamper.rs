//! Injects faults between a client and its recorder: duplicates, reordering, wrong counts, wrong times and panics. A
//! measurement has none.

use std::{
    collections::HashMap,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use clients::Batch;
use proto::Quote;
use scenario::{
    faults::{Faults, Injected, Panicking},
    feed::Phases,
};

/// The faults of one worker, and the events that a fault holds back.
#[derive(Debug)]
pub(super) struct Tamper {
    faults: Faults,
    phases: Phases,
    start_ns: OnceLock<u64>,
    held: Mutex<HashMap<u32, Quote>>,
    stamped_early: AtomicBool,
    injected: Mutex<Injected>,
}

impl Tamper {
    /// Creates the faults. Returns `None` if there are none, so that a measurement has no cost here.
    pub(super) fn new(faults: &Faults, phases: Phases) -> Option<Self> {
        let faults = Faults { discard: false, ..faults.clone() };
        (faults != Faults::default()).then(|| Self {
            faults,
            phases,
            start_ns: OnceLock::new(),
            held: Mutex::default(),
            stamped_early: AtomicBool::new(false),
            injected: Mutex::default(),
        })
    }

    /// Sets the start, on the monotonic clock.
    pub(super) fn start(&self, start_ns: u64) {
        self.start_ns.get_or_init(|| start_ns);
    }

    /// Returns the number of faults that were injected here.
    pub(super) fn injected(&self) -> Injected {
        self.injected.lock().expect("no holder panics").clone()
    }

    /// Injects faults into a batch of this client.
    pub(super) fn batch(&self, client: u32, batch: &mut Batch) {
        self.note(client, batch);
        assert!(!self.panics(client, batch), "a fault that was asked for");
        let is = |quote: &Quote, sequence: Option<u64>| sequence == Some(quote.sequence);
        if let Some(at) = batch.events.iter().position(|quote| is(quote, self.faults.duplicate_event)) {
            batch.events.insert(at, batch.events[at].clone());
        }
        let mut held = self.held.lock().expect("no holder panics");
        if let Some(late) = (!batch.events.is_empty()).then(|| held.remove(&client)).flatten() {
            batch.events.push(late);
        } else if let Some(at) = batch.events.iter().position(|quote| is(quote, self.faults.reorder_event)) {
            held.insert(client, batch.events.remove(at));
        }
        if self.faults.lose_confirmations {
            batch.confirmations.clear();
        }
        if self.faults.count_empties {
            batch.cost.empty += batch.cost.with_events;
        }
        if self.faults.count_reconnects {
            batch.cost.reconnects += batch.cost.with_events;
        }
        if self.faults.count_requests_twice {
            batch.cost.requests *= 2;
        }
    }

    /// Counts the faults that `batch` will inject into this batch.
    fn note(&self, client: u32, batch: &Batch) {
        let Faults { duplicate_event, reorder_event, .. } = self.faults;
        let has = |sequence: Option<u64>| batch.events.iter().any(|quote| sequence == Some(quote.sequence));
        let mut injected = self.injected.lock().expect("no holder panics");
        injected.note_if(has(duplicate_event), "duplicate_event");
        injected.note_if(has(reorder_event), "reorder_event");
        injected.note_if(!batch.confirmations.is_empty(), "lose_confirmations");
        injected.note_if(batch.cost.with_events > 0, "count_empties");
        injected.note_if(batch.cost.with_events > 0, "count_reconnects");
        injected.note_if(batch.cost.requests > 0, "count_requests_twice");
        injected.note_if(self.panics(client, batch), "panic");
    }

    /// Returns whether the client's task must panic at this batch.
    fn panics(&self, client: u32, batch: &Batch) -> bool {
        let is_told = self.faults.panic == Some(Panicking::Client);
        is_told && client == 0 && self.start_ns.get().is_some() && !batch.events.is_empty()
    }

    /// Changes the time at which a batch arrived, on the monotonic clock.
    pub(super) fn stamp(&self, arrival_ns: u64, batch: &Batch) -> u64 {
        let Some(&start_ns) = self.start_ns.get() else { return arrival_ns };
        let Some(since_start_ns) = arrival_ns.checked_sub(start_ns) else { return arrival_ns };
        // In the middle of the window, an arriving event was due inside the window.
        let is_half_over = since_start_ns > self.phases.warmup_ns + self.phases.measure_ns / 2;
        let may_be_early = self.faults.early_stamp && is_half_over && batch.events.len() == 1;
        if may_be_early && !self.stamped_early.swap(true, Ordering::Relaxed) {
            self.injected.lock().expect("no holder panics").note("early_stamp");
            return start_ns;
        }
        let slower_ns = since_start_ns / 1_000 * self.faults.slow_down_ms.unwrap_or_default();
        self.injected.lock().expect("no holder panics").note_if(slower_ns > 0, "slow_down_ms");
        arrival_ns + slower_ns
    }
}
