//! The HTTP/2 connection below the generated client: tonic's `Channel`, which applications use, or hyper's connection
//! API (`hyper`), which needs less memory. It must not know the methods of the service, or when to retry.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, TryFutureExt, future::BoxFuture};
use http_body_util::Either;
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use net::{Endpoint, Stream};
use proto::Params;
use tonic::{body::Body, codegen::Service, transport};

use crate::ClientError;

/// Idle time after which the client pings the server.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// Time to answer a ping before the connection counts as lost.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest header list of a response, in bytes as HTTP/2 counts them. Proxies add dozens of fields.
const HEADERS_BYTES: u32 = 64 * 1024;
/// hyper: flow-control window of a stream and of the connection, in bytes. This is the initial value of HTTP/2, so the
/// client need not announce it.
const WINDOW_BYTES: u32 = 65_535;
/// hyper: largest frame, in bytes. This is the smallest limit that HTTP/2 allows.
const FRAME_BYTES: u32 = 16 * 1024;
/// hyper: send buffer of one stream, in bytes.
const SEND_BUFFER_BYTES: usize = 16 * 1024;

type LibraryError = Box<dyn Error + Send + Sync>;

/// Opens the connections of one client, and counts them.
#[derive(Clone)]
pub(crate) struct Connector {
    endpoint: Endpoint,
    library: Library,
    opened: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Library {
    Tonic,
    Hyper,
}

impl Connector {
    /// Creates a connector with the setting `client` (`tonic`, `hyper`). Does not connect yet.
    pub(crate) fn new(endpoint: Endpoint, params: &Params) -> Self {
        let library = if params.text("client") == Ok("hyper") { Library::Hyper } else { Library::Tonic };
        Self { endpoint, library, opened: Arc::default() }
    }

    /// Returns whether the channel replaces a lost connection by itself, with the next call.
    pub(crate) fn reconnects_by_itself(&self) -> bool {
        self.library == Library::Tonic
    }

    /// Returns the number of connections that have been opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Returns the URI that requests name as their origin.
    pub(crate) fn origin(&self) -> Result<Uri, ClientError> {
        let url = self.endpoint.http_url("/");
        url.parse().map_err(|error: hyper::http::uri::InvalidUri| ClientError::Protocol(error.to_string()))
    }

    /// Opens a channel.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub(crate) async fn open(&self) -> Result<Channel, ClientError> {
        match self.library {
            Library::Tonic => self.open_tonic().await.map(Channel::Tonic),
            Library::Hyper => self.open_hyper().await.map(Channel::Hyper),
        }
    }

    async fn open_tonic(&self) -> Result<transport::Channel, ClientError> {
        let endpoint = transport::Endpoint::from(self.origin()?)
            .http2_max_header_list_size(HEADERS_BYTES)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        endpoint.connect_with_connector(self.clone()).await.map_err(|error| connection_error(&error))
    }

    async fn open_hyper(&self) -> Result<SendRequest<Body>, ClientError> {
        let stream = TokioIo::new(self.connect().await?);
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
        let (sender, connection) = builder.handshake(stream).await.map_err(|error| connection_error(&error))?;
        // A call that is waiting on the connection reports its failure.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn connect(&self) -> std::io::Result<Stream> {
        let stream = self.endpoint.connect().await?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(stream)
    }
}

/// Returns the error with the message of its root cause, which is the most specific one.
fn connection_error(error: &(dyn Error + 'static)) -> ClientError {
    let root = std::iter::successors(Some(error), |&cause| cause.source()).last();
    ClientError::Connection(root.unwrap_or(error).to_string())
}

/// tonic passes the URI of its endpoint, which this connector already has.
impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, std::io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        async move { connector.connect().await.map(TokioIo::new) }.boxed()
    }
}

/// An HTTP/2 connection in the form that the generated client needs.
#[derive(Clone)]
pub(crate) enum Channel {
    Tonic(transport::Channel),
    Hyper(SendRequest<Body>),
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Either<Body, Incoming>>;
    type Error = LibraryError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Self::Tonic(channel) => channel.poll_ready(cx).map_err(Into::into),
            Self::Hyper(sender) => sender.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self {
            Self::Tonic(channel) => {
                channel.call(request).map_ok(|response| response.map(Either::Left)).map_err(Into::into).boxed()
            }
            Self::Hyper(sender) => {
                sender.send_request(request).map_ok(|response| response.map(Either::Right)).map_err(Into::into).boxed()
            }
        }
    }
}
