//! Server-sent events: reads `GET /stream` until it ends, waits for the reconnection time that the server sent, and
//! reconnects with the id of the last event.
//!
//! The setting `policy` decides what happens when the client reconnects and the server does not respond with a stream.
//! `retry` behaves like a library, with the policy that all approaches share, see `retry`. `browser` behaves like an
//! EventSource in WHATWG HTML: it waits for exactly the reconnection time, and any response but a stream is final, even
//! 503. With both, 204 is final, and so is a redirect: no client follows redirects.

mod blocks;
mod event;

use base64::{Engine, engine::general_purpose::STANDARD};
use eventsource_stream::Event;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use hyper::{
    StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
};
use proto::{
    Quote,
    wire::{AFTER_FIELD, LAST_EVENT_ID_HEADER, RESET_EVENT, STREAM_PATH, SYMBOLS_FIELD},
};

use self::blocks::{Block, Blocks};
use crate::{
    Batch, ClientError, Context, Cost, Subscription,
    http::{BodyStream, HttpClient, Response},
    retry::Backoff,
};

/// Most events in one batch.
const BATCH_EVENTS: usize = 64;
const MEDIA_TYPE: &str = "text/event-stream";
/// Type of an event without a name.
const UNNAMED_EVENT: &str = "message";

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
    let is_browser = context.params.text("policy") == Ok("browser");
    let backoff = if is_browser { Backoff::browser() } else { Backoff::new(context.seed) };
    let decode = if context.params.text("encoding") == Ok("protobuf") { protobuf } else { json };
    let mut sse = Sse { http, target, is_browser, decode, last_event_id: String::new(), stream: None, backoff };
    sse.open(&mut Cost::default()).await?;
    Ok(Box::new(sse))
}

struct Sse {
    http: HttpClient,
    /// Never changes: on a reconnect, the last event id overrides the cursor in the target.
    target: String,
    is_browser: bool,
    decode: fn(&str) -> Result<Quote, ClientError>,
    /// Opaque: sent back unchanged. Empty before the first event, and after the server has reset it.
    last_event_id: String,
    /// `None` after the stream has ended.
    stream: Option<(BodyStream, Blocks)>,
    backoff: Backoff,
}

impl Subscription for Sse {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut batch = Batch::default();
            loop {
                self.read(&mut batch).await?;
                if has_content(&batch) {
                    return Ok(batch);
                }
                if self.stream.is_none() {
                    Box::pin(self.reconnect(&mut batch.cost)).await?;
                }
            }
        })
    }
}

fn json(data: &str) -> Result<Quote, ClientError> {
    Ok(Quote::from_json(data.as_bytes())?)
}

fn protobuf(data: &str) -> Result<Quote, ClientError> {
    let bytes = STANDARD.decode(data).map_err(|error| ClientError::Protocol(format!("data is not base64: {error}")))?;
    Ok(Quote::from_protobuf(&bytes)?)
}

fn has_content(batch: &Batch) -> bool {
    batch.cost.with_events + batch.cost.heartbeats + batch.cost.resets > 0
}

impl Sse {
    /// Waits for an event, a heartbeat or a reset, and adds everything that has arrived to the batch.
    async fn read(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        let Some((mut body, mut blocks)) = self.stream.take() else { return Ok(()) };
        loop {
            while batch.events.len() < BATCH_EVENTS
                && let Some(block) = blocks.next()?
            {
                self.take(&block, batch)?;
            }
            batch.cost.heartbeats += blocks.take_comments();
            if batch.events.len() == BATCH_EVENTS {
                break;
            }
            let chunk = match has_content(batch) {
                false => body.next().await,
                true => match body.next().now_or_never() {
                    Some(chunk) => chunk,
                    None => break,
                },
            };
            match chunk {
                Some(Ok(chunk)) => blocks.add(chunk),
                // The client reconnects after the end of the stream or a lost connection. An unfinished event is
                // dropped.
                None | Some(Err(ClientError::Connection(_))) => return Ok(()),
                Some(Err(error)) => return Err(error),
            }
        }
        self.stream = Some((body, blocks));
        Ok(())
    }

    fn take(&mut self, block: &Block, batch: &mut Batch) -> Result<(), ClientError> {
        let Event { event, data, id, retry } = event::read(block, &self.last_event_id)?;
        self.last_event_id = id;
        match retry {
            Some(pause) => self.backoff.set_first_pause(pause),
            None => self.backoff.reset(),
        }
        match event.as_str() {
            UNNAMED_EVENT if block.has_data => {
                batch.events.push((self.decode)(&data)?);
                batch.cost.with_events += 1;
            }
            RESET_EVENT if block.has_data => batch.cost.resets += 1,
            // The event `cursor` only carries an id. Events of unknown types are ignored.
            _ => {}
        }
        Ok(())
    }

    async fn reconnect(&mut self, cost: &mut Cost) -> Result<(), ClientError> {
        self.http.drop_connection();
        self.backoff.pause().await;
        while let Err(error) = self.open(cost).await {
            self.backoff.pause_after(error, cost).await?;
        }
        Ok(())
    }

    async fn open(&mut self, cost: &mut Cost) -> Result<(), ClientError> {
        let headers = [
            (ACCEPT.as_str(), MEDIA_TYPE),
            (CACHE_CONTROL.as_str(), "no-store"),
            (LAST_EVENT_ID_HEADER, &self.last_event_id),
        ];
        let sent = if self.last_event_id.is_empty() { &headers[..2] } else { &headers };
        let response = self.http.get(&self.target, sent, cost).await?;
        match response.status {
            StatusCode::OK => {}
            _ if self.is_browser => return Err(response.refusal().await),
            _ => return Err(response.failure().await),
        }
        expect_event_stream(&response)?;
        self.stream = Some((response.stream(), Blocks::default()));
        Ok(())
    }
}

/// Checks that the media type is an event stream. It may have any case, and parameters, which are ignored because the
/// encoding is always UTF-8.
fn expect_event_stream(response: &Response) -> Result<(), ClientError> {
    let media_type = response.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(MEDIA_TYPE) {
        return Ok(());
    }
    Err(ClientError::Refused(format!("the response has the media type `{media_type}`, expected {MEDIA_TYPE}")))
}
