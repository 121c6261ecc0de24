//! One call of a gRPC client, whatever carries it: reading the messages that are there, and what its end means.

use futures_util::{FutureExt, Stream, StreamExt};
use proto::{Cursor, SubscribeRequest, wire::CURSOR_HEADER};
use tonic::{Code, Status, metadata::MetadataMap};

use crate::ClientError;

/// Messages that one batch takes at most.
const BATCH_MESSAGES: usize = 256;

/// What has ended with a call that may be made again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The call alone.
    Call,
    /// The connection with it.
    Connection,
    /// The client's place in the log; this is where to start again.
    Reset(Cursor),
}

/// What a status means for a call that can be made again.
///
/// # Errors
/// The server would refuse the call again.
pub(crate) fn ending(status: &Status) -> Result<Ending, ClientError> {
    match (status.code(), cursor(status.metadata())) {
        (Code::OutOfRange, Some(cursor)) => Ok(Ending::Reset(cursor)),
        (Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted, _) => Ok(Ending::Call),
        // UNAVAILABLE is what a server that shuts down says; the others are what tonic makes of a broken connection.
        (Code::Unavailable | Code::Cancelled | Code::Internal | Code::Unknown, _) => Ok(Ending::Connection),
        (code, _) => Err(ClientError::Refused(format!("{code:?}: {}", status.message()))),
    }
}

/// The cursor that the metadata of an answer or a status name.
fn cursor(metadata: &MetadataMap) -> Option<Cursor> {
    metadata.get(CURSOR_HEADER)?.to_str().ok()?.parse().ok()
}

/// The answer to a subscription begins after this cursor: whatever ends the call, the next one goes on from there.
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
