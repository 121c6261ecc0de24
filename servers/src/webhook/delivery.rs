//! Deliveries to one endpoint: one request at a time, so that events arrive in order; each repeated under the same id
//! until it is taken, then given up as a dead letter. Whoever answers 410, or takes nothing any more, is sent no more.
//!
//! An endpoint that falls behind is resumed from its place; where the log has moved on beyond that, it is told by a
//! notice of its own what it missed.

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
use proto::{
    webhook::{Notice, Secret},
    wire::{WEBHOOK_ID_HEADER, WEBHOOK_SIGNATURE_HEADER, WEBHOOK_TIMESTAMP_HEADER},
};
use tokio_util::sync::CancellationToken;

use super::{Producer, registration::Place};
use crate::{Connection, Ended, Subscription, SymbolId};

/// How long one attempt may take, from connecting to the head of the answer.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
/// Attempts before a message is given up.
const ATTEMPTS: u32 = 10;
/// Longest pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause of the server's own choice.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause that a consumer may ask for; its own comes on top.
const LONGEST_ABSENCE: Duration = Duration::from_secs(60 * 60);
/// Messages in a row that are given up before the endpoint is.
const DEAD_LETTERS_IN_A_ROW: u32 = 8;
/// Longest rest of an answer that is read, and thrown away, to use the connection again.
const REST_LIMIT_BYTES: usize = 16 * 1024;
/// How long that may take.
const REST_LIMIT: Duration = Duration::from_millis(500);
/// Largest buffer of one connection, and so the largest head of an answer: proxies add fields. A buffer begins with the
/// 8 KiB that hyper takes at least.
const BUFFER_BYTES: usize = 64 * 1024;

type Sender = SendRequest<Full<Bytes>>;
type Failure = Box<dyn Error + Send + Sync>;

/// Where one subscription's events go.
pub(super) struct Endpoint {
    /// Whoever knows it may remove the subscription, so no message has it.
    pub(super) id: String,
    /// What the ids of all messages begin with.
    pub(super) messages: String,
    pub(super) place: Place,
    pub(super) secrets: Vec<Secret>,
    pub(super) symbols: Vec<SymbolId>,
    /// The subscription was removed, or the server is shutting down.
    pub(super) ended: CancellationToken,
    pub(super) connection: Option<Sender>,
}

/// What became of a message.
#[derive(PartialEq)]
enum Fate {
    Taken,
    GivenUp,
    /// This endpoint wants no more, or is wanted no more.
    Unwanted,
}

/// Delivers until the endpoint wants no more, or is wanted no more.
pub(super) async fn run(mut endpoint: Endpoint, mut subscription: Subscription, producer: &Producer) {
    let mut given_up_in_a_row = 0;
    if !producer.new_connection {
        // What is kept alive is opened once: at the registration, and not in the way of the first message. An endpoint
        // that cannot be reached yet is tried again then.
        let connected = tokio::time::timeout(ATTEMPT_LIMIT, endpoint.connect(producer)).await;
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
                Fate::Taken => given_up_in_a_row = 0,
                Fate::GivenUp => given_up_in_a_row += 1,
                Fate::Unwanted => return,
            }
            if given_up_in_a_row == DEAD_LETTERS_IN_A_ROW {
                return;
            }
        }
    }
}

impl Endpoint {
    async fn deliver(&mut self, id: &str, body: &Bytes, producer: &Producer) -> Fate {
        let mut ceiling = FIRST_PAUSE;
        for _ in 0..ATTEMPTS {
            let asked_for = match self.attempt(id, body, producer).await {
                Ok(answer) if answer.status.is_success() => return Fate::Taken,
                Ok(answer) if answer.status == StatusCode::GONE => return Fate::Unwanted,
                Ok(answer) => retry_after(&answer.headers, wall_clock()),
                Err(_) => Duration::ZERO,
            };
            let pause = asked_for + ceiling.mul_f64(fastrand::f64());
            ceiling = (ceiling * 2).min(LONGEST_PAUSE);
            if self.ended.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Fate::Unwanted;
            }
        }
        producer.bury(id.to_owned());
        Fate::GivenUp
    }

    /// One attempt. The head of the answer decides; the rest is read for the sake of the connection, which is closed
    /// where that takes too long.
    async fn attempt(&mut self, id: &str, body: &Bytes, producer: &Producer) -> Result<Parts, Failure> {
        // Whatever fails, and an attempt that is abandoned, takes the connection with it.
        let (connection, answer) = tokio::time::timeout(ATTEMPT_LIMIT, self.post(id, body, producer)).await??;
        let (head, rest) = answer.into_parts();
        if !producer.new_connection {
            let rest = Limited::new(rest, REST_LIMIT_BYTES).collect();
            let is_read = tokio::time::timeout(REST_LIMIT, rest).await.is_ok_and(|rest| rest.is_ok());
            self.connection = Some(connection).filter(|_| is_read);
        }
        Ok(head)
    }

    /// Sends the message. Redirects are answers like any other, and are not followed.
    async fn post(
        &mut self,
        id: &str,
        body: &Bytes,
        producer: &Producer,
    ) -> Result<(Sender, Response<Incoming>), Failure> {
        let kept = match self.connection.take() {
            Some(kept) => ready(kept).await,
            None => None,
        };
        let mut connection = match kept {
            Some(kept) => kept,
            None => self.connect(producer).await?,
        };
        let timestamp = wall_clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let signatures: Vec<String> = self.secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
        let mut request = Request::post(self.place.target.as_str())
            .header(HOST, self.place.authority.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(WEBHOOK_ID_HEADER, id)
            .header(WEBHOOK_TIMESTAMP_HEADER, timestamp)
            .header(WEBHOOK_SIGNATURE_HEADER, signatures.join(" "));
        if producer.new_connection {
            request = request.header(CONNECTION, "close");
        }
        let answer = connection.send_request(request.body(Full::new(body.clone()))?).await?;
        Ok((connection, answer))
    }

    /// Connects to the first of the endpoint's addresses that answers.
    async fn connect(&self, producer: &Producer) -> Result<Sender, Failure> {
        let mut failure = Failure::from("the endpoint has no address");
        for &address in &self.place.addresses {
            let connected = self.ended.run_until_cancelled(producer.transport.connect(address)).await;
            match connected.ok_or("no more connections are opened")? {
                Ok(stream) => return open(stream, producer).await,
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

/// The connection, if it can be used once more.
async fn ready(mut kept: Sender) -> Option<Sender> {
    kept.ready().await.ok().map(|()| kept)
}

async fn open(stream: Connection, producer: &Producer) -> Result<Sender, Failure> {
    let mut builder = http1::Builder::new();
    let (sender, connection) = builder.max_buf_size(BUFFER_BYTES).handshake(TokioIo::new(stream)).await?;
    // Its failure is seen by the request that waits on it; it ends with the sender.
    producer.tasks.spawn(connection);
    Ok(sender)
}

/// Returns how long the consumer asks to be left alone, at most [`LONGEST_ABSENCE`].
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Duration {
    let field = |name| headers.get(name).and_then(|field| field.to_str().ok());
    let asked_for = field(RETRY_AFTER).and_then(|text| proto::retry_after(text, field(DATE), now));
    asked_for.unwrap_or_default().min(LONGEST_ABSENCE)
}

#[expect(
    clippy::disallowed_methods,
    reason = "each attempt says when it was made, and a consumer may name a date; not a measurement"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for(value: &'static str) -> Duration {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_480); // Wed, 21 Oct 2015 07:28:00 GMT
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value.parse().expect("a header"))]), now)
    }

    #[test]
    fn retry_after_is_kept_within_its_bound() {
        for (text, seconds) in [("7", 7), ("Wed, 21 Oct 2015 07:28:45 GMT", 45), ("soon", 0), ("", 0)] {
            assert_eq!(asked_for(text), Duration::from_secs(seconds), "{text}");
        }
        for text in ["3601", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(asked_for(text), LONGEST_ABSENCE, "{text}");
        }
    }
}
