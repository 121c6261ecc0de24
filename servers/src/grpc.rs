//! The gRPC service over the transport: HTTP/2 connections, the codec of quotes, pages as messages, deadlines, and what
//! an end of a subscription is called in gRPC. Every gRPC approach serves the whole service; what a method does stands
//! in the approach that it is named after.

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

/// Flow-control window of a stream and of a connection, in bytes: what HTTP/2 starts with, so nothing need be said.
const WINDOW_BYTES: u32 = 65_535;
/// Calls that one connection may have open: what HTTP/2 asks for at least.
const STREAMS: u32 = 100;
/// Largest frame, in bytes: the least that HTTP/2 allows.
const FRAME_BYTES: u32 = 16 * 1024;
/// Bytes of one stream that wait for the connection to take them.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// All headers of one call.
const HEADER_LIST_BYTES: u32 = 8 * 1024;
/// Bytes of a client's handshake at least: the preface and the head of its settings.
const HANDSHAKE_BYTES: usize = 24 + 9;
/// How long the head of a request over HTTP/1.1 may take.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// A connection without any call for this long is told to go away, at the latest after twice this time.
const IDLE_LIMIT: Duration = Duration::from_secs(75);
/// A connection on which nothing has arrived for this long is asked for a sign of life.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
/// A connection that gives none within this time is closed.
const KEEPALIVE_LIMIT: Duration = Duration::from_secs(20);

/// The messages of one call, until its status.
pub(crate) type Messages<T> = BoxStream<'static, Result<T, Status>>;

/// Serves until shutdown; then each connection is told to go away, and has the drain limit to end its calls. The
/// description is for those who ask over HTTP/1.1.
pub(crate) async fn serve(context: Context, description: &str) -> Result<(), ServeError> {
    let site = Site::new(Router::new(), description, context.transport.address());
    let (front, health) = Front::new(service(&context), site).await?;
    let idleness = Heartbeats::new(IDLE_LIMIT);
    let settings = settings(context.transport.is_undated());
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                let connection = connection.with_handshake(HANDSHAKE_BYTES);
                let (front, idleness) = (front.of_connection(), idleness.join());
                let shutdown = context.shutdown.clone();
                connections.spawn(serve_connection(connection, settings.clone(), front, idleness, shutdown));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    health.set_not_serving::<MarketDataServer<Market>>().await;
    crate::drain(connections, &context.transport).await;
    Ok(())
}

/// The service, for an approach that has a transport of its own.
pub(crate) fn service(context: &Context) -> MarketDataServer<Market> {
    let market = Market {
        hub: Arc::clone(&context.hub),
        desk: Arc::new(Desk::new(Arc::clone(&context.hub))),
        codec: QuoteCodec::of(&context.params),
        shutdown: context.shutdown.clone(),
    };
    MarketDataServer::new(market).max_decoding_message_size(MESSAGE_LIMIT_BYTES)
}

/// How connections are served, with a date in each response or without.
fn settings(is_undated: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // For a person with curl: one answer, and the end.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).keep_alive(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_concurrent_streams(STREAMS)
        .max_frame_size(FRAME_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(HEADER_LIST_BYTES)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_LIMIT)
        .auto_date_header(!is_undated);
    builder
}

async fn serve_connection(
    connection: Connection,
    settings: auto::Builder<TokioExecutor>,
    front: Front,
    mut idleness: Heartbeat,
    shutdown: CancellationToken,
) {
    let mut served = pin!(settings.serve_connection(TokioIo::new(connection), front.clone()));
    let over = async {
        loop {
            idleness.next().await;
            if front.is_idle() {
                return;
            }
        }
    };
    tokio::select! {
        // A connection that fails ends: its client comes back and resumes.
        _ = served.as_mut() => return,
        () = shutdown.cancelled() => {}
        () = over => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}

/// What every method works on.
pub(crate) struct Market {
    pub(crate) hub: Arc<Hub>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) codec: QuoteCodec,
    pub(crate) shutdown: CancellationToken,
}

impl Market {
    /// The subscription that a client asks for.
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
        let deadline = Deadline::of(request.metadata())?;
        let subscription = self.subscribe(request.get_ref())?;
        Ok(beginning_after(subscription.cursor(), deadline.over(grpc_stream::quotes(subscription, self.codec))))
    }

    async fn trade(
        &self,
        request: Request<Streaming<TradeOrder>>,
    ) -> Result<Response<Messages<TradeConfirmation>>, Status> {
        let deadline = Deadline::of(request.metadata())?;
        let messages = grpc_bidi::trade(self, request.into_inner());
        Ok(Response::new(deadline.over(messages)))
    }

    async fn follow_quotes(
        &self,
        request: Request<Streaming<FollowRequest>>,
    ) -> Result<Response<Messages<OutgoingQuote>>, Status> {
        let mut deadline = Deadline::of(request.metadata())?;
        let (cursor, messages) = deadline.cover(grpc_bidi::follow_quotes(self, request.into_inner())).await?;
        Ok(beginning_after(cursor, deadline.over(messages)))
    }
}

/// An answer whose metadata name the cursor that its messages begin after: with it a client that is cut off before the
/// first event resumes as well, and knows the log that the sequence numbers are of.
fn beginning_after<T>(cursor: Cursor, messages: T) -> Response<T> {
    let mut response = Response::new(messages);
    response.metadata_mut().insert(CURSOR_HEADER, metadata(cursor));
    response
}

fn metadata(cursor: Cursor) -> MetadataValue<Ascii> {
    cursor.to_string().parse().expect("digits, letters and a hyphen")
}

/// Where quotes are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteCodec {
    /// Once for all clients.
    Shared,
    /// Once for each client, as tonic and prost do.
    Prost,
}

impl QuoteCodec {
    /// The `codec` setting, of an approach that has it.
    fn of(params: &Params) -> Self {
        if params.text("codec") == Ok("prost") { Self::Prost } else { Self::Shared }
    }

    pub(crate) fn message(self, entry: &Entry) -> OutgoingQuote {
        match self {
            Self::Shared => OutgoingQuote::Encoded(entry.frame(Quote::to_protobuf)),
            Self::Prost => OutgoingQuote::Plain(entry.quote.clone()),
        }
    }
}

/// Where the pages of one call come from.
pub(crate) trait Pages: Send + 'static {
    /// Waits for the next page.
    fn next(&mut self) -> impl Future<Output = Result<Page, Status>> + Send;
}

impl Pages for Subscription {
    async fn next(&mut self) -> Result<Page, Status> {
        Ok(Self::next(self).await?)
    }
}

/// The events of pages as messages. tonic puts messages that are ready together in one frame, so between two pages
/// there is a moment at which none is: one page, one write.
pub(crate) fn messages(pages: impl Pages, codec: QuoteCodec) -> Messages<OutgoingQuote> {
    let pages = stream::try_unfold(pages, |mut pages| async {
        let page = after_a_moment(pages.next()).await?;
        Ok::<_, Status>(Some((page, pages)))
    });
    let message = move |entry: Arc<Entry>| Ok(codec.message(&entry));
    pages.map_ok(move |page| stream::iter(page.entries.into_iter().map(message))).try_flatten().boxed()
}

/// Waits for what is to come, at least until every other task has had its turn.
async fn after_a_moment<T>(next: impl Future<Output = T>) -> T {
    let mut next = pin!(next);
    if let Poll::Ready(ready) = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await {
        tokio::task::yield_now().await;
        return ready;
    }
    next.await
}

/// The messages, until something else ends the call with a status.
pub(crate) fn until<T: 'static>(
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

/// With a cursor to go on from in the metadata, where there is one.
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
