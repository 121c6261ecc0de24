//! One server of a subject in this process, its published events, and its clients. It must not know a case.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use clients::{ClientError, Orders, Subscription, Ticks};
use futures_util::stream;
use net::{Endpoint, ListenError, Meter, Transport};
use proto::{Quote, symbol_name};
use servers::{Hub, Limits, ServeError};
use tokio::{task::JoinHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{Reader, Subject};
use crate::registry::{Delivery, Exchange};

/// Maximum wait of a case, so that it cannot hang. A case does not test speed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Symbols of the feed.
const SYMBOLS: u32 = 6;
/// Buffer of each end of a connection, in bytes, instead of the kernel's choice: a stopped reader blocks its server
/// after a few hundred kibibytes.
const SOCKET_BUFFER_BYTES: u32 = 128 * 1024;
/// First pause between two events for a reader that may have been absent. Each pause is twice the previous one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Pause between two checks of a state that is not announced.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running server and its published events. It stops when dropped.
pub struct Fixture {
    /// The subject under test.
    pub subject: Subject,
    /// The server's event log.
    pub hub: Arc<Hub>,
    /// The server's sockets.
    pub meter: Meter,
    /// Where the server listens.
    pub address: SocketAddr,
    /// The events published so far, in order.
    pub published: Vec<Quote>,
    /// Maximum wait, so that a case cannot hang.
    pub patience: Duration,
    receive_buffer_bytes: Option<u32>,
    /// Whether HTTP/2 responses contain the date.
    has_dates: bool,
    shutdown: CancellationToken,
    /// The running server. `None` after it has stopped.
    server: Option<JoinHandle<Result<(), ServeError>>>,
    /// Number of previous logs.
    past_logs: i64,
    subscribed: u64,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.hub.close();
        self.shutdown.cancel();
    }
}

impl Fixture {
    /// Starts a server on a free port, in the current runtime. Both ends of its connections have buffers of a fixed size.
    ///
    /// # Errors
    /// No socket can listen.
    pub fn start(subject: Subject, limits: Limits) -> Result<Self> {
        let transport = bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let mut fixture = Self::new(subject, limits, &transport);
        fixture.receive_buffer_bytes = Some(SOCKET_BUFFER_BYTES);
        fixture.serve(transport);
        Ok(fixture)
    }

    /// Starts a server on these sockets, in the current runtime, for code that compares bytes between runs. HTTP/2
    /// responses have no date, and the kernel chooses the clients' buffers.
    pub fn start_without_dates(subject: Subject, limits: Limits, transport: Transport) -> Self {
        let mut fixture = Self::new(subject, limits, &transport);
        fixture.has_dates = false;
        fixture.serve(transport);
        fixture
    }

    fn new(subject: Subject, limits: Limits, transport: &Transport) -> Self {
        let (meter, address) = (transport.meter(), transport.address());
        Self {
            subject,
            hub: new_hub(limits),
            meter,
            address,
            published: Vec::new(),
            patience: PATIENCE,
            receive_buffer_bytes: None,
            has_dates: true,
            shutdown: CancellationToken::new(),
            server: None,
            past_logs: 0,
            subscribed: 0,
        }
    }

    fn serve(&mut self, transport: Transport) {
        self.server = Some(tokio::spawn((self.subject.approach.serve)(servers::Context {
            transport,
            hub: Arc::clone(&self.hub),
            params: self.subject.params.clone(),
            has_dates: self.has_dates,
            shutdown: self.shutdown.clone(),
        })));
    }

    /// Stops the server and starts another one at the same address, with another log that already has this many events.
    ///
    /// # Errors
    /// The server failed, or the address is taken.
    pub async fn restart(&mut self, events: u32) -> Result<()> {
        self.end().await?;
        let transport = bind(self.address)?;
        self.meter = transport.meter();
        self.hub = new_hub(self.hub.limits());
        self.shutdown = CancellationToken::new();
        self.published.clear();
        self.past_logs += 1;
        self.publish(events);
        self.serve(transport);
        Ok(())
    }

    /// Publishes this many events, cycling through the symbols.
    pub fn publish(&mut self, count: u32) {
        for _ in 0..count {
            let turn = u32::try_from(self.published.len()).expect("a case publishes a few thousand events");
            self.publish_one(turn % SYMBOLS, 0);
        }
    }

    /// Publishes one event of this symbol with a payload of this many bytes.
    pub fn publish_one(&mut self, symbol: u32, payload_bytes: usize) {
        let symbol = symbol_name(symbol);
        let sequence = self.published.len() as u64 + 1;
        let symbol_sequence = self.last_of(&symbol).map_or(0, |quote| quote.symbol_sequence) + 1;
        // Whole cents: each such decimal has one nearest double at both ends.
        let cents = f64::from(u32::try_from(sequence).expect("a case publishes a few thousand events")) + 10_000.0;
        let quote = Quote {
            symbol,
            bid: cents / 100.0,
            ask: (cents + 5.0) / 100.0,
            timestamp_ms: 1_700_000_000_000 + 1_000_000 * self.past_logs + i64::try_from(sequence).expect("as above"),
            sequence,
            symbol_sequence,
            payload: "x".repeat(payload_bytes),
        };
        self.published.push(quote.clone());
        self.hub.publish(quote);
    }

    /// Returns the newest sequence number.
    pub fn head(&self) -> u64 {
        self.published.len() as u64
    }

    /// Subscribes a client to these symbols and reads from it continuously.
    ///
    /// # Errors
    /// The client cannot subscribe.
    pub async fn subscribe(&mut self, symbols: &[u32], after: Option<u64>) -> Result<Reader, ClientError> {
        let names = symbols.iter().copied().map(symbol_name).collect();
        let subscription = self.open(names, after, Orders::default()).await?;
        Ok(self.reader(symbols, subscription))
    }

    /// Starts to read from a client that subscribed to these symbols.
    pub fn reader(&self, symbols: &[u32], subscription: Box<dyn Subscription>) -> Reader {
        Reader::new(symbols, subscription, self.patience)
    }

    /// Subscribes a client without reading from it.
    ///
    /// # Errors
    /// The client cannot subscribe.
    pub async fn open(
        &mut self,
        symbols: Vec<String>,
        after: Option<u64>,
        orders: Orders,
    ) -> Result<Box<dyn Subscription>, ClientError> {
        let ticks = self.ticks()?;
        self.open_paced(symbols, after, ticks, orders).await
    }

    /// Subscribes a client without reading from it. If it polls, it polls at these ticks.
    ///
    /// # Errors
    /// The client cannot subscribe.
    pub async fn open_paced(
        &mut self,
        symbols: Vec<String>,
        after: Option<u64>,
        ticks: Ticks,
        orders: Orders,
    ) -> Result<Box<dyn Subscription>, ClientError> {
        self.subscribed += 1;
        (self.subject.approach.subscribe)(clients::Context {
            endpoint: Endpoint { receive_buffer_bytes: self.receive_buffer_bytes, ..Endpoint::new(self.address) },
            symbols,
            after,
            params: self.subject.params.clone(),
            ticks,
            orders,
            seed: self.subscribed,
        })
        .await
    }

    /// Returns whether every event is owed, not only the newest state.
    pub fn is_log(&self) -> bool {
        self.subject.approach.facts.delivery == Delivery::Log
    }

    /// Publishes events of this symbol until the reader has one of them. For a reader that may be absent when an event
    /// happens.
    ///
    /// # Errors
    /// The reader failed, or received nothing.
    pub async fn expect_fresh(&mut self, reader: &mut Reader, symbol: u32) -> Result<()> {
        let before = self.head();
        let is_fresh = |reader: &Reader| reader.events.last().is_some_and(|quote| quote.sequence > before);
        let mut pause = FIRST_PAUSE;
        while pause < self.patience {
            self.publish_one(symbol, 0);
            if reader.wait(pause, is_fresh).await? {
                return Ok(());
            }
            pause *= 2;
        }
        bail!("silent for {} fresh events, {}", self.head() - before, reader.describe())
    }

    /// Stops the server and waits for it.
    ///
    /// # Errors
    /// The server failed, did not stop, or left connections open.
    pub async fn end(&mut self) -> Result<()> {
        self.hub.close();
        self.shutdown.cancel();
        let server = self.server.take().context("the server was ended already")?;
        let ended = tokio::time::timeout(self.patience, server).await;
        ended.context("the server does not end")?.context("the server panicked")?.context("the server failed")?;
        let closed = async {
            while self.meter.open_connections() > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let closed = tokio::time::timeout(self.patience, closed).await;
        closed.with_context(|| format!("{} connections are open after the end", self.meter.open_connections()))
    }

    pub(super) fn last_of(&self, symbol: &str) -> Option<&Quote> {
        self.published.iter().rev().find(|quote| quote.symbol == symbol)
    }

    fn ticks(&self) -> Result<Ticks, ClientError> {
        let Exchange::Poll(setting) = self.subject.approach.facts.exchange else { return Ok(Ticks::default()) };
        let mut interval = tokio::time::interval(self.subject.params.duration(setting)?);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Ticks::new(stream::unfold(interval, |mut interval| async move {
            interval.tick().await;
            Some(((), interval))
        })))
    }
}

/// Binds a server's sockets, with send buffers of a fixed size.
fn bind(address: SocketAddr) -> Result<Transport, ListenError> {
    Ok(Transport::bind(address)?.with_send_buffer(SOCKET_BUFFER_BYTES as usize))
}

/// Creates an empty log with its own epoch.
fn new_hub(limits: Limits) -> Arc<Hub> {
    let symbols: Vec<String> = (0..SYMBOLS).map(symbol_name).collect();
    Hub::new(&symbols, limits)
}
