//! Delivers messages to one endpoint, one request at a time, so that events arrive in order. A message is retried with
//! the same id until it is accepted. After the last attempt, it becomes a dead letter. Deliveries end if the endpoint
//! answers 410 or accepts no messages any more.
//!
//! An endpoint that falls behind resumes from its position. If the log no longer has the next event, the endpoint gets
//! a reset notice with the cursor where the events continue.

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::http::{
    HeaderMap, Request, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, DATE, HOST, RETRY_AFTER},
    response::Parts,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use net::Stream;
use proto::{
    webhook::{Notice, Secret},
    wire::{WEBHOOK_ID_HEADER, WEBHOOK_SIGNATURE_HEADER, WEBHOOK_TIMESTAMP_HEADER},
};
use tokio_util::sync::CancellationToken;

use super::{Producer, registration::Destination};
use crate::{Ended, Subscription, SymbolId};

/// How long one attempt may take, from connecting to the head of the response.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Number of attempts before the server gives up on a message.
const MAX_ATTEMPTS: u32 = 10;
/// Maximum backoff after the first attempt. It doubles with each attempt.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
/// Upper limit of the backoff.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// Longest pause that a consumer may request with `Retry-After`. The backoff is added to it.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// Consecutive dead letters after which the server gives up on the endpoint.
const MAX_CONSECUTIVE_DEAD_LETTERS: u32 = 8;
/// Longest response body that is read and discarded in order to reuse the connection.
const MAX_DISCARDED_BYTES: usize = 16 * 1024;
/// How long reading the response body may take.
const DISCARD_TIMEOUT: Duration = Duration::from_millis(500);
/// Maximum buffer size of a connection, and therefore of a response head. It leaves room for fields that proxies add.
/// The initial size is 8 KiB, hyper's minimum.
const BUFFER_BYTES: usize = 64 * 1024;

type Sender = SendRequest<Full<Bytes>>;
type Failure = Box<dyn Error + Send + Sync>;

/// The endpoint of one subscription.
pub(super) struct Endpoint {
    /// The subscription's id. Knowing it is enough to remove the subscription, so messages do not contain it.
    pub(super) id: String,
    /// The prefix of all message ids.
    pub(super) messages: String,
    pub(super) destination: Destination,
    pub(super) secrets: Vec<Secret>,
    pub(super) symbols: Vec<SymbolId>,
    /// Cancelled when the subscription is removed or the server shuts down.
    pub(super) ended: CancellationToken,
    pub(super) connection: Option<Sender>,
}

/// The outcome of a delivery.
#[derive(PartialEq)]
enum Outcome {
    Accepted,
    GivenUp,
    /// The endpoint answered 410, or its subscription has ended.
    Ended,
}

/// Delivers messages until the subscription ends or the server gives up on the endpoint.
pub(super) async fn run(mut endpoint: Endpoint, mut subscription: Subscription, producer: &Producer) {
    let mut consecutive_dead_letters = 0;
    if !producer.new_connection {
        // Connects now, so that the first message does not wait for the connection. If the endpoint is not reachable
        // yet, the first delivery connects again.
        let connected = tokio::time::timeout(ATTEMPT_TIMEOUT, endpoint.connect(producer)).await;
        endpoint.connection = connected.ok().and_then(Result::ok);
    }
    loop {
        let Some(page) = endpoint.ended.clone().run_until_cancelled(subscription.next()).await else { return };
        let messages = match page {
            Ok(page) => {
                let message = |quote: &proto::Quote| Notice::Quote(quote.clone()).to_json();
                page.entries.iter().map(|entry| (entry.quote.sequence, entry.frame(message))).collect()
            }
            Err(Ended::Overflow { cursor }) => {
                subscription = producer.hub.subscribe(endpoint.symbols.clone(), Some(cursor));
                Vec::new()
            }
            Err(Ended::TooOld(gone)) => {
                subscription = producer.hub.subscribe(endpoint.symbols.clone(), Some(gone.head));
                vec![(gone.head.sequence, Notice::Reset(gone.head).to_json())]
            }
            Err(Ended::Closed) => return,
        };
        for (sequence, body) in messages {
            match endpoint.deliver(&format!("{}_{sequence}", endpoint.messages), &body, producer).await {
                Outcome::Accepted => consecutive_dead_letters = 0,
                Outcome::GivenUp => consecutive_dead_letters += 1,
                Outcome::Ended => return,
            }
            if consecutive_dead_letters == MAX_CONSECUTIVE_DEAD_LETTERS {
                return;
            }
        }
    }
}

impl Endpoint {
    async fn deliver(&mut self, id: &str, body: &Bytes, producer: &Producer) -> Outcome {
        let mut max_backoff = INITIAL_BACKOFF;
        for _ in 0..MAX_ATTEMPTS {
            let requested = match self.attempt(id, body, producer).await {
                Ok(response) if response.status.is_success() => return Outcome::Accepted,
                Ok(response) if response.status == StatusCode::GONE => return Outcome::Ended,
                Ok(response) => retry_after(&response.headers, wall_clock()),
                Err(_) => Duration::ZERO,
            };
            let pause = requested + max_backoff.mul_f64(fastrand::f64());
            max_backoff = (max_backoff * 2).min(MAX_BACKOFF);
            if self.ended.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Outcome::Ended;
            }
        }
        producer.add_dead_letter(id.to_owned());
        Outcome::GivenUp
    }

    /// Makes one attempt, and returns the head of the response. Reads the body only to reuse the connection, and closes
    /// the connection if the body is too long or too slow.
    async fn attempt(&mut self, id: &str, body: &Bytes, producer: &Producer) -> Result<Parts, Failure> {
        // An attempt that fails or times out closes the connection.
        let (connection, response) = tokio::time::timeout(ATTEMPT_TIMEOUT, self.post(id, body, producer)).await??;
        let (head, body) = response.into_parts();
        if !producer.new_connection {
            let body = Limited::new(body, MAX_DISCARDED_BYTES).collect();
            let is_read = tokio::time::timeout(DISCARD_TIMEOUT, body).await.is_ok_and(|body| body.is_ok());
            self.connection = Some(connection).filter(|_| is_read);
        }
        Ok(head)
    }

    /// Sends the message. Does not follow redirects.
    async fn post(
        &mut self,
        id: &str,
        body: &Bytes,
        producer: &Producer,
    ) -> Result<(Sender, Response<Incoming>), Failure> {
        let kept = match self.connection.take() {
            Some(kept) => reusable(kept).await,
            None => None,
        };
        let mut connection = match kept {
            Some(kept) => kept,
            None => self.connect(producer).await?,
        };
        let timestamp = wall_clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let signatures: Vec<String> = self.secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
        let mut request = Request::post(self.destination.target.as_str())
            .header(HOST, self.destination.authority.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(WEBHOOK_ID_HEADER, id)
            .header(WEBHOOK_TIMESTAMP_HEADER, timestamp)
            .header(WEBHOOK_SIGNATURE_HEADER, signatures.join(" "));
        if producer.new_connection {
            request = request.header(CONNECTION, "close");
        }
        let response = connection.send_request(request.body(Full::new(body.clone()))?).await?;
        Ok((connection, response))
    }

    /// Connects to the first address of the endpoint that accepts a connection.
    async fn connect(&self, producer: &Producer) -> Result<Sender, Failure> {
        let mut failure = Failure::from("the endpoint has no address");
        for &address in &self.destination.addresses {
            let connected = self.ended.run_until_cancelled(producer.transport.connect(address)).await;
            match connected.ok_or("the subscription has ended")? {
                Ok(stream) => return open(stream, producer).await,
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

/// Returns the connection if it can be reused.
async fn reusable(mut kept: Sender) -> Option<Sender> {
    kept.ready().await.ok().map(|()| kept)
}

async fn open(stream: Stream, producer: &Producer) -> Result<Sender, Failure> {
    let mut builder = http1::Builder::new();
    let (sender, connection) = builder.max_buf_size(BUFFER_BYTES).handshake(TokioIo::new(stream)).await?;
    // If the connection fails, the request on it fails. The task ends when the sender is dropped.
    producer.tasks.spawn(connection);
    Ok(sender)
}

/// Returns the pause that the consumer requests, at most [`MAX_RETRY_AFTER`].
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Duration {
    let field = |name| headers.get(name).and_then(|field| field.to_str().ok());
    let requested = field(RETRY_AFTER).and_then(|text| proto::retry_after(text, field(DATE), now));
    requested.unwrap_or_default().min(MAX_RETRY_AFTER)
}

#[expect(
    clippy::disallowed_methods,
    reason = "messages have a timestamp, and `Retry-After` may be a date; not a measurement"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(value: &'static str) -> Duration {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_480); // Wed, 21 Oct 2015 07:28:00 GMT
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value.parse().expect("a header"))]), now)
    }

    #[test]
    fn retry_after_is_limited() {
        for (text, seconds) in [("7", 7), ("Wed, 21 Oct 2015 07:28:45 GMT", 45), ("soon", 0), ("", 0)] {
            assert_eq!(requested(text), Duration::from_secs(seconds), "{text}");
        }
        for text in ["3601", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(requested(text), MAX_RETRY_AFTER, "{text}");
        }
    }
}
