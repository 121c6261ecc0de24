//! Short polling: `GET /events?after=N&limit=N&symbols=…` answers at once, with what is new or with 204. A cursor that
//! is too old is 410 with the cursor to start again from.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use proto::wire::EVENTS_PATH;

use crate::{
    Context, Hub, ServeError,
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
    match hub.read(&symbols, query.after.unwrap_or_else(|| hub.cursor(hub.head()))) {
        Ok(page) => query.answer(page),
        Err(gone) => gone.into_response(),
    }
}
