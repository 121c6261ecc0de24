//! The open-loop schedule of orders over the clients of a bidirectional approach, and what is known of those that are
//! not confirmed yet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use clients::Orders;
use proto::{TradeConfirmation, TradeOrder, symbol_name};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use tokio::sync::mpsc;

use crate::{
    clock,
    feed::{exponential, uniform},
    load::recorder::SharedRecorder,
    message::WorkPlan,
};

/// Orders that may wait in one client.
const QUEUE: usize = 16;
/// Keeps the orders' randomness apart from the feed's.
const SEED_SALT: u64 = 0x4f52_4445_5253;

/// The way orders take to the clients, and those under way.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    queues: Vec<mpsc::Sender<TradeOrder>>,
    /// When each order that is not confirmed was due, after the start, by its client's id for it.
    due_ns: Arc<Mutex<HashMap<String, u64>>>,
}

impl OrderBook {
    /// A queue for the next client.
    pub(crate) fn queue(&mut self) -> Orders {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queues.push(sender);
        Orders::new(receiver)
    }

    /// Looks up confirmations.
    pub(crate) fn confirmations(&self) -> Confirmations {
        Confirmations(Arc::clone(&self.due_ns))
    }

    /// Sends orders, Poisson over time and uniform over clients, until the window ends. Blocks: like the publisher it
    /// needs a thread of its own, since a runtime's timer counts in milliseconds.
    pub(crate) fn run(self, plan: &WorkPlan, start_ns: u64, recorder: &SharedRecorder) {
        clock::be_punctual();
        let mut random = ChaCha8Rng::seed_from_u64(plan.feed.seed ^ SEED_SALT ^ u64::from(plan.first_client));
        let mean_ns = 1e9 / plan.orders_per_second;
        let mut due = exponential(&mut random, mean_ns);
        while (due as u64) < plan.phases.measured_ns() {
            clock::block_until(start_ns + due as u64);
            let client = (uniform(&mut random) * self.queues.len() as f64) as usize;
            let order = TradeOrder {
                symbol: symbol_name((uniform(&mut random) * f64::from(plan.feed.symbols)) as u32),
                quantity: 1 + (uniform(&mut random) * 100.0) as i64,
                side: if uniform(&mut random) < 0.5 { "BUY" } else { "SELL" }.into(),
                client_order_id: format!("{:016x}", due as u64),
            };
            self.due_ns.lock().expect("no holder panics").insert(order.client_order_id.clone(), due as u64);
            if self.queues[client].try_send(order).is_err() {
                recorder.lock().expect("no holder panics").order_unsent();
            }
            due += exponential(&mut random, mean_ns);
        }
    }
}

/// When orders were due.
#[derive(Debug, Clone)]
pub(crate) struct Confirmations(Arc<Mutex<HashMap<String, u64>>>);

impl Confirmations {
    /// When the confirmed order was due, after the start; none if it is no order of this worker, or confirmed already.
    pub(crate) fn take(&self, confirmation: &TradeConfirmation) -> Option<u64> {
        self.0.lock().expect("no holder panics").remove(&confirmation.client_order_id)
    }
}
