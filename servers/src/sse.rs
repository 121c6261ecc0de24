//! Server-sent events: the response to `GET /stream?symbols=…` does not end, and contains one block of text per event.
//! Its data are JSON, or with `encoding` protobuf in base64, because such a stream is text.
//! A client that reconnects sends the id of its last event in `Last-Event-ID` and misses nothing. If it was away too
//! long, a `reset` event tells it where the stream continues.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use proto::{
    Cursor, Quote,
    wire::{CURSOR_EVENT, HEARTBEAT_COMMENT, LAST_EVENT_ID_HEADER, RESET_EVENT, STREAM_PATH},
};

use crate::{
    Context, Ended, Hub, Page, ServeError, Subscription, SymbolId,
    heartbeat::{Heartbeat, Heartbeats},
    http::{self, EventsQuery, Site},
};

/// How long clients should wait before they reconnect.
const RETRY: Duration = Duration::from_secs(1);
/// The response to `GET /`.
const DESCRIPTION: &str = "\
sse: the server writes events into a response that does not end

GET /stream?symbols=BTC,ETH             the stream from now on, or after a cursor that is sent as
                                        after=CURSOR or Last-Event-ID

curl -N '{http}/stream?symbols=BTC'
";

/// Serves until shutdown.
///
/// # Errors
/// The `heartbeat` setting is missing or invalid. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let heartbeats = Heartbeats::new(context.params.duration("heartbeat")?);
    let data = if context.params.text("encoding")? == "protobuf" { protobuf } else { Quote::to_json };
    let server = Arc::new(Server { hub: context.hub, heartbeats, data });
    let routes = Router::new().route(STREAM_PATH, get(stream)).with_state(server);
    let site = Site::new(routes, DESCRIPTION, context.transport.address()).allow_any_origin();
    http::serve(context.transport, site, context.shutdown).await
}

/// The state that all connections share.
struct Server {
    hub: Arc<Hub>,
    heartbeats: Heartbeats,
    data: Data,
}

/// Returns the data of an event, without line breaks.
type Data = fn(&Quote) -> Bytes;

/// Returns the protobuf form in base64, because an event stream is text.
fn protobuf(quote: &Quote) -> Bytes {
    Bytes::from(STANDARD.encode(quote.to_protobuf()))
}

async fn stream(State(server): State<Arc<Server>>, headers: HeaderMap, Query(query): Query<EventsQuery>) -> Response {
    let Server { hub, heartbeats, data } = &*server;
    let symbols = match query.symbol_ids(hub) {
        Ok(symbols) => symbols,
        Err(unknown) => return unknown.into_response(),
    };
    if hub.is_closed() {
        return Ended::Closed.into_response();
    }
    let after = match last_event_id(&headers) {
        // A browser reconnects with its original URL, so the header is newer than the query.
        Ok(id) => id.or(query.after),
        Err(reason) => return (StatusCode::BAD_REQUEST, reason).into_response(),
    };
    let subscription = hub.subscribe(symbols.clone(), after);
    let (hub, data) = (Arc::clone(hub), *data);
    let feed = Feed { opened: false, hub, data, symbols, subscription, heartbeat: heartbeats.join() };
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        (header::CACHE_CONTROL.as_str(), "no-cache"),
        // Tells nginx and compatible proxies not to buffer the stream.
        ("x-accel-buffering", "no"),
    ];
    (headers, Body::from_stream(stream::unfold(feed, Feed::next))).into_response()
}

/// Returns the id of the last event that the client received. Returns `None` if the header is missing or empty: some
/// clients send an empty one before their first event.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Cursor>, String> {
    let Some(id) = headers.get(LAST_EVENT_ID_HEADER).filter(|id| !id.is_empty()) else { return Ok(None) };
    let id = id.to_str().ok().and_then(|id| id.parse().ok());
    id.map(Some).ok_or_else(|| format!("{LAST_EVENT_ID_HEADER} is not an id from this server"))
}

/// The stream of one connection.
struct Feed {
    /// The first block has been sent.
    opened: bool,
    hub: Arc<Hub>,
    data: Data,
    symbols: Vec<SymbolId>,
    subscription: Subscription,
    heartbeat: Heartbeat,
}

impl Feed {
    /// Waits for the next chunk of the body. Returns `None` at shutdown.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if !self.opened {
            self.opened = true;
            let retry = format!("retry: {}\n", RETRY.as_millis());
            let cursor = cursor_event(CURSOR_EVENT, self.subscription.cursor());
            return Some((Ok(Bytes::from(retry + &cursor)), self));
        }
        let next = tokio::select! {
            next = self.subscription.next() => next,
            () = self.heartbeat.next() => return Some((Ok(Bytes::from_static(HEARTBEAT_COMMENT)), self)),
        };
        let chunk = match next {
            Ok(page) => Ok(join(&self.hub, &page, self.data)),
            Err(Ended::TooOld(gone)) => {
                self.subscription = self.hub.subscribe(self.symbols.clone(), Some(gone.head));
                Ok(Bytes::from(cursor_event(RESET_EVENT, gone.head)))
            }
            // An error closes the connection. `None` would keep it open for the next request.
            Err(ended @ Ended::Overflow { .. }) => Err(io::Error::other(ended)),
            Err(Ended::Closed) => return None,
        };
        Some((chunk, self))
    }
}

/// Joins the events of a page into one chunk, so that they are sent in one write.
fn join(hub: &Hub, page: &Page, data: Data) -> Bytes {
    let encode = |quote: &Quote| frame(hub.cursor(quote.sequence), &data(quote));
    if let [entry] = page.entries.as_slice() {
        return entry.frame(encode);
    }
    let mut frames = BytesMut::new();
    page.entries.iter().for_each(|entry| frames.extend_from_slice(&entry.frame(encode)));
    frames.freeze()
}

fn frame(cursor: Cursor, data: &[u8]) -> Bytes {
    let mut frame = format!("id: {cursor}\ndata: ").into_bytes();
    frame.extend_from_slice(data);
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}

/// Returns an event that contains only a cursor.
fn cursor_event(event: &str, cursor: Cursor) -> String {
    format!("id: {cursor}\nevent: {event}\ndata:\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_block_with_its_id() {
        let quote = Quote { symbol: "BTC".into(), sequence: 7, payload: "a\nb".into(), ..Quote::default() };
        let data_of = |data: Data| {
            let frame = String::from_utf8(frame(7.into(), &data(&quote)).to_vec()).unwrap();
            let data = frame.strip_prefix("id: 7\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
            assert!(!data.contains('\n'));
            data.to_owned()
        };
        assert_eq!(Quote::from_json(data_of(Quote::to_json).as_bytes()).unwrap(), quote);
        assert_eq!(Quote::from_protobuf(&STANDARD.decode(data_of(protobuf)).unwrap()).unwrap(), quote);
    }

    #[test]
    fn a_cursor_event_has_no_data() {
        assert_eq!(cursor_event(RESET_EVENT, 9.into()), "id: 9\nevent: reset\ndata:\n\n");
    }
}
