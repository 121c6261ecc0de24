//! The interface between a client and its caller: the context that a client starts with, and the batches that it
//! returns.

use std::{ops::AddAssign, pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use net::Endpoint;
use proto::{CodecError, ParamError, Params, Quote, TradeConfirmation, TradeOrder};
use tokio::sync::mpsc;

/// The inputs of one simulated client.
pub struct Context {
    /// Addresses to connect to and from.
    pub endpoint: Endpoint,
    /// Symbols to follow, at least one.
    pub symbols: Vec<String>,
    /// Sequence number to resume after. If absent, the client gets only new events.
    pub after: Option<u64>,
    /// Settings of the variant.
    pub params: Params,
    /// When to poll. Push clients ignore it.
    pub ticks: Ticks,
    /// Orders to send. Only bidirectional clients use it.
    pub orders: Orders,
    /// Seed of the client's own randomness, such as the jitter of its backoff.
    pub seed: u64,
}

/// The active subscription of one client.
pub trait Subscription: Send {
    /// Waits for the next batch: one response, or all messages that have arrived together. After a lost connection,
    /// this call reconnects and resumes, and counts that in the cost. Not cancel safe: the future must only be dropped
    /// together with the subscription.
    ///
    /// # Errors
    /// The server refuses this client for good, or broke the protocol. The client cannot continue.
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>>;
}

/// The result of one call of `Subscription::next`.
#[derive(Debug, Default)]
pub struct Batch {
    /// Decoded events, in order of arrival.
    pub events: Vec<Quote>,
    /// Confirmations of orders, in order of arrival.
    pub confirmations: Vec<TradeConfirmation>,
    /// Requests, responses and errors since the last batch.
    pub cost: Cost,
}

/// Counts the requests, responses and errors of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Requests sent: polls, calls and subscriptions. For webhooks, requests received from the producer.
    pub requests: u64,
    /// Responses, messages or calls that carried at least one event.
    pub with_events: u64,
    /// Responses without an event. Includes the next two counts.
    pub empty: u64,
    /// Empty responses that say "not modified".
    pub not_modified: u64,
    /// Empty responses to requests that the server held until the hold time was up.
    pub timed_out: u64,
    /// Responses that were errors.
    pub errors: u64,
    /// Messages that only keep the connection alive.
    pub heartbeats: u64,
    /// Reconnects after a lost connection.
    pub reconnects: u64,
    /// Resets: how often events were skipped, because the cursor was too old or of another log.
    pub resets: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.with_events += other.with_events;
        self.empty += other.empty;
        self.not_modified += other.not_modified;
        self.timed_out += other.timed_out;
        self.errors += other.errors;
        self.heartbeats += other.heartbeats;
        self.reconnects += other.reconnects;
        self.resets += other.resets;
    }
}

/// The error of a client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection failed. The client reconnects.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The server is busy. The client retries after the pause that the server asks for.
    #[error("the server is busy: {reason}")]
    Busy {
        /// The server's reason.
        reason: String,
        /// The pause that the server asks for, if any.
        retry_after: Option<Duration>,
    },
    /// The server refused the request and would refuse it again.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server sent something that the protocol does not allow.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// A setting of the variant is missing or invalid.
    #[error(transparent)]
    Params(#[from] ParamError),
}

impl From<std::io::Error> for ClientError {
    fn from(error: std::io::Error) -> Self {
        Self::Connection(error.to_string())
    }
}

impl From<CodecError> for ClientError {
    fn from(error: CodecError) -> Self {
        Self::Protocol(error.to_string())
    }
}

/// The poll schedule, which the caller controls.
pub struct Ticks(Pin<Box<dyn Stream<Item = ()> + Send>>);

impl Ticks {
    /// Creates a schedule that ticks with every item of the stream. After the end of the stream, every tick is
    /// immediate.
    pub fn new(schedule: impl Stream<Item = ()> + Send + 'static) -> Self {
        Self(Box::pin(schedule.chain(stream::repeat(()))))
    }

    /// Waits until it is time to poll.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

impl Default for Ticks {
    /// Returns a schedule on which every tick is immediate.
    fn default() -> Self {
        Self(Box::pin(stream::repeat(())))
    }
}

/// The orders to send, which the caller schedules.
#[derive(Debug, Default)]
pub struct Orders(Option<mpsc::Receiver<TradeOrder>>);

impl Orders {
    /// Takes the orders from this channel.
    pub fn new(orders: mpsc::Receiver<TradeOrder>) -> Self {
        Self(Some(orders))
    }

    /// Waits for the next order, or forever if there are none. Cancel safe.
    pub async fn next(&mut self) -> TradeOrder {
        if let Some(orders) = &mut self.0 {
            if let Some(order) = orders.recv().await {
                return order;
            }
            self.0 = None;
        }
        std::future::pending().await
    }
}
