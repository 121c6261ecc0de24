//! The seam between a client and whoever drives it: what a client is given, and what it gives.

use std::{ops::AddAssign, pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use proto::{CodecError, ParamError, Params, Quote, TradeConfirmation, TradeOrder};
use tokio::sync::mpsc;

use crate::Endpoint;

/// What one simulated client is given.
pub struct Context {
    /// Where to connect to.
    pub endpoint: Endpoint,
    /// Symbols to follow, at least one.
    pub symbols: Vec<String>,
    /// Resume after this sequence number; absent: from now on.
    pub after: Option<u64>,
    /// Settings of the variant.
    pub params: Params,
    /// When to poll; a client that is pushed to does not look at it.
    pub ticks: Ticks,
    /// Orders to send; only a bidirectional client looks at it.
    pub orders: Orders,
    /// Seed of the client's own randomness, such as the jitter of its backoff.
    pub seed: u64,
}

/// A live subscription of one client.
pub trait Subscription: Send {
    /// Waits for the next batch: one response, or all the messages that one read of the connection held. A client that
    /// was cut off reconnects and resumes in here and says so in the cost. Must not be dropped while it waits, unless
    /// the subscription is dropped with it.
    ///
    /// # Errors
    /// The server refuses this client for good; it is lost.
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>>;
}

/// What one call of `Subscription::next` brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events, decoded, in the order of their arrival.
    pub events: Vec<Quote>,
    /// Confirmations of orders, in the order of their arrival.
    pub confirmations: Vec<TradeConfirmation>,
    /// What it took.
    pub cost: Cost,
}

/// Counts of what a batch took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Requests sent: polls, calls, subscriptions, and for webhooks the answers owed to the producer's requests.
    pub requests: u64,
    /// Responses, messages or calls that carried at least one event.
    pub with_events: u64,
    /// Responses that carried no event, whatever their form; the next two are parts of it.
    pub empty: u64,
    /// Empty responses that said "unchanged".
    pub not_modified: u64,
    /// Empty responses to a request that was held until its time was up.
    pub timed_out: u64,
    /// Responses that were errors.
    pub errors: u64,
    /// Messages that only kept the connection alive.
    pub heartbeats: u64,
    /// Connections opened again after one was lost.
    pub reconnects: u64,
    /// Times the server said that the cursor was too old, and events were skipped.
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

/// Why a client cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection failed; a client comes back from this.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The server cannot serve now; a client comes back from this, after the time that the server asks for.
    #[error("the server is busy: {reason}")]
    Busy {
        /// What the server said.
        reason: String,
        /// The time to stay away; absent if the server names none.
        retry_after: Option<Duration>,
    },
    /// The server refused the request, and would refuse it again.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server sent what the protocol does not allow.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// A setting of the variant is missing or unreadable.
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

/// When to poll: a schedule that somebody else keeps.
pub struct Ticks(Pin<Box<dyn Stream<Item = ()> + Send>>);

impl Ticks {
    /// Polls whenever the stream has an item; when it ends, at once.
    pub fn new(schedule: impl Stream<Item = ()> + Send + 'static) -> Self {
        Self(Box::pin(schedule.chain(stream::repeat(()))))
    }

    /// Waits until it is time to poll.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

impl Default for Ticks {
    /// Polls again at once.
    fn default() -> Self {
        Self(Box::pin(stream::repeat(())))
    }
}

/// Orders to send, as somebody else schedules them.
#[derive(Debug, Default)]
pub struct Orders(Option<mpsc::Receiver<TradeOrder>>);

impl Orders {
    /// Sends what the channel holds.
    pub fn new(orders: mpsc::Receiver<TradeOrder>) -> Self {
        Self(Some(orders))
    }

    /// Waits for the next order; forever where there are none. Safe to drop while it waits.
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
