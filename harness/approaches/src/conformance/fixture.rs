//! One server of a subject inside this process, the events it was given, and the clients it is examined with.
//!
//! It must not know a case. What a client should have received is computed from the events that were published.

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

/// How long a case waits for something before it counts as missing: a guard against hanging, and no measure of how
/// quick an approach or a machine is.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Symbols of the feed.
const SYMBOLS: u32 = 6;
/// Buffer of each end of a connection, in bytes, whatever the kernel would choose: a reader that does not read holds up
/// its server after a few hundred kibibytes.
const SOCKET_BUFFER_BYTES: u32 = 128 * 1024;
/// First pause between two events for a reader that may have been absent; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Pause between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running server and what was published to it. It ends when dropped.
pub struct Fixture {
    /// Who is examined.
    pub subject: Subject,
    /// The server's event log.
    pub hub: Arc<Hub>,
    /// The server's sockets.
    pub meter: Meter,
    /// Where the server listens.
    pub address: SocketAddr,
    /// Everything published so far, in order.
    pub published: Vec<Quote>,
    /// How long to wait for something before it counts as missing: a guard against hanging, and no measure of anything.
    pub patience: Duration,
    receive_buffer_bytes: Option<u32>,
    /// Whether HTTP/2 responses contain the date.
    has_dates: bool,
    shutdown: CancellationToken,
    /// `None` once it has ended.
    server: Option<JoinHandle<Result<(), ServeError>>>,
    /// Number of logs before this one.
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
    /// Starts a server on a free port, in the current runtime. Both ends of its connections have buffers of a size that
    /// does not depend on the machine.
    ///
    /// # Errors
    /// No socket to listen on.
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

    /// Ends the server and starts another one on the same address, with another log that has this many events before
    /// anybody can ask for them.
    ///
    /// # Errors
    /// It did not end well, or the address is taken.
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

    /// Publishes so many events over all symbols in turn.
    pub fn publish(&mut self, count: u32) {
        for _ in 0..count {
            let turn = u32::try_from(self.published.len()).expect("a case publishes a few thousand events");
            self.publish_one(turn % SYMBOLS, 0);
        }
    }

    /// Publishes one event of this symbol with a payload of so many bytes.
    pub fn publish_one(&mut self, symbol: u32, payload_bytes: usize) {
        let symbol = symbol_name(symbol);
        let sequence = self.published.len() as u64 + 1;
        let symbol_sequence = self.last_of(&symbol).map_or(0, |quote| quote.symbol_sequence) + 1;
        // Whole cents: decimals of this length have one nearest double, whichever end reads them.
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

    /// Newest sequence number.
    pub fn head(&self) -> u64 {
        self.published.len() as u64
    }

    /// Subscribes a client to these symbols and reads from it all the time.
    ///
    /// # Errors
    /// The client says why it could not subscribe.
    pub async fn subscribe(&mut self, symbols: &[u32], after: Option<u64>) -> Result<Reader, ClientError> {
        let names = symbols.iter().copied().map(symbol_name).collect();
        let subscription = self.open(names, after, Orders::default()).await?;
        Ok(self.reader(symbols, subscription))
    }

    /// Starts to read from a client that subscribed to these symbols.
    pub fn reader(&self, symbols: &[u32], subscription: Box<dyn Subscription>) -> Reader {
        Reader::new(symbols, subscription, self.patience)
    }

    /// Subscribes a client that nobody reads from yet.
    ///
    /// # Errors
    /// The client says why it could not subscribe.
    pub async fn open(
        &mut self,
        symbols: Vec<String>,
        after: Option<u64>,
        orders: Orders,
    ) -> Result<Box<dyn Subscription>, ClientError> {
        let ticks = self.ticks()?;
        self.open_paced(symbols, after, ticks, orders).await
    }

    /// Subscribes a client that polls at these ticks, if it polls, and that nobody reads from yet.
    ///
    /// # Errors
    /// The client says why it could not subscribe.
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

    /// Every event is owed, not only the newest state.
    pub fn is_log(&self) -> bool {
        self.subject.approach.facts.delivery == Delivery::Log
    }

    /// Publishes an event of this symbol from time to time until the reader has one of them: for a reader that may be
    /// absent when an event happens, and goes on with the next.
    ///
    /// # Errors
    /// The reader was lost, or remained silent.
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

    /// Ends the server and waits for it.
    ///
    /// # Errors
    /// It failed, did not end, or left connections open.
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

/// Binds a server's sockets, with send buffers of a size that does not depend on the machine.
fn bind(address: SocketAddr) -> Result<Transport, ListenError> {
    Ok(Transport::bind(address)?.with_send_buffer(SOCKET_BUFFER_BYTES as usize))
}

/// Makes an empty log with an epoch of its own.
fn new_hub(limits: Limits) -> Arc<Hub> {
    let symbols: Vec<String> = (0..SYMBOLS).map(symbol_name).collect();
    Hub::new(&symbols, limits)
}
