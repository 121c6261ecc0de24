//! One call of a gRPC client, whatever carries it: reading the messages that are there, and what its end means.

use futures_util::{FutureExt, Stream, StreamExt};
use proto::wire::CURSOR_HEADER;
use tonic::{Code, Status};

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
    Reset(u64),
}

/// What a status means for a call that can be made again.
///
/// # Errors
/// The server would refuse the call again.
pub(crate) fn ending(status: &Status) -> Result<Ending, ClientError> {
    let cursor = status.metadata().get(CURSOR_HEADER).and_then(|cursor| cursor.to_str().ok()?.parse().ok());
    match (status.code(), cursor) {
        (Code::OutOfRange, Some(cursor)) => Ok(Ending::Reset(cursor)),
        (Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted, _) => Ok(Ending::Call),
        // UNAVAILABLE is what a server that shuts down says; the others are what tonic makes of a broken connection.
        (Code::Unavailable | Code::Cancelled | Code::Internal | Code::Unknown, _) => Ok(Ending::Connection),
        (code, _) => Err(ClientError::Refused(format!("{code:?}: {}", status.message()))),
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
