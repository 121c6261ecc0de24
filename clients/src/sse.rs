//! Server-sent events, as a browser's EventSource does it: `GET /stream`, read until it ends, and come back after the
//! time the server named, with the id of the last event.

use bytes::Bytes;
use eventsource_stream::{Event, EventStream, EventStreamError};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream::MapOk};
use hyper::{
    StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
};
use proto::{
    Quote,
    wire::{
        AFTER_FIELD, CURSOR_EVENT, HEARTBEAT_COMMENT, LAST_EVENT_ID_HEADER, RESET_EVENT, STREAM_PATH, SYMBOLS_FIELD,
    },
};

use crate::{
    Batch, ClientError, Context, Cost, Subscription,
    http::{BodyStream, HttpClient},
    retry::Backoff,
};

/// Most events that one batch takes, however many are ready.
const BATCH_EVENTS: usize = 64;
/// The parser passes over comments, so a heartbeat is given to it as an event of this name.
const HEARTBEAT_EVENT: &str = "heartbeat";
const HEARTBEAT: Bytes = Bytes::from_static(b"event: heartbeat\ndata:\n\n");

type Events = EventStream<MapOk<BodyStream, fn(Bytes) -> Bytes>>;

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let http = HttpClient::new(&context)?;
    let mut target = format!("{STREAM_PATH}?{SYMBOLS_FIELD}={}", context.symbols.join(","));
    if let Some(after) = context.after {
        target += &format!("&{AFTER_FIELD}={after}");
    }
    let backoff = Backoff::new(context.seed);
    let mut sse = Sse { http, target, last_event_id: String::new(), events: None, backoff };
    sse.open(&mut Cost::default()).await?;
    Ok(Box::new(sse))
}

struct Sse {
    http: HttpClient,
    /// Stays as it began: when coming back, the last event's id goes before the cursor in here.
    target: String,
    /// Opaque: sent back as it came; empty before the first event.
    last_event_id: String,
    /// None once it has ended.
    events: Option<Events>,
    backoff: Backoff,
}

impl Subscription for Sse {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut batch = Batch::default();
            loop {
                self.read(&mut batch).await?;
                if batch.cost.with_events + batch.cost.heartbeats + batch.cost.resets > 0 {
                    return Ok(batch);
                }
                if self.events.is_none() {
                    Box::pin(self.reconnect(&mut batch.cost)).await?;
                }
            }
        })
    }
}

impl Sse {
    /// Waits for one event and takes those that came with it.
    async fn read(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        let Some(mut events) = self.events.take() else { return Ok(()) };
        let mut next = events.next().await;
        loop {
            match next {
                Some(Ok(event)) => self.take(event, batch)?,
                // The end, and a failing network, are reasons to come back.
                None | Some(Err(EventStreamError::Transport(_))) => return Ok(()),
                Some(Err(error)) => return Err(ClientError::Protocol(error.to_string())),
            }
            if batch.events.len() == BATCH_EVENTS {
                break;
            }
            next = match events.next().now_or_never() {
                Some(ready) => ready,
                None => break,
            };
        }
        self.events = Some(events);
        Ok(())
    }

    fn take(&mut self, event: Event, batch: &mut Batch) -> Result<(), ClientError> {
        match event.event.as_str() {
            HEARTBEAT_EVENT => batch.cost.heartbeats += 1,
            CURSOR_EVENT => {}
            RESET_EVENT => batch.cost.resets += 1,
            _ => {
                batch.events.push(Quote::from_json(event.data.as_bytes())?);
                batch.cost.with_events += 1;
            }
        }
        self.last_event_id = event.id;
        match event.retry {
            Some(retry) => self.backoff.begin_with(retry),
            None => self.backoff.reset(),
        }
        Ok(())
    }

    async fn reconnect(&mut self, cost: &mut Cost) -> Result<(), ClientError> {
        self.http.abandon();
        self.backoff.pause().await;
        while let Err(error) = self.open(cost).await {
            self.backoff.pause_after(error, cost).await?;
        }
        Ok(())
    }

    async fn open(&mut self, cost: &mut Cost) -> Result<(), ClientError> {
        let headers = [
            (ACCEPT.as_str(), "text/event-stream"),
            (CACHE_CONTROL.as_str(), "no-store"),
            (LAST_EVENT_ID_HEADER, &self.last_event_id),
        ];
        let sent = if self.last_event_id.is_empty() { &headers[..2] } else { &headers };
        let response = self.http.get(&self.target, sent, cost).await?;
        if response.status != StatusCode::OK {
            return Err(response.refusal().await);
        }
        if response.header(CONTENT_TYPE.as_str()) != Some("text/event-stream") {
            return Err(ClientError::Refused("the answer is no event stream".into()));
        }
        let show: fn(Bytes) -> Bytes = |chunk| if chunk == HEARTBEAT_COMMENT { HEARTBEAT } else { chunk };
        self.events = Some(EventStream::new(response.stream().map_ok(show)));
        Ok(())
    }
}
