//! Short polling: `GET /events?after=N&limit=N&symbols=…` returns the new events at once, or 204 if there are none. For
//! a cursor that is too old, it returns 410 with the cursor to start again from.

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
    http::{self, EventsQuery, Site},
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
short-poll: the client asks at an interval

GET /events?symbols=BTC,ETH             from now on: 204 with a cursor in x-cursor
GET /events?symbols=BTC,ETH&after=CURSOR&limit=N
                                        200 with events, 204 if there is nothing new, 410 if the cursor is too old

curl -i '{http}/events?symbols=BTC&after=0'
";

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let routes = Router::new().route(EVENTS_PATH, get(events)).with_state(context.hub);
    let site = Site::new(routes, DESCRIPTION, context.transport.address()).allow_any_origin();
    http::serve(context.transport, site, context.shutdown).await
}

async fn events(State(hub): State<Arc<Hub>>, Query(query): Query<EventsQuery>) -> Response {
    let symbols = match query.symbol_ids(&hub) {
        Ok(symbols) => symbols,
        Err(unknown) => return unknown.into_response(),
    };
    match hub.read(&symbols, query.after.unwrap_or_else(|| hub.cursor(hub.head()))) {
        Ok(page) => query.respond(page),
        Err(gone) => gone.into_response(),
    }
}
