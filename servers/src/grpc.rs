//! Serves the gRPC service over the transport: HTTP/2 connections, the quote codec, streams of messages, deadlines, and
//! the gRPC status of a subscription that has ended. Every gRPC approach serves the whole service. Each method is
//! implemented in the approach that uses it.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use axum::Router;
use futures_util::{
    FutureExt, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use proto::{
    Cursor, FollowRequest, OutgoingQuote, Params, Quote, QuoteRequest, SubscribeRequest, TradeConfirmation, TradeOrder,
    market_data_server::{MarketData, MarketDataServer},
    wire::{CURSOR_HEADER, MESSAGE_LIMIT_BYTES},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    Request, Response, Status, Streaming,
    metadata::{Ascii, MetadataValue},
};

use crate::{
    Connection, Context, Ended, Entry, Hub, Page, ServeError, Subscription, SymbolError, grpc_bidi,
    grpc_deadline::Deadline,
    grpc_front::Front,
    grpc_stream, grpc_unary,
    heartbeat::{Heartbeat, Heartbeats},
    http::Site,
    trade::Desk,
};

/// Flow-control window of a stream and of a connection, in bytes. This is HTTP/2's default, so no setting must be sent.
const WINDOW_BYTES: u32 = 65_535;
/// Maximum number of concurrent calls per connection. HTTP/2 recommends at least this many.
const MAX_STREAMS: u32 = 100;
/// Maximum frame size, in bytes. It is the smallest limit that HTTP/2 allows.
const MAX_FRAME_BYTES: u32 = 16 * 1024;
/// Size of the send buffer of one stream.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Maximum size of all headers of one call.
const MAX_HEADER_LIST_BYTES: u32 = 8 * 1024;
/// Minimum length of a client's handshake: the preface and the header of the SETTINGS frame.
const HANDSHAKE_BYTES: usize = 24 + 9;
/// How long the head of an HTTP/1.1 request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection without calls for this long gets a GOAWAY, at the latest after twice this time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// A connection that has received nothing for this long gets a ping.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
/// A connection that does not answer the ping within this time is closed.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// The messages of one call. An error ends them with a status.
pub(crate) type Messages<T> = BoxStream<'static, Result<T, Status>>;

/// Serves until shutdown. Then each connection gets a GOAWAY, and must end its calls within the drain timeout. The
/// description is the response to `GET /` over HTTP/1.1.
pub(crate) async fn serve(context: Context, description: &str) -> Result<(), ServeError> {
    let site = Site::new(Router::new(), description, context.transport.address());
    let (front, health) = Front::new(service(&context), site).await?;
    let idle_checks = Heartbeats::new(IDLE_TIMEOUT);
    let settings = settings(context.transport.is_undated());
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                let connection = connection.with_handshake(HANDSHAKE_BYTES);
                let (front, idle_checks) = (front.for_connection(), idle_checks.join());
                let shutdown = context.shutdown.clone();
                connections.spawn(serve_connection(connection, settings.clone(), front, idle_checks, shutdown));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    health.set_not_serving::<MarketDataServer<Market>>().await;
    crate::drain(connections, &context.transport).await;
    Ok(())
}

/// Returns the service, for an approach that serves it over its own protocol.
pub(crate) fn service(context: &Context) -> MarketDataServer<Market> {
    let market = Market {
        hub: Arc::clone(&context.hub),
        desk: Arc::new(Desk::new(Arc::clone(&context.hub))),
        codec: QuoteCodec::from_params(&context.params),
        shutdown: context.shutdown.clone(),
    };
    MarketDataServer::new(market).max_decoding_message_size(MESSAGE_LIMIT_BYTES)
}

/// Returns the settings of connections, with or without a date in each response.
fn settings(is_undated: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // For users of curl: one response, then the connection is closed.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).keep_alive(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_concurrent_streams(MAX_STREAMS)
        .max_frame_size(MAX_FRAME_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .auto_date_header(!is_undated);
    builder
}

async fn serve_connection(
    connection: Connection,
    settings: auto::Builder<TokioExecutor>,
    front: Front,
    mut idle_checks: Heartbeat,
    shutdown: CancellationToken,
) {
    let mut served = pin!(settings.serve_connection(TokioIo::new(connection), front.clone()));
    let idle = async {
        loop {
            idle_checks.next().await;
            if front.is_idle() {
                return;
            }
        }
    };
    tokio::select! {
        // The error of a failed connection is ignored: the client reconnects and resumes.
        _ = served.as_mut() => return,
        () = shutdown.cancelled() => {}
        () = idle => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}

/// The implementation of the service: the state that all methods use.
pub(crate) struct Market {
    pub(crate) hub: Arc<Hub>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) codec: QuoteCodec,
    pub(crate) shutdown: CancellationToken,
}

impl Market {
    /// Creates the subscription that a client requests.
    pub(crate) fn subscribe(&self, request: &SubscribeRequest) -> Result<Subscription, Status> {
        let symbols = self.hub.resolve(request.symbols.iter().map(String::as_str))?;
        let after = request.cursor().map_err(|invalid| Status::invalid_argument(invalid.to_string()))?;
        Ok(self.hub.subscribe(symbols, after))
    }
}

#[tonic::async_trait]
impl MarketData for Market {
    type SubscribeQuotesStream = Messages<OutgoingQuote>;
    type TradeStream = Messages<TradeConfirmation>;
    type FollowQuotesStream = Messages<OutgoingQuote>;

    async fn get_quote(&self, request: Request<QuoteRequest>) -> Result<Response<OutgoingQuote>, Status> {
        grpc_unary::get_quote(self, request.get_ref()).map(Response::new)
    }

    async fn subscribe_quotes(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<Messages<OutgoingQuote>>, Status> {
        let deadline = Deadline::from_metadata(request.metadata())?;
        let subscription = self.subscribe(request.get_ref())?;
        let cursor = subscription.cursor();
        let messages = grpc_stream::quotes(subscription, self.codec);
        Ok(response_after(cursor, deadline.limit_messages(messages)))
    }

    async fn trade(
        &self,
        request: Request<Streaming<TradeOrder>>,
    ) -> Result<Response<Messages<TradeConfirmation>>, Status> {
        let deadline = Deadline::from_metadata(request.metadata())?;
        let messages = grpc_bidi::trade(self, request.into_inner());
        Ok(Response::new(deadline.limit_messages(messages)))
    }

    async fn follow_quotes(
        &self,
        request: Request<Streaming<FollowRequest>>,
    ) -> Result<Response<Messages<OutgoingQuote>>, Status> {
        let mut deadline = Deadline::from_metadata(request.metadata())?;
        let (cursor, messages) = deadline.limit(grpc_bidi::follow_quotes(self, request.into_inner())).await?;
        Ok(response_after(cursor, deadline.limit_messages(messages)))
    }
}

/// Returns a response whose metadata contain the cursor that its messages start after. With it, a client can resume
/// even if the connection is lost before the first event, and knows which log the sequence numbers belong to.
fn response_after<T>(cursor: Cursor, messages: T) -> Response<T> {
    let mut response = Response::new(messages);
    response.metadata_mut().insert(CURSOR_HEADER, metadata(cursor));
    response
}

fn metadata(cursor: Cursor) -> MetadataValue<Ascii> {
    cursor.to_string().parse().expect("digits, letters and a hyphen")
}

/// How often a quote is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteCodec {
    /// Once, for all clients.
    Shared,
    /// Once per client, as tonic and prost do by default.
    Prost,
}

impl QuoteCodec {
    /// Reads the `codec` setting. Approaches without this setting use `Shared`.
    fn from_params(params: &Params) -> Self {
        if params.text("codec") == Ok("prost") { Self::Prost } else { Self::Shared }
    }

    pub(crate) fn message(self, entry: &Entry) -> OutgoingQuote {
        match self {
            Self::Shared => OutgoingQuote::Encoded(entry.frame(Quote::to_protobuf)),
            Self::Prost => OutgoingQuote::Plain(entry.quote.clone()),
        }
    }
}

/// A source of pages for one call.
pub(crate) trait Pages: Send + 'static {
    /// Waits for the next page.
    fn next(&mut self) -> impl Future<Output = Result<Page, Status>> + Send;
}

impl Pages for Subscription {
    async fn next(&mut self) -> Result<Page, Status> {
        Ok(Self::next(self).await?)
    }
}

/// Converts pages to a stream of messages. tonic combines all messages that are ready into one frame. So the stream
/// yields once between two pages, so that each page is one write.
pub(crate) fn messages(pages: impl Pages, codec: QuoteCodec) -> Messages<OutgoingQuote> {
    let pages = stream::try_unfold(pages, |mut pages| async {
        let page = with_yield(pages.next()).await?;
        Ok::<_, Status>(Some((page, pages)))
    });
    let message = move |entry: Arc<Entry>| Ok(codec.message(&entry));
    pages.map_ok(move |page| stream::iter(page.entries.into_iter().map(message))).try_flatten().boxed()
}

/// Waits for a future, and yields at least once so that other tasks can run.
async fn with_yield<T>(next: impl Future<Output = T>) -> T {
    let mut next = pin!(next);
    if let Poll::Ready(ready) = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await {
        tokio::task::yield_now().await;
        return ready;
    }
    next.await
}

/// Returns the messages until `end` completes with a status, which ends the call.
pub(crate) fn end_early<T: 'static>(
    mut messages: Messages<T>,
    end: impl Future<Output = Status> + Send + 'static,
) -> Messages<T> {
    let mut end = Box::pin(end.fuse());
    stream::poll_fn(move |cx| match end.as_mut().poll(cx) {
        Poll::Ready(status) => Poll::Ready(Some(Err(status))),
        Poll::Pending => messages.poll_next_unpin(cx),
    })
    .boxed()
}

impl From<SymbolError> for Status {
    fn from(error: SymbolError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

/// The metadata contain the cursor to resume from, if there is one.
impl From<Ended> for Status {
    fn from(ended: Ended) -> Self {
        let (mut status, cursor) = match ended {
            Ended::TooOld(gone) => (Self::out_of_range(ended.to_string()), Some(gone.head)),
            Ended::Overflow { cursor } => (Self::resource_exhausted(ended.to_string()), Some(cursor)),
            Ended::Closed => (Self::unavailable(ended.to_string()), None),
        };
        if let Some(cursor) = cursor {
            status.metadata_mut().insert(CURSOR_HEADER, metadata(cursor));
        }
        status
    }
}
