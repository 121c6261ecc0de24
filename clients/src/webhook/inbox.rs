//! Answers the requests to a webhook consumer: checks the signature and the age of each message, drops duplicates (see
//! `memory`), and keeps the events for the next batch. It must not know how requests arrive.

mod memory;

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, HeaderValue},
};
use proto::{
    webhook::{Notice, Secret},
    wire::{
        MESSAGE_LIMIT_BYTES, WEBHOOK_ID_HEADER, WEBHOOK_SIGNATURE_HEADER, WEBHOOK_TIMESTAMP_HEADER, WEBHOOK_TOLERANCE,
    },
};

use self::memory::{Memory, Seen};
use crate::{Batch, Cost};

/// Path on the consumer's address to which the producer delivers.
pub(super) const TARGET: &str = "/webhook";
/// Time within which the body of a request must arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The messages that one consumer has received.
pub(super) struct Inbox {
    secret: Secret,
    received: Mutex<Received>,
}

#[derive(Default)]
struct Received {
    /// The events and costs since the last batch.
    batch: Batch,
    memory: Memory,
}

impl Inbox {
    /// Creates an inbox that accepts messages signed with this secret.
    pub(super) fn new(secret: Secret) -> Self {
        Self { secret, received: Mutex::default() }
    }

    /// Returns everything since the last batch, or `None` if no event has arrived since.
    pub(super) fn take_batch(&self) -> Option<Batch> {
        let batch = &mut self.received().batch;
        if batch.events.is_empty() { None } else { Some(std::mem::take(batch)) }
    }

    /// Adds to the cost of the next batch.
    pub(super) fn add_cost(&self, cost: Cost) {
        self.received().batch.cost += cost;
    }

    /// Reads a request, keeps its message, and returns the response.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let (head, body) = request.into_parts();
        let body = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MESSAGE_LIMIT_BYTES).collect());
        let status = match (head.uri.path(), &head.method) {
            (TARGET, &Method::POST) => match body.await {
                Ok(Ok(body)) => self.accept(&head.headers, &body.to_bytes(), unix_seconds()),
                Ok(Err(_)) => StatusCode::BAD_REQUEST,
                Err(_) => StatusCode::REQUEST_TIMEOUT,
            },
            (TARGET, _) => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::NOT_FOUND,
        };
        self.add_cost(Cost { requests: 1, errors: u64::from(!status.is_success()), ..Cost::default() });
        let mut answer = Response::new(Empty::new());
        *answer.status_mut() = status;
        if status == StatusCode::METHOD_NOT_ALLOWED {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        answer
    }

    /// Keeps a message if it is authentic, recent and new. Returns the status to answer with.
    fn accept(&self, headers: &HeaderMap, body: &[u8], now_seconds: u64) -> StatusCode {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let timestamp = text(WEBHOOK_TIMESTAMP_HEADER).and_then(|text| text.parse::<u64>().ok());
        let (Some(id), Some(timestamp), Some(signatures)) =
            (text(WEBHOOK_ID_HEADER), timestamp, text(WEBHOOK_SIGNATURE_HEADER))
        else {
            return StatusCode::BAD_REQUEST;
        };
        let is_recent = now_seconds.abs_diff(timestamp) <= WEBHOOK_TOLERANCE.as_secs();
        if !is_recent || !self.secret.verify(id, timestamp, body, signatures) {
            return StatusCode::UNAUTHORIZED;
        }
        let Ok(notice) = Notice::from_json(body) else { return StatusCode::BAD_REQUEST };
        let mut received = self.received();
        match received.memory.record(id, timestamp, now_seconds) {
            Seen::New => {}
            Seen::Duplicate => return StatusCode::NO_CONTENT,
            Seen::Unknown => return StatusCode::UNAUTHORIZED,
        }
        match notice {
            Notice::Quote(quote) => {
                received.batch.cost.with_events += 1;
                received.batch.events.push(quote);
            }
            Notice::Reset(_) => received.batch.cost.resets += 1,
        }
        StatusCode::NO_CONTENT
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().expect("no holder panics")
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a message needs the wall clock; this is not a measurement")]
fn unix_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use proto::Quote;

    use super::*;

    const NOW_SECONDS: u64 = 1_700_000_000;

    fn inbox() -> Inbox {
        Inbox::new(Secret::parse(&Secret::text(&[7; 24])).expect("a secret"))
    }

    fn headers(inbox: &Inbox, id: &str, timestamp_seconds: u64, body: &[u8]) -> HeaderMap {
        let signature = inbox.secret.sign(id, timestamp_seconds, body);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (WEBHOOK_ID_HEADER, id.to_owned()),
            (WEBHOOK_TIMESTAMP_HEADER, timestamp_seconds.to_string()),
            (WEBHOOK_SIGNATURE_HEADER, signature),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        headers
    }

    fn body(sequence: u64) -> Bytes {
        Notice::Quote(Quote { sequence, ..Quote::default() }).to_json()
    }

    #[test]
    fn keeps_a_repeated_message_once() {
        let inbox = inbox();
        let headers = headers(&inbox, "msg_1", NOW_SECONDS, &body(1));
        assert_eq!(inbox.accept(&headers, &body(1), NOW_SECONDS), StatusCode::NO_CONTENT);
        assert_eq!(inbox.accept(&headers, &body(1), NOW_SECONDS), StatusCode::NO_CONTENT);
        assert_eq!(inbox.take_batch().expect("an event").events.len(), 1);
        assert!(inbox.take_batch().is_none());
    }

    #[test]
    fn refuses_a_forged_or_old_message() {
        let inbox = inbox();
        let genuine = headers(&inbox, "msg_1", NOW_SECONDS, &body(1));
        assert_eq!(inbox.accept(&genuine, &body(2), NOW_SECONDS), StatusCode::UNAUTHORIZED);
        let tolerance = WEBHOOK_TOLERANCE.as_secs();
        assert_eq!(inbox.accept(&genuine, &body(1), NOW_SECONDS + tolerance + 1), StatusCode::UNAUTHORIZED);
        assert_eq!(inbox.accept(&genuine, &body(1), NOW_SECONDS - tolerance - 1), StatusCode::UNAUTHORIZED);
        assert_eq!(inbox.accept(&HeaderMap::new(), &body(1), NOW_SECONDS), StatusCode::BAD_REQUEST);
        assert!(inbox.take_batch().is_none());
    }

    #[test]
    fn counts_a_reset_with_the_next_event() {
        let inbox = inbox();
        let reset = Notice::Reset(9.into()).to_json();
        assert_eq!(
            inbox.accept(&headers(&inbox, "msg_9", NOW_SECONDS, &reset), &reset, NOW_SECONDS),
            StatusCode::NO_CONTENT
        );
        assert!(inbox.take_batch().is_none());
        inbox.accept(&headers(&inbox, "msg_10", NOW_SECONDS, &body(10)), &body(10), NOW_SECONDS);
        assert_eq!(inbox.take_batch().expect("an event").cost.resets, 1);
    }
}
