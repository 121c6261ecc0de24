//! The open-loop schedule of orders over the clients of a bidirectional approach, and what is known of those that are
//! not confirmed yet.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use clients::Orders;
use proto::{TradeConfirmation, TradeOrder, symbol_name};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use scenario::feed::{exponential, uniform};
use tokio::sync::mpsc;

use crate::{agent::message::WorkPlan, host::clock, load::recorder::SharedRecorder};

/// Orders that may wait in one client.
const QUEUE: usize = 16;
/// Keeps the orders' randomness apart from the feed's.
const SEED_SALT: u64 = 0x4f52_4445_5253;

/// The way orders take to the clients, and those under way.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    queues: Vec<mpsc::Sender<TradeOrder>>,
    open: Arc<OpenOrders>,
}

/// Orders that are not confirmed yet.
#[derive(Debug, Default)]
pub(crate) struct OpenOrders {
    /// When each was due, after the start, by its client's id for it.
    due_ns: Mutex<HashMap<String, u64>>,
    /// More may come.
    is_sending: AtomicBool,
}

impl OpenOrders {
    /// When the confirmed order was due, after the start; none if it is no order of this worker, or confirmed already.
    pub(crate) fn take(&self, confirmation: &TradeConfirmation) -> Option<u64> {
        self.due_ns.lock().expect("no holder panics").remove(&confirmation.client_order_id)
    }

    /// Every order has been sent and confirmed.
    pub(crate) fn is_settled(&self) -> bool {
        !self.is_sending.load(Ordering::Acquire) && self.due_ns.lock().expect("no holder panics").is_empty()
    }
}

impl OrderBook {
    /// A queue for the next client.
    pub(crate) fn queue(&mut self) -> Orders {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queues.push(sender);
        Orders::new(receiver)
    }

    /// Those that are not confirmed yet.
    pub(crate) fn open(&self) -> Arc<OpenOrders> {
        Arc::clone(&self.open)
    }

    /// Sends orders, Poisson over time and uniform over clients, until the window ends. Blocks: like the publisher it
    /// needs a thread of its own, since a runtime's timer counts in milliseconds.
    pub(crate) fn run(self, plan: &WorkPlan, start_ns: u64, recorder: &SharedRecorder) {
        clock::be_punctual();
        self.open.is_sending.store(true, Ordering::Release);
        let mut random = ChaCha8Rng::seed_from_u64(plan.feed.seed ^ SEED_SALT ^ u64::from(plan.first_client));
        let mean_ns = 1e9 / plan.orders_per_second;
        let mut due = exponential(&mut random, mean_ns);
        while (due as u64) < plan.phases.measured_ns() {
            clock::block_until(start_ns + due as u64);
            recorder.lock().expect("no holder panics").order(due as u64);
            let client = (uniform(&mut random) * self.queues.len() as f64) as usize;
            let order = order(&mut random, plan.feed.symbols, due as u64);
            self.open.due_ns.lock().expect("no holder panics").insert(order.client_order_id.clone(), due as u64);
            // An order whose client's queue is full stays unconfirmed, and the account says so.
            let _ = self.queues[client].try_send(order);
            due += exponential(&mut random, mean_ns);
        }
        self.open.is_sending.store(false, Ordering::Release);
    }
}

fn order(random: &mut ChaCha8Rng, symbols: u32, due_ns: u64) -> TradeOrder {
    TradeOrder {
        symbol: symbol_name((uniform(random) * f64::from(symbols)) as u32),
        quantity: 1 + (uniform(random) * 100.0) as i64,
        side: if uniform(random) < 0.5 { "BUY" } else { "SELL" }.into(),
        client_order_id: format!("{due_ns:016x}"),
    }
}
