//! Paths, query fields, headers and limits that servers and clients must agree on.

use std::time::Duration;

/// `GET`: the events after a cursor, for short and long polling.
pub const EVENTS_PATH: &str = "/events";
/// `GET`: the latest quote of one symbol. The symbol follows as the next path segment.
pub const QUOTES_PATH: &str = "/quotes";
/// `GET`: the event stream, for SSE and the WebSocket handshake.
pub const STREAM_PATH: &str = "/stream";
/// `POST`: registers a webhook endpoint; `DELETE` with the subscription's id removes it.
pub const SUBSCRIPTIONS_PATH: &str = "/subscriptions";
/// `GET`: the ids of the webhooks that the producer gave up on.
pub const DEAD_LETTERS_PATH: &str = "/dead-letters";

/// Query field: the cursor to start after. Without it, the client gets only new events.
pub const AFTER_FIELD: &str = "after";
/// Query field: the maximum number of events per page, from 1. The server's own limit applies too.
pub const LIMIT_FIELD: &str = "limit";
/// Query field: how long the server may hold a long poll, such as `30s`.
pub const HOLD_FIELD: &str = "hold";
/// Query field: symbols, separated by commas.
pub const SYMBOLS_FIELD: &str = "symbols";

/// SSE: the id of the event to resume after.
pub const LAST_EVENT_ID_HEADER: &str = "last-event-id";
/// SSE: the name of the first event of a stream. Its id is the cursor that the stream starts after.
pub const CURSOR_EVENT: &str = "cursor";
/// SSE: the comment that keeps an idle connection alive.
pub const HEARTBEAT_COMMENT: &[u8] = b":\n\n";
/// SSE: the name of the event that tells a client that its cursor is too old. Its id is the cursor that the stream
/// continues after.
pub const RESET_EVENT: &str = "reset";
/// WebSocket: prefix of the close reason that tells a client that its cursor is too old or of another log. The cursor
/// to restart from follows.
pub const RESET_REASON: &str = "cursor too old, start again from ";
/// HTTP: the cursor of a response without a body. gRPC: in the response metadata, the cursor that the stream starts
/// after; in the status, the cursor to restart from.
pub const CURSOR_HEADER: &str = "x-cursor";

/// Standard Webhooks: the id of the message, which stays the same across retries.
pub const WEBHOOK_ID_HEADER: &str = "webhook-id";
/// Standard Webhooks: the time of the attempt, in seconds since the Unix epoch.
pub const WEBHOOK_TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Standard Webhooks: `v1,` signatures separated by spaces, one per secret in rotation.
pub const WEBHOOK_SIGNATURE_HEADER: &str = "webhook-signature";
/// Standard Webhooks: how far a timestamp may differ from the consumer's clock.
pub const WEBHOOK_TOLERANCE: Duration = Duration::from_secs(300);

/// Largest message that either end accepts, in bytes: twice the largest payload of an event, which leaves room for the
/// other fields.
pub const MESSAGE_LIMIT_BYTES: usize = 2 * 1024 * 1024;
