//! Long polling: `GET /events?after=N&hold=30s&limit=N&symbols=…` returns the events after the cursor. If there are
//! none, it holds the request until there is an event, or returns 204 when the hold is over. For a cursor that is too
//! old, it returns 410.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use proto::wire::{EVENTS_PATH, HOLD_FIELD};

use crate::{
    Context, Hub, Page, ServeError,
    http::{self, EventsQuery, Site},
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
long-poll: the client asks, and the server holds the request until there is an event

GET /events?symbols=BTC,ETH&after=CURSOR&hold=30s&limit=N
                                        200 with events, 204 if the hold is over, 410 if the cursor is too old;
                                        without a cursor: events from now on

curl -i '{http}/events?symbols=BTC&hold=5s'
";

/// Longest hold that a client may request. Intermediaries close silent connections too.
const MAX_HOLD: Duration = Duration::from_secs(5 * 60);

#[derive(Clone)]
struct Shared {
    hub: Arc<Hub>,
    /// The hold of a request that does not specify one.
    hold: Duration,
}

/// Serves until shutdown.
///
/// # Errors
/// The `hold` setting is missing or invalid. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let shared = Shared { hub: context.hub, hold: context.params.duration(HOLD_FIELD)? };
    let routes = Router::new().route(EVENTS_PATH, get(events)).with_state(shared);
    let site = Site::new(routes, DESCRIPTION, context.transport.address()).allow_any_origin();
    http::serve(context.transport, site, context.shutdown).await
}

async fn events(State(shared): State<Shared>, Query(query): Query<EventsQuery>) -> Response {
    let hold = match query.hold.as_deref().map_or(Ok(shared.hold), read_hold) {
        Ok(hold) => hold,
        Err(reason) => return (StatusCode::BAD_REQUEST, reason).into_response(),
    };
    let symbols = match query.symbol_ids(&shared.hub) {
        Ok(symbols) => symbols,
        Err(unknown) => return unknown.into_response(),
    };
    // The subscription is registered before its first read, so no event is missed in between. It leaves the hub when
    // this future is dropped, for example because the client disconnects.
    let mut subscription = shared.hub.subscribe(symbols, query.after);
    match tokio::time::timeout(hold, subscription.next()).await {
        Ok(Ok(page)) => query.respond(page),
        Ok(Err(ended)) => ended.into_response(),
        Err(_elapsed) => query.respond(Page { cursor: subscription.cursor(), ..Page::default() }),
    }
}

fn read_hold(text: &str) -> Result<Duration, String> {
    match proto::parse_duration(text) {
        Ok(hold) if hold <= MAX_HOLD => Ok(hold),
        Ok(_) => Err(format!(
            "{HOLD_FIELD} `{}` is too long: it must be from 0s to {}s",
            text.escape_debug(),
            MAX_HOLD.as_secs()
        )),
        Err(error) => Err(format!("{HOLD_FIELD}: {error}; it must be from 0s to {}s", MAX_HOLD.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_out_of_range_is_refused_with_the_range() {
        assert_eq!(read_hold("0s"), Ok(Duration::ZERO));
        assert_eq!(read_hold("5m"), Ok(MAX_HOLD));
        for text in ["301s", "1h", "30", "-1s", ""] {
            assert!(read_hold(text).unwrap_err().contains("0s to 300s"), "{text}");
        }
    }
}
