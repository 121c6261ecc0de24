//! The messages of gRPC calls: the quote codec, streams of messages, and the status that ends them.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use futures_util::{
    FutureExt, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use proto::{Cursor, OutgoingQuote, Params, Quote, wire::CURSOR_HEADER};
use tonic::{
    Response, Status,
    metadata::{Ascii, MetadataValue},
};

use crate::{Ended, Entry, Page, Subscription, SymbolError};

/// The messages of one call. An error ends them with a status.
pub(crate) type Messages<T> = BoxStream<'static, Result<T, Status>>;

/// Returns a response whose metadata contain the cursor that its messages start after. With it, a client can resume
/// even if the connection is lost before the first event, and knows which log the sequence numbers belong to.
pub(crate) fn response_after<T>(cursor: Cursor, messages: T) -> Response<T> {
    let mut response = Response::new(messages);
    response.metadata_mut().insert(CURSOR_HEADER, metadata(cursor));
    response
}

fn metadata(cursor: Cursor) -> MetadataValue<Ascii> {
    cursor.to_string().parse().expect("digits, letters and a hyphen")
}

/// How a quote is encoded, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteCodec {
    /// Once, for all clients.
    Shared,
    /// Once per client, as tonic and prost do by default.
    Prost,
    /// As JSON, once for all clients.
    Json,
}

impl QuoteCodec {
    /// Reads the settings `encoding` and `codec`. Approaches without them use `Shared`; JSON has no codec to choose.
    pub(crate) fn from_params(params: &Params) -> Self {
        match (params.text("encoding"), params.text("codec")) {
            (Ok("json"), _) => Self::Json,
            (_, Ok("prost")) => Self::Prost,
            _ => Self::Shared,
        }
    }

    pub(crate) fn message(self, entry: &Entry) -> OutgoingQuote {
        match self {
            Self::Shared => OutgoingQuote::Encoded(entry.frame(Quote::to_protobuf)),
            Self::Prost => OutgoingQuote::Plain(entry.quote.clone()),
            Self::Json => OutgoingQuote::Encoded(entry.frame(Quote::to_json)),
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
