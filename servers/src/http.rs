//! Serves a router over HTTP/1.1, and defines the requests and responses that several HTTP approaches share. Contains
//! nothing that is specific to one approach.
//!
//! `head` checks the headers that all requests share, and `upload` reads request bodies. `site` adds the responses that
//! every server gives besides its approach. `timeouts` limits how long a connection may keep the server waiting.

mod head;
mod site;
mod timeouts;
mod upload;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{TryFutureExt, future::Either};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use net::{Stream, Transport};
use proto::{Cursor, EventPage, Quote, wire::CURSOR_HEADER};
use serde::Deserialize;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::timeouts::{ExchangeState, TrackedBody};
pub(crate) use self::{head::media_type, site::Site, timeouts::TimedConnection};
use crate::{Ended, Hub, Page, ServeError, SymbolError, SymbolId, TooOld, unfinished::Budget};

/// Maximum buffer size of a connection, and therefore of a request head. It leaves room for fields that proxies add.
/// The initial size is 8 KiB, hyper's minimum.
const BUFFER_BYTES: usize = 32 * 1024;
/// How long a connection may wait for the next complete request head. `timeouts` limits the wait for the first request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// When a client may retry after it reached a server that is shutting down, in seconds. By then, another server has
/// taken over.
const RETRY_AFTER_SECONDS: &str = "1";

/// Serves the site until shutdown. Then each connection may finish its response, within the drain timeout.
pub(crate) async fn serve(transport: Transport, site: Site, shutdown: CancellationToken) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    let budget = Budget::default();
    loop {
        tokio::select! {
            connection = transport.accept() => {
                connections.spawn(serve_connection(connection, site.clone(), budget.clone(), shutdown.clone()));
            }
            () = shutdown.cancelled() => break,
        }
    }
    crate::drain::drain(connections, &transport).await;
    Ok(())
}

/// Serves one connection. Ends when the client disconnects, even while a request is held: hyper keeps reading after a
/// request, and drops the handler at the end of the input. `timeouts` delays that end.
async fn serve_connection(connection: Stream, site: Site, budget: Budget, shutdown: CancellationToken) {
    let state = ExchangeState::default();
    let connection = TokioIo::new(TimedConnection::new(connection, state.clone()));
    let service = service_fn(|request: Request<Incoming>| {
        let responding = state.begin();
        // Most requests have no body, and do not allocate for one.
        let response = if request.body().is_end_stream() {
            Either::Left(site.respond(request.map(|_| Body::empty())))
        } else {
            let (site, budget) = (site.clone(), budget.clone());
            Either::Right(Box::pin(async move {
                match upload::receive(request, &budget).await {
                    Ok(request) => site.respond(request).await,
                    Err(refusal) => Ok(refusal.into_response()),
                }
            }))
        };
        response.map_ok(|response| response.map(|body| TrackedBody::new(body, responding)))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT).max_buf_size(BUFFER_BYTES);
    // An upgraded connection ends here, and continues in a task of its approach.
    let mut served = std::pin::pin!(builder.serve_connection(connection, service).with_upgrades());
    tokio::select! {
        // The error of a failed connection is ignored: the client reconnects and resumes.
        _ = served.as_mut() => {}
        () = shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }
}

/// The query of a request for events. `proto::wire` names the fields. An invalid query gets status 400.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    /// Requests the events after this cursor. `None` requests the events from now on.
    pub(crate) after: Option<Cursor>,
    /// Maximum number of events in the response. `Limits::batch_events` applies as well.
    pub(crate) limit: Option<NonZeroUsize>,
    /// Symbols, separated by commas.
    #[serde(default)]
    pub(crate) symbols: String,
    /// How long the server may hold the request.
    pub(crate) hold: Option<String>,
}

impl EventsQuery {
    pub(crate) fn symbol_ids(&self, hub: &Arc<Hub>) -> Result<Vec<SymbolId>, SymbolError> {
        hub.resolve(self.symbols.split(',').filter(|name| !name.is_empty()))
    }

    /// Returns the page as JSON, up to the requested limit, or status 204 with only the cursor if the page is empty.
    /// Both forbid caching: a cache may store a 204 unless a header forbids it.
    pub(crate) fn respond(&self, page: Page) -> Response {
        respond(&match self.limit {
            Some(limit) => page.at_most(limit),
            None => page,
        })
    }
}

fn respond(page: &Page) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if page.entries.is_empty() {
        return (StatusCode::NO_CONTENT, no_store, [(CURSOR_HEADER, page.cursor.to_string())]).into_response();
    }
    let events: Vec<Bytes> = page.entries.iter().map(|entry| entry.frame(Quote::to_json)).collect();
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (no_store, content_type, EventPage::join(page.cursor, page.has_more, &events)).into_response()
}

impl IntoResponse for SymbolError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

impl IntoResponse for TooOld {
    fn into_response(self) -> Response {
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        (StatusCode::GONE, no_store, [(CURSOR_HEADER, self.head.to_string())], self.to_string()).into_response()
    }
}

impl IntoResponse for Ended {
    fn into_response(self) -> Response {
        match self {
            Self::TooOld(gone) => gone.into_response(),
            Self::Overflow { .. } => (StatusCode::TOO_MANY_REQUESTS, self.to_string()).into_response(),
            Self::Closed => {
                let retry_after = [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)];
                (StatusCode::SERVICE_UNAVAILABLE, retry_after, self.to_string()).into_response()
            }
        }
    }
}
