//! The order desk that the bidirectional approaches share. It validates an order and confirms it.
//!
//! It fills every valid order at once, so that the time from order to confirmation measures only the transport. This
//! module must not know any protocol.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use proto::{TradeConfirmation, TradeOrder};

use crate::Hub;

/// Status of an order that was executed.
const FILLED: &str = "FILLED";
/// Status of an order that was not executed. The confirmation contains the reason.
const REJECTED: &str = "REJECTED";

/// Executes the orders of all connections of one server.
#[derive(Debug)]
pub(crate) struct Desk {
    hub: Arc<Hub>,
    orders: AtomicU64,
}

impl Desk {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, orders: AtomicU64::new(0) }
    }

    /// Fills or rejects an order. Either way, it assigns a new order number.
    pub(crate) fn execute(&self, order: &TradeOrder) -> TradeConfirmation {
        let number = self.orders.fetch_add(1, Ordering::Relaxed) + 1;
        let rejection = self.rejection(order);
        TradeConfirmation {
            order_id: format!("order-{number}"),
            status: if rejection.is_none() { FILLED } else { REJECTED }.to_owned(),
            client_order_id: order.client_order_id.clone(),
            reason: rejection.unwrap_or_default(),
        }
    }

    fn rejection(&self, order: &TradeOrder) -> Option<String> {
        if let Err(unknown) = self.hub.resolve([order.symbol.as_str()]) {
            return Some(unknown.to_string());
        }
        if order.quantity <= 0 {
            return Some(format!("the quantity must be positive, not {}", order.quantity));
        }
        if !matches!(order.side.as_str(), "BUY" | "SELL") {
            return Some(format!("the side must be BUY or SELL, not `{}`", order.side.escape_debug()));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn order() -> TradeOrder {
        TradeOrder { symbol: "BTC".into(), quantity: 3, side: "BUY".into(), client_order_id: "mine".into() }
    }

    #[tokio::test]
    async fn a_valid_order_is_filled_with_a_new_number() {
        let desk = Desk::new(Hub::new(&["BTC".into()], Limits::default()));
        let first = desk.execute(&order());
        let second = desk.execute(&TradeOrder { side: "SELL".into(), ..order() });
        assert_eq!((first.status.as_str(), first.client_order_id.as_str()), (FILLED, "mine"));
        assert_eq!((second.status.as_str(), second.reason.as_str()), (FILLED, ""));
        assert_ne!(first.order_id, second.order_id);
    }

    #[tokio::test]
    async fn an_invalid_order_is_rejected_with_its_reason() {
        let desk = Desk::new(Hub::new(&["BTC".into()], Limits::default()));
        for (order, reason) in [
            (TradeOrder { symbol: "DOGE".into(), ..order() }, "unknown symbol `DOGE`"),
            (TradeOrder { quantity: 0, ..order() }, "the quantity must be positive, not 0"),
            (TradeOrder { symbol: "D\u{202e}\u{1b}".into(), ..order() }, r"unknown symbol `D\u{202e}\u{1b}`"),
            (TradeOrder { side: "\u{9b}".into(), ..order() }, r"the side must be BUY or SELL, not `\u{9b}`"),
            (TradeOrder { side: "HOLD".into(), ..order() }, "the side must be BUY or SELL, not `HOLD`"),
        ] {
            let confirmation = desk.execute(&order);
            assert_eq!((confirmation.status.as_str(), confirmation.reason.as_str()), (REJECTED, reason));
            assert_eq!(confirmation.client_order_id, "mine");
        }
    }
}
