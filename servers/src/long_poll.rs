//! Long polling: `GET /events?after=N&hold=30s&limit=N&symbols=…` answers with everything after the cursor, and where
//! that is nothing, holds the request until there is an event or the time is up, which is 204. A cursor that is too old
//! is 410.

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

/// What `GET /` says.
const DESCRIPTION: &str = "\
long-poll: the client asks, and the server holds the request until there is an event

GET /events?symbols=BTC,ETH&after=CURSOR&hold=30s&limit=N
                                        200 with events, 204 if the hold is over, 410 if the cursor is too old;
                                        without a cursor: what happens from now on

curl -i 'http://{address}/events?symbols=BTC&hold=5s'
";

/// Longest hold that a client may ask for: whatever lies between it and the server gives up on silence too.
const HOLD_LIMIT: Duration = Duration::from_secs(5 * 60);

#[derive(Clone)]
struct Shared {
    hub: Arc<Hub>,
    /// For a request that names none.
    hold: Duration,
}

/// Serves until shutdown.
///
/// # Errors
/// The `hold` setting is missing or unreadable; a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let shared = Shared { hub: context.hub, hold: context.params.duration(HOLD_FIELD)? };
    let routes = Router::new().route(EVENTS_PATH, get(events)).with_state(shared);
    let site = Site::new(routes, DESCRIPTION, context.transport.address()).open_to_pages();
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
    // The subscription waits from here on, and only then looks behind the cursor: no event can fall between the two.
    // It leaves the hub when this future is dropped, which is when the client goes away.
    let mut subscription = shared.hub.subscribe(symbols, query.after);
    match tokio::time::timeout(hold, subscription.next()).await {
        Ok(Ok(page)) => query.answer(page),
        Ok(Err(ended)) => ended.into_response(),
        Err(_time_is_up) => query.answer(Page { cursor: subscription.cursor(), ..Page::default() }),
    }
}

fn read_hold(text: &str) -> Result<Duration, String> {
    match proto::parse_duration(text) {
        Ok(hold) if hold <= HOLD_LIMIT => Ok(hold),
        Ok(_) => Err(format!(
            "{HOLD_FIELD} `{}` is too long: from 0s to {}s are accepted",
            text.escape_debug(),
            HOLD_LIMIT.as_secs()
        )),
        Err(error) => Err(format!("{HOLD_FIELD}: {error}; from 0s to {}s are accepted", HOLD_LIMIT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_out_of_range_is_told_the_range() {
        assert_eq!(read_hold("0s"), Ok(Duration::ZERO));
        assert_eq!(read_hold("5m"), Ok(HOLD_LIMIT));
        for text in ["301s", "1h", "30", "-1s", ""] {
            assert!(read_hold(text).unwrap_err().contains("0s to 300s"), "{text}");
        }
    }
}
