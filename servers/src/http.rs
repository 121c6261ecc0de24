//! Serves a router over the transport: what the HTTP approaches share, and nothing of what distinguishes them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde::Deserialize;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Connection, Ended, Hub, ServeError, SymbolId, TooOld, Transport, UnknownSymbol};

/// Buffer of one connection; requests and answers of these approaches are far smaller, and hyper takes no less.
const BUFFER_BYTES: usize = 8 * 1024;
/// A client that opens a connection must send a whole request head within this time.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// Serves the router until shutdown, then lets each connection finish its answer, at most for the drain limit.
pub(crate) async fn serve(transport: Transport, router: Router, shutdown: CancellationToken) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            connection = transport.accept() => {
                connections.spawn(serve_connection(connection, router.clone(), shutdown.clone()));
            }
            () = shutdown.cancelled() => break,
        }
    }
    crate::drain(connections, &transport).await;
    Ok(())
}

async fn serve_connection(connection: Connection, router: Router, shutdown: CancellationToken) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(BUFFER_BYTES);
    let served = builder.serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    let mut served = std::pin::pin!(served);
    tokio::select! {
        // A connection that fails ends: its client comes back and resumes.
        _ = served.as_mut() => {}
        () = shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }
}

/// Query of a request for events.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsQuery {
    /// Cursor after which events are wanted; absent: from now on.
    pub(crate) after: Option<u64>,
    /// Symbols, separated by commas.
    pub(crate) symbols: String,
    /// How long the request may be held.
    pub(crate) hold: Option<String>,
}

impl EventsQuery {
    pub(crate) fn symbol_ids(&self, hub: &Arc<Hub>) -> Result<Vec<SymbolId>, UnknownSymbol> {
        hub.resolve(self.symbols.split(','))
    }
}

impl IntoResponse for UnknownSymbol {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

impl IntoResponse for TooOld {
    fn into_response(self) -> Response {
        (StatusCode::GONE, [(proto::wire::CURSOR_HEADER, self.head.to_string())], self.to_string()).into_response()
    }
}

impl IntoResponse for Ended {
    fn into_response(self) -> Response {
        match self {
            Self::TooOld(gone) => gone.into_response(),
            Self::Overflow { .. } => (StatusCode::TOO_MANY_REQUESTS, self.to_string()).into_response(),
            Self::Closed => (StatusCode::SERVICE_UNAVAILABLE, self.to_string()).into_response(),
        }
    }
}
