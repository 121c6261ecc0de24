//! Webhooks: the consumer listens on its own address, registers it once with the producer, and receives one event per
//! request. `connection` serves one connection; `inbox` checks and keeps the messages.
//!
//! The consumer never reconnects: as long as the producer runs, it retries failed deliveries and continues after the
//! last one. The consumer does not unregister either: the producer gives up on an endpoint that accepts no deliveries.

mod connection;
mod inbox;

use std::{
    future::poll_fn,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use bytes::Bytes;
use fastrand::Rng;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, client, header};
use hyper_util::rt::TokioIo;
use net::{Endpoint, ListenError, Listener};
use proto::{
    webhook::{Registration, Secret},
    wire::SUBSCRIPTIONS_PATH,
};

use self::{
    connection::serve,
    inbox::{Inbox, TARGET},
};
use crate::{Batch, ClientError, Context, Cost, Subscription};

/// Length of the key of a new secret, in bytes.
const KEY_BYTES: usize = 24;
/// Most connections at a time. The producer uses one, so the others are strangers. More connections wait until one
/// ends.
const MAX_CONNECTIONS: usize = 64;
/// Pause before accepting again after an error, for example when the process has run out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The smallest port with five digits.
const SMALLEST_FIVE_DIGIT_PORT: u16 = 10_000;
/// How many times to try for a port with five digits before accepting a shorter one.
const PORT_ATTEMPTS: u32 = 16;

/// Listens on a free port and registers with the producer.
///
/// # Errors
/// No port is free, or the producer cannot be reached, or it refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let keeps_alive = context.params.text("connection")? == "keep-alive";
    let address = match (context.endpoint.source, context.endpoint.server) {
        (Some(source), _) => source,
        (None, SocketAddr::V4(_)) => IpAddr::from(Ipv4Addr::LOCALHOST),
        (None, SocketAddr::V6(_)) => IpAddr::from(Ipv6Addr::LOCALHOST),
    };
    let listener = listen(address).map_err(connection_error)?;
    let mut key = [0; KEY_BYTES];
    // A simulated client is the same in each run. A real one would take its key from the system's random generator.
    Rng::with_seed(context.seed).fill(&mut key);
    let text = Secret::text(&key);
    let secret = Secret::parse(&text).map_err(|error| ClientError::Protocol(error.to_string()))?;
    let url = Endpoint::new(listener.address()).http_url(TARGET);
    let after = context.after.map(Into::into);
    let registration = Registration { url, symbols: context.symbols, after, secrets: vec![text] };
    register(context.endpoint, &registration).await?;
    let inbox = Arc::new(Inbox::new(secret));
    Ok(Box::new(Webhook {
        listener,
        connections: FuturesUnordered::new(),
        inbox,
        keeps_alive,
        accepted: 0,
        pause: None,
    }))
}

/// Listens on a port with five digits, as nearly all ports have. The producer sends the port in each request, and all
/// requests should have the same length.
fn listen(address: IpAddr) -> Result<Listener, ListenError> {
    let address = SocketAddr::new(address, 0);
    let mut listener = Listener::bind(address)?;
    for _ in 0..PORT_ATTEMPTS {
        if listener.address().port() >= SMALLEST_FIVE_DIGIT_PORT {
            break;
        }
        listener = Listener::bind(address)?;
    }
    Ok(listener)
}

async fn register(endpoint: Endpoint, registration: &Registration) -> Result<(), ClientError> {
    let body = serde_json::to_vec(registration).expect("a registration has only string keys");
    let request = Request::post(SUBSCRIPTIONS_PATH)
        .header(header::HOST, endpoint.authority())
        .header(header::CONTENT_TYPE, "application/json")
        // The producer closes first, so that the local port is free again at once.
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(connection_error)?;
    let stream = TokioIo::new(endpoint.connect().await?);
    let (mut sender, connection) = client::conn::http1::handshake(stream).await.map_err(connection_error)?;
    let exchange = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    };
    // The connection closes when the sender is dropped.
    let (answer, _) = tokio::join!(exchange, connection);
    let (status, text) = answer.map_err(connection_error::<hyper::Error>)?;
    match status {
        StatusCode::CREATED => Ok(()),
        status if status.is_server_error() => Err(ClientError::Connection(status.to_string())),
        status => Err(ClientError::Refused(format!("{status}: {}", String::from_utf8_lossy(&text)))),
    }
}

fn connection_error<E: std::fmt::Display>(error: E) -> ClientError {
    ClientError::Connection(error.to_string())
}

struct Webhook {
    listener: Listener,
    /// The producer's connections. They are only read while the caller waits for `next`, which applies backpressure to
    /// the producer.
    connections: FuturesUnordered<BoxFuture<'static, ()>>,
    inbox: Arc<Inbox>,
    /// Whether the producer keeps its connection alive. Then another connection is a reconnect.
    keeps_alive: bool,
    accepted: u64,
    /// Pause in accepting after an error.
    pause: Option<BoxFuture<'static, ()>>,
}

impl Subscription for Webhook {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(poll_fn(|context| {
            self.receive(context);
            self.inbox.take_batch().map_or(Poll::Pending, |batch| Poll::Ready(Ok(batch)))
        }))
    }
}

impl Webhook {
    /// Answers all requests that have arrived.
    fn receive(&mut self, context: &mut TaskContext<'_>) {
        loop {
            while let Poll::Ready(Some(())) = self.connections.poll_next_unpin(context) {}
            if self.connections.len() >= MAX_CONNECTIONS {
                return;
            }
            if self.pause.as_mut().is_some_and(|pause| pause.poll_unpin(context).is_pending()) {
                return;
            }
            self.pause = None;
            let Poll::Ready(accepted) = self.listener.poll_accept(context) else { return };
            match accepted {
                Ok(stream) => {
                    // The producer opens its keep-alive connection at once, and sends when there is an event.
                    let is_expected = self.keeps_alive && self.accepted == 0;
                    if self.keeps_alive && self.accepted > 0 {
                        self.inbox.add_cost(Cost { reconnects: 1, ..Cost::default() });
                    }
                    self.accepted += 1;
                    self.connections.push(serve(stream, Arc::clone(&self.inbox), is_expected).boxed());
                }
                // The connection failed before it was accepted, or the process has run out of file descriptors.
                Err(_) => self.pause = Some(tokio::time::sleep(ACCEPT_PAUSE).boxed()),
            }
        }
    }
}
