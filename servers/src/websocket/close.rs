//! Ends WebSocket sessions and refuses handshakes. Whenever the server closes a session, it sends a close code and a
//! reason. For a cursor that is too old, the reason contains the cursor to start again from.

use std::{io, time::Duration};

use axum::{
    http::{
        StatusCode,
        header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE},
    },
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use proto::{CodecError, InvalidCursor, wire::RESET_REASON};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{bounded::Socket, handshake::PROTOCOL};
use crate::{Ended, Subscription, SymbolError};

/// How long the client may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The protocol's limit on the reason in a close frame.
const REASON_LIMIT_BYTES: usize = 123;

/// Why a session ends.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// The client has closed the session, or the connection is lost.
    Gone,
    /// The server closes the session with this code and reason.
    Close(CloseCode, String),
}

/// Sends the close frame, if the server closes the session, and gives the client time to answer.
pub(super) async fn close(mut socket: Socket, end: End) {
    let goodbye = async {
        if let End::Close(code, mut reason) = end {
            while reason.len() > REASON_LIMIT_BYTES {
                reason.pop();
            }
            socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        }
        // The library answers a close frame from the client, and then ends the stream.
        while let Some(Ok(_)) = socket.next().await {}
        // Closing a connection with unread bytes resets it, and a reset can overtake the close frame.
        socket.get_mut().discard_until_closed().await?;
        Ok::<_, Error>(())
    };
    // A connection that is lost in the meantime is closed, too.
    let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}

/// Waits for a write until the session ends: a blocked write must not delay the end of a client that is too far behind,
/// or a shutdown. A write that is dropped leaves only whole frames in the buffer.
pub(super) async fn unless_ended(
    write: impl Future<Output = Result<(), Error>>,
    subscription: &mut Subscription,
    write_timeout: Duration,
) -> Result<(), End> {
    tokio::select! {
        // Usually a write completes at once, and no timer is started.
        biased;
        written = write => Ok(written?),
        ended = subscription.ended() => Err(ended.into()),
        () = sleep(write_timeout) => Err(unresponsive("the client does not read")),
    }
}

/// Returns the response to a request that is not a handshake, or has an unsupported version.
pub(super) fn refuse(error: &Error) -> Response {
    let status = match error {
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    };
    let offer = [(CONNECTION, "upgrade"), (UPGRADE, PROTOCOL), (SEC_WEBSOCKET_VERSION, "13")];
    (status, offer, format!("not a WebSocket handshake: {error}\n")).into_response()
}

/// Closes with the code for policy violations. The same request would fail again.
pub(super) fn violation(reason: impl Into<String>) -> End {
    End::Close(CloseCode::Policy, reason.into())
}

/// Closes the session of a client that does not respond.
pub(super) fn unresponsive(reason: &str) -> End {
    End::Close(CloseCode::Error, reason.to_owned())
}

impl From<Ended> for End {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::TooOld(gone) => violation(format!("{RESET_REASON}{}", gone.head)),
            Ended::Overflow { .. } => Self::Close(CloseCode::Again, ended.to_string()),
            Ended::Closed => Self::Close(CloseCode::Away, ended.to_string()),
        }
    }
}

impl From<SymbolError> for End {
    fn from(error: SymbolError) -> Self {
        violation(error.to_string())
    }
}

impl From<InvalidCursor> for End {
    fn from(invalid: InvalidCursor) -> Self {
        violation(invalid.to_string())
    }
}

impl From<CodecError> for End {
    fn from(error: CodecError) -> Self {
        violation(error.to_string())
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Self::Gone,
            Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                return violation("a message was not complete in time");
            }
            Error::Io(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
                return Self::Close(CloseCode::Again, "the server has too many unfinished messages".to_owned());
            }
            Error::Protocol(_) => CloseCode::Protocol,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Capacity(_) => CloseCode::Size,
            _ => return Self::Gone,
        };
        Self::Close(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use proto::Quote;

    use super::*;
    use crate::{Hub, Limits, TooOld};

    fn code(end: &End) -> u16 {
        match end {
            End::Close(code, _) => (*code).into(),
            End::Gone => 0,
        }
    }

    #[test]
    fn each_end_has_its_close_code() {
        assert_eq!(code(&Ended::Closed.into()), 1001);
        assert_eq!(code(&Error::Protocol(ProtocolError::UnmaskedFrameFromClient).into()), 1002);
        assert_eq!(code(&Error::Utf8(String::new()).into()), 1007);
        assert_eq!(code(&SymbolError::Unknown("DOGE".into()).into()), 1008);
        assert_eq!(code(&Ended::Overflow { cursor: 7.into() }.into()), 1013);
        assert_eq!(code(&Error::ConnectionClosed.into()), 0);
    }

    #[test]
    fn the_reason_for_a_cursor_that_is_too_old_contains_the_new_one() {
        let end = End::from(Ended::TooOld(TooOld { after: 3.into(), head: 99.into() }));
        assert_eq!(end, End::Close(CloseCode::Policy, format!("{RESET_REASON}99")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_blocked_write_does_not_delay_the_end_of_a_session() {
        let hub = Hub::new(&["BTC".into()], Limits { queue_events: 2, ..Limits::default() });
        let mut subscription = hub.subscribe(vec![0], Some(0.into()));
        let write_timeout = Duration::from_secs(25);
        let written = unless_ended(future::ready(Ok(())), &mut subscription, write_timeout).await;
        assert_eq!(written, Ok(()));
        let unresponsive = unless_ended(future::pending(), &mut subscription, write_timeout).await.unwrap_err();
        assert_eq!(code(&unresponsive), 1011);
        for sequence in 1..=3 {
            hub.publish(Quote { symbol: "BTC".into(), sequence, ..Quote::default() });
        }
        let behind = unless_ended(future::pending(), &mut subscription, write_timeout).await.unwrap_err();
        assert_eq!(code(&behind), 1013);
        hub.close();
        let closed = unless_ended(future::pending(), &mut subscription, write_timeout).await.unwrap_err();
        assert_eq!(code(&closed), 1001);
    }
}
