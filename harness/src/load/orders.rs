//! The open-loop schedule of orders for the clients of a bidirectional approach, and the orders that are not
//! confirmed yet.

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

/// Maximum number of orders that wait in one client.
const QUEUE: usize = 16;
/// Makes the orders' random numbers independent of the feed's.
const SEED_SALT: u64 = 0x4f52_4445_5253;

/// The queues of orders to the clients, and the orders in flight.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    queues: Vec<mpsc::Sender<TradeOrder>>,
    open: Arc<OpenOrders>,
}

/// Orders that are not confirmed yet.
#[derive(Debug, Default)]
pub(crate) struct OpenOrders {
    /// Due time of each after the start, by client and order id.
    due_ns: Mutex<HashMap<String, u64>>,
    /// Whether more orders may follow.
    is_sending: AtomicBool,
}

impl OpenOrders {
    /// Returns the due time of a confirmed order after the start. Returns `None` if it is unknown or already
    /// confirmed.
    pub(crate) fn take(&self, confirmation: &TradeConfirmation) -> Option<u64> {
        self.due_ns.lock().expect("no holder panics").remove(&confirmation.client_order_id)
    }

    /// Returns whether every order was sent and confirmed.
    pub(crate) fn is_settled(&self) -> bool {
        !self.is_sending.load(Ordering::Acquire) && self.due_ns.lock().expect("no holder panics").is_empty()
    }
}

impl OrderBook {
    /// Creates the queue of the next client.
    pub(crate) fn queue(&mut self) -> Orders {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queues.push(sender);
        Orders::new(receiver)
    }

    /// Returns the orders that are not confirmed yet.
    pub(crate) fn open(&self) -> Arc<OpenOrders> {
        Arc::clone(&self.open)
    }

    /// Sends orders until the window ends, Poisson over time and uniform over clients. Blocks, so it needs its own
    /// thread: a runtime's timer has a resolution of milliseconds.
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
            // If the client's queue is full, the order stays unconfirmed and is counted so.
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
