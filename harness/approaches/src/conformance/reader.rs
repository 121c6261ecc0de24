//! Drives one client and keeps its events, so that a case can wait without dropping the client's own wait. It must
//! not know the expected events.

use std::time::Duration;

use anyhow::{Result, bail};
use clients::{Batch, ClientError, Cost, Subscription};
use proto::{Quote, TradeConfirmation, symbol_name};
use tokio::{sync::mpsc, task::JoinHandle};

/// A client that is read continuously, with its events so far. The client ends when dropped.
pub struct Reader {
    /// Its subscription.
    pub symbols: Vec<String>,
    /// Events, in order of arrival.
    pub events: Vec<Quote>,
    /// Confirmations, in order of arrival.
    pub confirmations: Vec<TradeConfirmation>,
    /// Number of batches; for a polling client, of responses.
    pub taken: usize,
    /// Its counts.
    pub cost: Cost,
    patience: Duration,
    batches: mpsc::UnboundedReceiver<Result<Batch, ClientError>>,
    driver: JoinHandle<()>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Reader {
    /// Reads from this client in its own task, with this maximum wait.
    pub fn new(symbols: &[u32], mut subscription: Box<dyn Subscription>, patience: Duration) -> Self {
        let (sender, batches) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move {
            loop {
                let batch = subscription.next().await;
                let is_lost = batch.is_err();
                if sender.send(batch).is_err() || is_lost {
                    return;
                }
            }
        });
        Self {
            symbols: symbols.iter().copied().map(symbol_name).collect(),
            events: Vec::new(),
            confirmations: Vec::new(),
            taken: 0,
            cost: Cost::default(),
            patience,
            batches,
            driver,
        }
    }

    /// Waits until the condition holds.
    ///
    /// # Errors
    /// The client failed, or received nothing more.
    pub async fn until(&mut self, wanted: &str, is_reached: impl Fn(&Self) -> bool) -> Result<()> {
        if !self.wait(self.patience, is_reached).await? {
            bail!("waited in vain for {wanted}; so far {}", self.describe());
        }
        Ok(())
    }

    /// Waits for this time, or until the condition holds. Returns whether it holds.
    ///
    /// # Errors
    /// The client failed.
    pub async fn wait(&mut self, longest: Duration, is_reached: impl Fn(&Self) -> bool) -> Result<bool> {
        let reach = async {
            while !is_reached(self) {
                self.take_next().await?;
            }
            Ok(())
        };
        match tokio::time::timeout(longest, reach).await {
            Ok(reached) => reached.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Waits for the error that ends the client, and returns it.
    ///
    /// # Errors
    /// The client continues.
    pub async fn until_lost(&mut self) -> Result<ClientError> {
        let patience = self.patience;
        let lost = async {
            loop {
                match self.batches.recv().await {
                    Some(Ok(batch)) => self.keep(batch),
                    Some(Err(error)) => return Ok(error),
                    None => bail!("the client panicked"),
                }
            }
        };
        match tokio::time::timeout(patience, lost).await {
            Ok(lost) => lost,
            Err(_) => bail!("the client goes on where it should give up; so far {}", self.describe()),
        }
    }

    /// Returns its newest event of this symbol.
    pub fn last_of(&self, symbol: &str) -> Option<&Quote> {
        self.events.iter().rev().find(|quote| quote.symbol == symbol)
    }

    /// Describes its events, for a message.
    pub fn describe(&self) -> String {
        let last = self.events.last().map_or(0, |quote| quote.sequence);
        format!("{} events, the last is {last}, {:?}", self.events.len(), self.cost)
    }

    async fn take_next(&mut self) -> Result<()> {
        match self.batches.recv().await {
            Some(Ok(batch)) => self.keep(batch),
            Some(Err(error)) => bail!("the client was lost: {error}; so far {}", self.describe()),
            None => bail!("the client panicked"),
        }
        Ok(())
    }

    fn keep(&mut self, batch: Batch) {
        self.taken += 1;
        self.events.extend(batch.events);
        self.confirmations.extend(batch.confirmations);
        self.cost += batch.cost;
    }
}
