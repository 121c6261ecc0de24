//! The connection of one gRPC client: hyper's HTTP/2 connection API under the generated client. All approaches with
//! gRPC over HTTP/2 connect and reconnect with this module.

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
use net::Endpoint;
use proto::{Cursor, market_data_client::MarketDataClient, wire::MESSAGE_LIMIT_BYTES};
use tonic::{Status, body::Body, codegen::Service};

use crate::{
    ClientError, Cost,
    grpc_call::{Recovery, recovery},
    retry::Backoff,
};

/// Flow-control window of a stream and of the connection, in bytes. This is the initial value of HTTP/2, so the client
/// need not announce it.
const WINDOW_BYTES: u32 = 65_535;
/// Largest frame, in bytes. This is the smallest limit that HTTP/2 allows.
const FRAME_BYTES: u32 = 16 * 1024;
/// Largest header list of a response, in bytes as HTTP/2 counts them. Proxies add dozens of fields.
const HEADERS_BYTES: u32 = 64 * 1024;
/// Send buffer of one stream, in bytes.
const SEND_BUFFER_BYTES: usize = 16 * 1024;
/// Idle time after which the client pings the server.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// Time to answer a ping before the connection counts as lost.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The generated client over a connection that it does not share.
pub(crate) type MarketClient = MarketDataClient<Channel>;

/// An HTTP/2 connection in the form that the generated client needs.
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

async fn connect(endpoint: Endpoint) -> Result<MarketClient, ClientError> {
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
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    let broken = |error: hyper::Error| ClientError::Connection(error.to_string());
    let (sender, connection) = builder.handshake(stream).await.map_err(broken)?;
    // A call that is waiting on the connection reports its failure.
    tokio::spawn(connection);
    let origin =
        Uri::builder().scheme(endpoint.http_scheme()).authority(endpoint.authority()).path_and_query("/").build();
    let origin = origin.map_err(|error| ClientError::Protocol(error.to_string()))?;
    Ok(MarketDataClient::with_origin(Channel(sender), origin).max_decoding_message_size(MESSAGE_LIMIT_BYTES))
}

/// A client's connection to its server, which reconnects with backoff.
pub(crate) struct GrpcConnection {
    endpoint: Endpoint,
    pub(crate) market: MarketClient,
    backoff: Backoff,
}

impl GrpcConnection {
    /// Connects.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub(crate) async fn open(endpoint: Endpoint, seed: u64) -> Result<Self, ClientError> {
        Ok(Self { endpoint, market: connect(endpoint).await?, backoff: Backoff::new(seed) })
    }

    /// Resets the backoff, after a call has succeeded.
    pub(crate) fn reset_backoff(&mut self) {
        self.backoff.reset();
    }

    /// Prepares for another call after one has ended: pauses, and reconnects if the connection was lost. Returns the
    /// cursor to restart from if the client's own is too old or of another log.
    ///
    /// # Errors
    /// The server would refuse the call again.
    pub(crate) async fn recover(&mut self, status: &Status, cost: &mut Cost) -> Result<Option<Cursor>, ClientError> {
        match recovery(status)? {
            Recovery::Reset(cursor) => {
                cost.resets += 1;
                return Ok(Some(cursor));
            }
            Recovery::Retry(asked) => {
                cost.errors += 1;
                self.backoff.pause_at_least(asked).await;
            }
            Recovery::Reconnect(asked) => {
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
