//! Serves a router over the transport, and the forms of question and answer that several HTTP approaches share.
//! Nothing of what distinguishes one approach from another. `head` reads what the heads of requests have in common,
//! `site` is what every server answers beside its approach, `upload` reads the bodies of requests, `patience` limits how
//! long a connection may keep the server waiting.

mod head;
mod patience;
mod site;
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
use proto::{Cursor, EventPage, Quote, wire::CURSOR_HEADER};
use serde::Deserialize;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::patience::{Answer, Conversation};
pub(crate) use self::{head::media_type, patience::Patient, site::Site};
use crate::{Connection, Ended, Hub, Page, ServeError, SymbolError, SymbolId, TooOld, Transport, unfinished::Room};

/// Largest buffer of one connection, and so the largest head of a request: proxies add fields. A buffer begins with the
/// 8 KiB that hyper takes at least.
const BUFFER_BYTES: usize = 32 * 1024;
/// How long a connection may stay without a whole request head between two requests. `patience` limits the first.
const IDLE_LIMIT: Duration = Duration::from_secs(75);
/// When a client that meets a server shutting down may come back, in seconds: until then another has taken over.
const RETRY_AFTER_SECONDS: &str = "1";

/// Serves the site until shutdown, then lets each connection finish its answer, at most for the drain limit.
pub(crate) async fn serve(transport: Transport, site: Site, shutdown: CancellationToken) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    let room = Room::default();
    loop {
        tokio::select! {
            connection = transport.accept() => {
                connections.spawn(serve_connection(connection, site.clone(), room.clone(), shutdown.clone()));
            }
            () = shutdown.cancelled() => break,
        }
    }
    crate::drain(connections, &transport).await;
    Ok(())
}

/// A client that goes away ends this, even while its request is held: hyper reads on behind a request, and drops the
/// handler at the end of the input, which `patience` withholds for a while.
async fn serve_connection(connection: Connection, site: Site, room: Room, shutdown: CancellationToken) {
    let conversation = Conversation::default();
    let connection = TokioIo::new(Patient::new(connection, conversation.clone()));
    let service = service_fn(|request: Request<Incoming>| {
        let answering = conversation.begin();
        // Most requests have no body, and pay no memory for one.
        let answer = if request.body().is_end_stream() {
            Either::Left(site.answer(request.map(|_| Body::empty())))
        } else {
            let (site, room) = (site.clone(), room.clone());
            Either::Right(Box::pin(async move {
                match upload::receive(request, &room).await {
                    Ok(request) => site.answer(request).await,
                    Err(refusal) => Ok(refusal.into_response()),
                }
            }))
        };
        answer.map_ok(|answer| answer.map(|body| Answer::new(body, answering)))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE_LIMIT).max_buf_size(BUFFER_BYTES);
    // A connection that is upgraded ends here, and goes on in a task of its approach.
    let mut served = std::pin::pin!(builder.serve_connection(connection, service).with_upgrades());
    tokio::select! {
        // A connection that fails ends: its client comes back and resumes.
        _ = served.as_mut() => {}
        () = shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }
}

/// Query of a request for events; its fields are named in `proto::wire`. One that cannot be read is 400.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    /// Cursor after which events are wanted; absent: from now on.
    pub(crate) after: Option<Cursor>,
    /// Events that the answer may have at most; never more than `Limits::batch_events`.
    pub(crate) limit: Option<NonZeroUsize>,
    /// Symbols, separated by commas.
    #[serde(default)]
    pub(crate) symbols: String,
    /// How long the request may be held.
    pub(crate) hold: Option<String>,
}

impl EventsQuery {
    pub(crate) fn symbol_ids(&self, hub: &Arc<Hub>) -> Result<Vec<SymbolId>, SymbolError> {
        hub.resolve(self.symbols.split(',').filter(|name| !name.is_empty()))
    }

    /// The page as JSON, as much of it as was asked for, or 204 with the cursor alone. No cache may keep either: a 204
    /// may be kept where nothing forbids it.
    pub(crate) fn answer(&self, page: Page) -> Response {
        answer(&match self.limit {
            Some(limit) => page.at_most(limit),
            None => page,
        })
    }
}

fn answer(page: &Page) -> Response {
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
