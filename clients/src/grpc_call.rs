//! One streaming call of a gRPC or gRPC-Web client: reads the available messages, and decides from the final status how
//! to recover.

use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use proto::{Cursor, SubscribeRequest, wire::CURSOR_HEADER};
use tonic::{Code, Status, metadata::MetadataMap};

use crate::ClientError;

/// Most messages in one batch.
const BATCH_MESSAGES: usize = 256;

/// gRPC trailer: how many milliseconds the server asks the client to wait before it calls again. A negative number asks
/// the client not to call again.
pub(crate) const PUSHBACK_HEADER: &str = "grpc-retry-pushback-ms";

/// How a client recovers from the end of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// Call again on the same connection, after the pause that the server asked for, if any.
    Retry(Option<Duration>),
    /// Reconnect before the next call, after the pause that the server asked for, if any.
    Reconnect(Option<Duration>),
    /// Restart from this cursor, because the client's own is too old or of another log.
    Reset(Cursor),
}

/// Returns how to recover from a call that ended with this status.
///
/// # Errors
/// The server would refuse the call again.
pub(crate) fn recovery(status: &Status) -> Result<Recovery, ClientError> {
    let pushback = status.metadata().get(PUSHBACK_HEADER).map(|text| text.to_str().ok().and_then(|ms| ms.parse().ok()));
    let refused = || Err(ClientError::Refused(format!("{:?}: {}", status.code(), status.message())));
    let pause = match pushback {
        // gRPC: an invalid value forbids another call, as a negative one does.
        Some(None) => return refused(),
        Some(Some(milliseconds)) => Some(Duration::from_millis(milliseconds)),
        None => None,
    };
    match (status.code(), cursor(status.metadata())) {
        (Code::OutOfRange, Some(cursor)) => Ok(Recovery::Reset(cursor)),
        (Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted, _) => Ok(Recovery::Retry(pause)),
        // A server that shuts down sends UNAVAILABLE. tonic reports a broken connection with the other codes.
        (Code::Unavailable | Code::Cancelled | Code::Internal | Code::Unknown, _) => Ok(Recovery::Reconnect(pause)),
        _ => refused(),
    }
}

/// Returns the cursor in the metadata of a response or of a status.
fn cursor(metadata: &MetadataMap) -> Option<Cursor> {
    metadata.get(CURSOR_HEADER)?.to_str().ok()?.parse().ok()
}

/// Moves the request to the cursor that the response starts after, so that the next call resumes from there even if
/// this one brings no event.
pub(crate) fn adopt_cursor(request: &mut SubscribeRequest, metadata: &MetadataMap) {
    if let Some(cursor) = cursor(metadata) {
        request.start_after(cursor);
    }
}

/// Returns the error of the first call, which is not retried.
pub(crate) fn first_call_error(status: &Status) -> ClientError {
    recovery(status).err().unwrap_or_else(|| ClientError::Connection(status.to_string()))
}

/// The messages of a call. The final status is held back until all messages before it have been returned.
pub(crate) struct Messages<S> {
    messages: S,
    ended: Option<Status>,
}

impl<T, S: Stream<Item = Result<T, Status>> + Unpin> Messages<S> {
    pub(crate) fn new(messages: S) -> Self {
        Self { messages, ended: None }
    }

    /// Waits for a message, and returns it with all others that have arrived. Cancel safe.
    ///
    /// # Errors
    /// The status that ended the call, or UNAVAILABLE if the call ended without an error.
    pub(crate) async fn receive(&mut self) -> Result<Vec<T>, Status> {
        if let Some(status) = self.ended.take() {
            return Err(status);
        }
        let mut batch = vec![message(self.messages.next().await)?];
        while batch.len() < BATCH_MESSAGES {
            match self.messages.next().now_or_never().map(message) {
                Some(Ok(message)) => batch.push(message),
                Some(Err(status)) => {
                    self.ended = Some(status);
                    break;
                }
                None => break,
            }
        }
        Ok(batch)
    }
}

fn message<T>(received: Option<Result<T, Status>>) -> Result<T, Status> {
    received.unwrap_or_else(|| Err(Status::unavailable("the server ended the stream")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed_back(code: Code, pushback: &'static str) -> Result<Recovery, ClientError> {
        let mut status = Status::new(code, "later");
        status.metadata_mut().insert(PUSHBACK_HEADER, pushback.parse().unwrap());
        recovery(&status)
    }

    #[test]
    fn pushback_delays_the_next_call_or_forbids_it() {
        let pause = Some(Duration::from_millis(1_500));
        assert_eq!(pushed_back(Code::Unavailable, "1500").unwrap(), Recovery::Reconnect(pause));
        assert_eq!(pushed_back(Code::ResourceExhausted, "1500").unwrap(), Recovery::Retry(pause));
        for never in ["-1", "", "soon", "99999999999999999999999"] {
            let refused = pushed_back(Code::Unavailable, never).unwrap_err();
            assert_eq!(refused.to_string(), "the server refused: Unavailable: later", "{never}");
        }
        assert_eq!(recovery(&Status::unavailable("later")).unwrap(), Recovery::Reconnect(None));
        assert!(matches!(recovery(&Status::permission_denied("no")), Err(ClientError::Refused(_))));
    }
}
