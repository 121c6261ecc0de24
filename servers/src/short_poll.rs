//! Short polling: `GET /events?after=N&symbols=…` answers at once, with what is new or with 204. A cursor that is too
//! old is 410 with the cursor to start again from.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use proto::{
    EventPage, Quote,
    wire::{CURSOR_HEADER, EVENTS_PATH},
};

use crate::{
    Context, Hub, Page, ServeError,
    http::{self, EventsQuery},
};

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let router = Router::new().route(EVENTS_PATH, get(events)).with_state(context.hub);
    http::serve(context.transport, router, context.shutdown).await
}

async fn events(State(hub): State<Arc<Hub>>, Query(query): Query<EventsQuery>) -> Response {
    let symbols = match query.symbol_ids(&hub) {
        Ok(symbols) => symbols,
        Err(unknown) => return unknown.into_response(),
    };
    match hub.read(&symbols, query.after.unwrap_or_else(|| hub.head())) {
        Ok(page) => answer(&page),
        Err(gone) => gone.into_response(),
    }
}

/// The page as JSON, or 204 with the cursor alone. Long polling answers in the same form.
pub(crate) fn answer(page: &Page) -> Response {
    if page.entries.is_empty() {
        return (StatusCode::NO_CONTENT, [(CURSOR_HEADER, page.cursor.to_string())]).into_response();
    }
    let events: Vec<Bytes> = page.entries.iter().map(|entry| entry.frame(Quote::to_json)).collect();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, EventPage::join(page.cursor, page.has_more, &events)).into_response()
}
