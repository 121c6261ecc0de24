//! Paths, query fields, headers and limits that both ends must agree on.

use std::time::Duration;

/// `GET`: events after a cursor, for short and long polling.
pub const EVENTS_PATH: &str = "/events";
/// `GET`: the latest quote of one symbol, followed by the symbol.
pub const QUOTES_PATH: &str = "/quotes";
/// `GET`: the event stream, for SSE and the WebSocket handshake.
pub const STREAM_PATH: &str = "/stream";
/// `POST`: registers a webhook endpoint; `DELETE` with the subscription's id removes it.
pub const SUBSCRIPTIONS_PATH: &str = "/subscriptions";
/// `GET`: ids of the webhooks that were given up.
pub const DEAD_LETTERS_PATH: &str = "/dead-letters";

/// Query field: the cursor after which events are wanted; without it, from now on.
pub const AFTER_FIELD: &str = "after";
/// Query field: how many events a page may have at most, from 1; beyond the server's own bound it makes no difference.
pub const LIMIT_FIELD: &str = "limit";
/// Query field: how long a long poll may be held, such as `30s`.
pub const HOLD_FIELD: &str = "hold";
/// Query field: symbols, separated by commas.
pub const SYMBOLS_FIELD: &str = "symbols";

/// SSE: resume after this event.
pub const LAST_EVENT_ID_HEADER: &str = "last-event-id";
/// SSE: name of the event that opens a stream; its id is the cursor that the stream begins after.
pub const CURSOR_EVENT: &str = "cursor";
/// SSE: the comment that keeps a connection alive.
pub const HEARTBEAT_COMMENT: &[u8] = b":\n\n";
/// SSE: name of the event that tells the client its cursor is too old; its id is the one that the stream goes on after.
pub const RESET_EVENT: &str = "reset";
/// WebSocket: how the reason of a close frame starts that tells the client its cursor is too old, or of another log; the
/// cursor to start again from follows.
pub const RESET_REASON: &str = "cursor too old, start again from ";
/// HTTP: the cursor that belongs to an answer without a body. gRPC: in the answer's metadata the cursor that the stream
/// begins after, and in the status the one to go on from.
pub const CURSOR_HEADER: &str = "x-cursor";

/// Standard Webhooks: the message's id, the same across retries.
pub const WEBHOOK_ID_HEADER: &str = "webhook-id";
/// Standard Webhooks: seconds since the Unix epoch.
pub const WEBHOOK_TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Standard Webhooks: space-separated `v1,` signatures, one for each secret in rotation.
pub const WEBHOOK_SIGNATURE_HEADER: &str = "webhook-signature";
/// Standard Webhooks: how far a timestamp may lie from the consumer's clock.
pub const WEBHOOK_TOLERANCE: Duration = Duration::from_secs(300);

/// Largest message that either end accepts, in bytes.
pub const MESSAGE_LIMIT_BYTES: usize = 1024 * 1024;
