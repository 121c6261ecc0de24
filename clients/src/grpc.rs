//! One client's own gRPC connection: hyper's HTTP/2 connection API under the generated client. Connecting, and coming
//! back, for all approaches that are gRPC over HTTP/2.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use proto::{Cursor, market_data_client::MarketDataClient, wire::MESSAGE_LIMIT_BYTES};
use tonic::{Status, body::Body, codegen::Service};

use crate::{
    ClientError, Cost, Endpoint,
    grpc_call::{Ending, ending},
    retry::Backoff,
};

/// Flow-control window of a stream and of the connection, in bytes: what HTTP/2 starts with, so nothing need be said.
const WINDOW_BYTES: u32 = 65_535;
/// Largest frame, in bytes: the least that HTTP/2 allows.
const FRAME_BYTES: u32 = 16 * 1024;
/// Header fields of an answer together, in bytes as HTTP/2 counts them: proxies add dozens.
const HEADERS_BYTES: u32 = 64 * 1024;
/// Bytes of one stream that wait for the connection to take them.
const SEND_BUFFER_BYTES: usize = 16 * 1024;
/// A connection on which nothing has arrived for this long is asked for a sign of life.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// A connection that gives none within this time is lost.
const KEEPALIVE_LIMIT: Duration = Duration::from_secs(10);

/// The generated client over a connection of its own.
pub(crate) type Market = MarketDataClient<Channel>;

/// A connection as the generated client wants it.
#[derive(Clone)]
pub(crate) struct Channel(SendRequest<Body>);

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.send_request(request).boxed()
    }
}

async fn connect(endpoint: Endpoint) -> Result<Market, ClientError> {
    let stream = TokioIo::new(endpoint.connect().await?);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_header_list_size(HEADERS_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_LIMIT)
        .keep_alive_while_idle(true);
    let broken = |error: hyper::Error| ClientError::Connection(error.to_string());
    let (sender, connection) = builder.handshake(stream).await.map_err(broken)?;
    // The connection's own failure is seen by the calls that wait on it.
    tokio::spawn(connection);
    let origin = Uri::builder().scheme("http").authority(endpoint.server.to_string()).path_and_query("/").build();
    let origin = origin.map_err(|error| ClientError::Protocol(error.to_string()))?;
    Ok(MarketDataClient::with_origin(Channel(sender), origin).max_decoding_message_size(MESSAGE_LIMIT_BYTES))
}

/// A client's line to its server: the connection, and how it comes back.
pub(crate) struct Line {
    endpoint: Endpoint,
    pub(crate) market: Market,
    backoff: Backoff,
}

impl Line {
    /// Connects.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub(crate) async fn open(endpoint: Endpoint, seed: u64) -> Result<Self, ClientError> {
        Ok(Self { endpoint, market: connect(endpoint).await?, backoff: Backoff::new(seed) })
    }

    /// A call has brought something: the next pause is a short one again.
    pub(crate) fn works(&mut self) {
        self.backoff.reset();
    }

    /// Gets ready for another call after one has ended: pauses, and connects again where the connection is lost. Gives
    /// the cursor to start again from where the client's own is too old.
    ///
    /// # Errors
    /// The server would refuse the call again.
    pub(crate) async fn recover(&mut self, status: &Status, cost: &mut Cost) -> Result<Option<Cursor>, ClientError> {
        match ending(status)? {
            Ending::Reset(cursor) => {
                cost.resets += 1;
                return Ok(Some(cursor));
            }
            Ending::Call(asked) => {
                cost.errors += 1;
                self.backoff.pause_at_least(asked).await;
            }
            Ending::Connection(asked) => {
                cost.errors += 1;
                self.reconnect(asked, cost).await?;
            }
        }
        Ok(None)
    }

    async fn reconnect(&mut self, asked: Option<Duration>, cost: &mut Cost) -> Result<(), ClientError> {
        self.backoff.pause_at_least(asked).await;
        loop {
            match connect(self.endpoint).await {
                Ok(market) => {
                    self.market = market;
                    cost.reconnects += 1;
                    return Ok(());
                }
                Err(error) => self.backoff.pause_after(error, cost).await?,
            }
        }
    }
}
