//! One call of a gRPC client, whatever carries it: reading the messages that are there, and what its end means.

use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use proto::{Cursor, SubscribeRequest, wire::CURSOR_HEADER};
use tonic::{Code, Status, metadata::MetadataMap};

use crate::ClientError;

/// Messages that one batch takes at most.
const BATCH_MESSAGES: usize = 256;

/// gRPC: milliseconds that a server asks a client to wait before it calls again; a negative number asks it not to.
pub(crate) const PUSHBACK_HEADER: &str = "grpc-retry-pushback-ms";

/// What has ended with a call that may be made again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The call alone. The server may have asked for a time to wait before the next.
    Call(Option<Duration>),
    /// The connection with it.
    Connection(Option<Duration>),
    /// The client's place in the log; this is where to start again.
    Reset(Cursor),
}

/// What a status means for a call that can be made again.
///
/// # Errors
/// The server would refuse the call again.
pub(crate) fn ending(status: &Status) -> Result<Ending, ClientError> {
    let pushback = status.metadata().get(PUSHBACK_HEADER).map(|text| text.to_str().ok().and_then(|ms| ms.parse().ok()));
    let refused = || Err(ClientError::Refused(format!("{:?}: {}", status.code(), status.message())));
    let pause = match pushback {
        // gRPC: an unreadable value forbids another call, as a negative one does.
        Some(None) => return refused(),
        Some(Some(milliseconds)) => Some(Duration::from_millis(milliseconds)),
        None => None,
    };
    match (status.code(), cursor(status.metadata())) {
        (Code::OutOfRange, Some(cursor)) => Ok(Ending::Reset(cursor)),
        (Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted, _) => Ok(Ending::Call(pause)),
        // UNAVAILABLE is what a server that shuts down says; the others are what tonic makes of a broken connection.
        (Code::Unavailable | Code::Cancelled | Code::Internal | Code::Unknown, _) => Ok(Ending::Connection(pause)),
        _ => refused(),
    }
}

/// Reads the cursor from the metadata of an answer or of a status.
fn cursor(metadata: &MetadataMap) -> Option<Cursor> {
    metadata.get(CURSOR_HEADER)?.to_str().ok()?.parse().ok()
}

/// Takes over the cursor that an answer begins after, so that the next call resumes from there whatever ends this one.
pub(crate) fn begin(request: &mut SubscribeRequest, metadata: &MetadataMap) {
    if let Some(cursor) = cursor(metadata) {
        request.start_after(cursor);
    }
}

/// The error of a first call, which nobody has made again yet.
pub(crate) fn refusal(status: &Status) -> ClientError {
    ending(status).err().unwrap_or_else(|| ClientError::Connection(status.to_string()))
}

/// The messages of a call, and the status that ended it, kept until all messages before it are taken.
pub(crate) struct Inbox<S> {
    messages: S,
    ended: Option<Status>,
}

impl<T, S: Stream<Item = Result<T, Status>> + Unpin> Inbox<S> {
    pub(crate) fn new(messages: S) -> Self {
        Self { messages, ended: None }
    }

    /// Waits for a message, and takes with it all others that have arrived. Safe to drop while it waits.
    ///
    /// # Errors
    /// The status that ended the call, UNAVAILABLE where it ended without an error.
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

    fn pushed_back(code: Code, pushback: &'static str) -> Result<Ending, ClientError> {
        let mut status = Status::new(code, "later");
        status.metadata_mut().insert(PUSHBACK_HEADER, pushback.parse().unwrap());
        ending(&status)
    }

    #[test]
    fn a_server_may_push_a_call_back_or_ask_for_no_other() {
        let pause = Some(Duration::from_millis(1_500));
        assert_eq!(pushed_back(Code::Unavailable, "1500").unwrap(), Ending::Connection(pause));
        assert_eq!(pushed_back(Code::ResourceExhausted, "1500").unwrap(), Ending::Call(pause));
        for never in ["-1", "", "soon", "99999999999999999999999"] {
            let refused = pushed_back(Code::Unavailable, never).unwrap_err();
            assert_eq!(refused.to_string(), "the server refused: Unavailable: later", "{never}");
        }
        assert_eq!(ending(&Status::unavailable("later")).unwrap(), Ending::Connection(None));
        assert!(matches!(ending(&Status::permission_denied("no")), Err(ClientError::Refused(_))));
    }
}
