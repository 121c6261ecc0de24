//! Webhooks: the consumer listens on an address of its own, registers it once with the producer, and takes one event a
//! request. `connection` answers one connection, `inbox` checks and keeps what arrives.
//!
//! It reconnects to nobody: the producer repeats what was not taken, and starts from where it was, as long as it runs.
//! A consumer that ends says nothing either; the producer gives up an endpoint that takes nothing.

mod connection;
mod inbox;

use std::{
    future::poll_fn,
    io,
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
use proto::{
    webhook::{Registration, Secret},
    wire::SUBSCRIPTIONS_PATH,
};
use tokio::net::TcpListener;

use self::{connection::serve, inbox::Inbox};
use crate::{Batch, ClientError, Context, Cost, Endpoint, Subscription};

/// Where on the consumer's own address the producer sends to.
const TARGET: &str = "/webhook";
/// Length of a new secret's key.
const KEY_BYTES: usize = 24;
/// Connections at a time. One producer uses one, so others are strangers, and wait until one of these has ended.
const CONNECTIONS: usize = 64;
/// Pause before accepting again when the process has no descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);
/// The first port of five digits.
const FIVE_DIGITS: u16 = 10_000;
/// Ports that are tried for one; then the last will do.
const PORTS_TRIED: u32 = 16;

/// Listens and registers.
///
/// # Errors
/// There is no port to listen on, or the producer cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let keeps_alive = context.params.text("connection")? == "keep-alive";
    let own = match (context.endpoint.source, context.endpoint.server) {
        (Some(source), _) => source,
        (None, SocketAddr::V4(_)) => IpAddr::from(Ipv4Addr::LOCALHOST),
        (None, SocketAddr::V6(_)) => IpAddr::from(Ipv6Addr::LOCALHOST),
    };
    let listener = listen(own).await?;
    let mut key = [0; KEY_BYTES];
    // A simulated client is the same in each run; a real one takes its key from the system's randomness.
    Rng::with_seed(context.seed).fill(&mut key);
    let text = Secret::text(&key);
    let secret = Secret::parse(&text).map_err(|error| ClientError::Protocol(error.to_string()))?;
    let url = format!("http://{}{TARGET}", listener.local_addr()?);
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

/// On a port of five digits, as nearly all are: the producer names it in each call, and calls should be of one length.
async fn listen(own: IpAddr) -> io::Result<TcpListener> {
    let mut listener = TcpListener::bind((own, 0)).await?;
    for _ in 0..PORTS_TRIED {
        if listener.local_addr()?.port() >= FIVE_DIGITS {
            break;
        }
        listener = TcpListener::bind((own, 0)).await?;
    }
    Ok(listener)
}

async fn register(endpoint: Endpoint, registration: &Registration) -> Result<(), ClientError> {
    let body = serde_json::to_vec(registration).expect("a registration has only string keys");
    let request = Request::post(SUBSCRIPTIONS_PATH)
        .header(header::HOST, endpoint.server.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        // The producer closes first, so that the port this took is free again at once.
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(broken)?;
    let stream = TokioIo::new(endpoint.connect().await?);
    let (mut sender, connection) = client::conn::http1::handshake(stream).await.map_err(broken)?;
    let exchange = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    };
    // The connection ends with its sender.
    let (answer, _) = tokio::join!(exchange, connection);
    let (status, text) = answer.map_err(broken::<hyper::Error>)?;
    match status {
        StatusCode::CREATED => Ok(()),
        status if status.is_server_error() => Err(ClientError::Connection(status.to_string())),
        status => Err(ClientError::Refused(format!("{status}: {}", String::from_utf8_lossy(&text)))),
    }
}

fn broken<E: std::fmt::Display>(error: E) -> ClientError {
    ClientError::Connection(error.to_string())
}

struct Webhook {
    listener: TcpListener,
    /// The producer's connections. Nobody reads from them while `next` is not waited for: the producer then waits.
    connections: FuturesUnordered<BoxFuture<'static, ()>>,
    inbox: Arc<Inbox>,
    /// The producer opens another connection only where it lost one.
    keeps_alive: bool,
    accepted: u64,
    /// Pause in accepting, after a connection could not be accepted.
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
            if self.connections.len() >= CONNECTIONS {
                return;
            }
            if self.pause.as_mut().is_some_and(|pause| pause.poll_unpin(context).is_pending()) {
                return;
            }
            self.pause = None;
            let Poll::Ready(accepted) = self.listener.poll_accept(context) else { return };
            match accepted {
                Ok((stream, _)) => {
                    // The producer opens the connection that it keeps alive at once, and sends when there is an event.
                    let is_expected = self.keeps_alive && self.accepted == 0;
                    if self.keeps_alive && self.accepted > 0 {
                        self.inbox.count(Cost { reconnects: 1, ..Cost::default() });
                    }
                    self.accepted += 1;
                    self.connections.push(serve(stream, Arc::clone(&self.inbox), is_expected).boxed());
                }
                // A connection that failed before it was taken, or no descriptor is left.
                Err(_) => self.pause = Some(tokio::time::sleep(EXHAUSTED_PAUSE).boxed()),
            }
        }
    }
}
