//! A client in lock step: it polls and sends orders on command, and each command ends when the client has its answer.

use anyhow::{Context as _, Result};
use approaches::conformance::{Fixture, Reader};
use clients::{Orders, Ticks};
use futures_util::stream;
use proto::{TradeOrder, symbol_name};
use tokio::sync::mpsc;

/// A client and the channels that drive it.
pub(super) struct Client {
    /// The batches that it received.
    pub(super) reader: Reader,
    ticks: mpsc::UnboundedSender<()>,
    /// Responses per poll: one, or one per symbol of a snapshot.
    answers: usize,
    /// Responses to all polls so far.
    owed: usize,
    orders: mpsc::Sender<TradeOrder>,
}

impl Client {
    /// Subscribes the client to these symbols, from the first event.
    pub(super) async fn subscribe(fixture: &mut Fixture, symbols: &[u32]) -> Result<Self> {
        let (ticks, told) = mpsc::unbounded_channel();
        let (orders, ordered) = mpsc::channel(1);
        let next = |mut told: mpsc::UnboundedReceiver<()>| async move { told.recv().await.map(|()| ((), told)) };
        let told = Ticks::new(stream::unfold(told, next));
        let names = symbols.iter().copied().map(symbol_name).collect();
        let subscription = fixture.open_paced(names, Some(0), told, Orders::new(ordered)).await?;
        let answers = if fixture.is_log() { 1 } else { symbols.len() };
        Ok(Self { reader: fixture.reader(symbols, subscription), ticks, answers, owed: 0, orders })
    }

    /// Polls once and waits for all responses.
    pub(super) async fn poll(&mut self) -> Result<()> {
        self.owed += self.answers;
        self.ticks.send(()).context("the client polls no more")?;
        let owed = self.owed;
        self.reader.until("the answers of a poll", |reader| reader.taken >= owed).await
    }

    /// Sends the order with this number, counted from 0, and waits for its confirmation.
    pub(super) async fn order(&mut self, number: usize) -> Result<()> {
        let client_order_id = format!("order-{number:04}");
        let order = TradeOrder { symbol: symbol_name(0), quantity: 1, side: "BUY".into(), client_order_id };
        self.orders.send(order).await.context("the client takes no orders")?;
        self.reader.until("a confirmation", |reader| reader.confirmations.len() > number).await
    }
}
