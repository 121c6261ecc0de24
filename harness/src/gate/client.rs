//! One client that lock step drives: it polls and orders when it is told to, and what it is told to do is over when it
//! has its answer.

use anyhow::{Context as _, Result};
use approaches::conformance::{Fixture, Reader};
use clients::{Orders, Ticks};
use futures_util::stream;
use proto::{TradeOrder, symbol_name};
use tokio::sync::mpsc;

/// One client, and what drives it.
pub(super) struct Client {
    /// What it brought.
    pub(super) reader: Reader,
    ticks: mpsc::UnboundedSender<()>,
    /// Answers of one poll: of a snapshot, one for each symbol.
    answers: usize,
    /// Answers of all polls so far.
    owed: usize,
    orders: mpsc::Sender<TradeOrder>,
}

impl Client {
    /// Subscribes it to these symbols, from the beginning.
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

    /// Polls once, until it has all answers.
    pub(super) async fn poll(&mut self) -> Result<()> {
        self.owed += self.answers;
        self.ticks.send(()).context("the client polls no more")?;
        let owed = self.owed;
        self.reader.until("the answers of a poll", |reader| reader.taken >= owed).await
    }

    /// Sends the order with this number, from 0, until it is confirmed.
    pub(super) async fn order(&mut self, number: usize) -> Result<()> {
        let client_order_id = format!("order-{number:04}");
        let order = TradeOrder { symbol: symbol_name(0), quantity: 1, side: "BUY".into(), client_order_id };
        self.orders.send(order).await.context("the client takes no orders")?;
        self.reader.until("a confirmation", |reader| reader.confirmations.len() > number).await
    }
}
