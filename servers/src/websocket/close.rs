//! How a WebSocket conversation ends, or never begins: every end that the server decides on has a close code and a
//! reason. The reason for a cursor that is too old holds the cursor to start again from.

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

use super::{PROTOCOL, Socket};
use crate::{Ended, Subscription, SymbolError};

/// How long the other side may take to answer a close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// The protocol's own limit for the reason of a close frame.
const REASON_LIMIT_BYTES: usize = 123;

/// Why a conversation ends.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// The client has closed, or the connection is lost.
    Gone,
    /// The server closes.
    Close(CloseCode, String),
}

/// Says why, and gives the other side time to answer.
pub(super) async fn close(mut socket: Socket, end: End) {
    let goodbye = async {
        if let End::Close(code, mut reason) = end {
            while reason.len() > REASON_LIMIT_BYTES {
                reason.pop();
            }
            socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        }
        // The library answers a close frame of the client's, and says that the conversation is over.
        while let Some(Ok(_)) = socket.next().await {}
        // A connection that is closed with bytes unread is reset, and a reset can overtake the close frame.
        socket.get_mut().throw_away_the_rest().await?;
        Ok::<_, Error>(())
    };
    // A connection that is lost meanwhile is closed as well.
    let _ = timeout(CLOSE_LIMIT, goodbye).await;
}

/// Waits for a write as long as the conversation goes on: that nothing can be written keeps no client from falling too
/// far behind, nor the server from shutting down. What a write leaves when it is dropped are whole frames.
pub(super) async fn unless_over(
    write: impl Future<Output = Result<(), Error>>,
    subscription: &mut Subscription,
    patience: Duration,
) -> Result<(), End> {
    tokio::select! {
        // As a rule a write is done at once, and no timer is started.
        biased;
        written = write => Ok(written?),
        ended = subscription.ended() => Err(ended.into()),
        () = sleep(patience) => Err(silent("nothing is taken")),
    }
}

/// The answer to a request that is not a handshake, or not one of the version that is spoken here.
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

/// The client does what it may not, and would do it again.
pub(super) fn policy(reason: impl Into<String>) -> End {
    End::Close(CloseCode::Policy, reason.into())
}

/// The client gives no sign of life.
pub(super) fn silent(reason: &str) -> End {
    End::Close(CloseCode::Error, reason.to_owned())
}

impl From<Ended> for End {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::TooOld(gone) => policy(format!("{RESET_REASON}{}", gone.head)),
            Ended::Overflow { .. } => Self::Close(CloseCode::Again, ended.to_string()),
            Ended::Closed => Self::Close(CloseCode::Away, ended.to_string()),
        }
    }
}

impl From<SymbolError> for End {
    fn from(error: SymbolError) -> Self {
        policy(error.to_string())
    }
}

impl From<InvalidCursor> for End {
    fn from(invalid: InvalidCursor) -> Self {
        policy(invalid.to_string())
    }
}

impl From<CodecError> for End {
    fn from(error: CodecError) -> Self {
        policy(error.to_string())
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Self::Gone,
            Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                return policy("a message was not complete in time");
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
    fn every_end_has_its_code() {
        assert_eq!(code(&Ended::Closed.into()), 1001);
        assert_eq!(code(&Error::Protocol(ProtocolError::UnmaskedFrameFromClient).into()), 1002);
        assert_eq!(code(&Error::Utf8(String::new()).into()), 1007);
        assert_eq!(code(&SymbolError::Unknown("DOGE".into()).into()), 1008);
        assert_eq!(code(&Ended::Overflow { cursor: 7.into() }.into()), 1013);
        assert_eq!(code(&Error::ConnectionClosed.into()), 0);
    }

    #[test]
    fn a_cursor_that_is_too_old_gets_the_one_to_start_from() {
        let end = End::from(Ended::TooOld(TooOld { after: 3.into(), head: 99.into() }));
        assert_eq!(end, End::Close(CloseCode::Policy, format!("{RESET_REASON}99")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_is_blocked_keeps_no_conversation_from_its_end() {
        let hub = Hub::new(&["BTC".into()], Limits { queue_events: 2, ..Limits::default() });
        let mut subscription = hub.subscribe(vec![0], Some(0.into()));
        let patience = Duration::from_secs(25);
        let written = unless_over(future::ready(Ok(())), &mut subscription, patience).await;
        assert_eq!(written, Ok(()));
        let silent = unless_over(future::pending(), &mut subscription, patience).await.unwrap_err();
        assert_eq!(code(&silent), 1011);
        for sequence in 1..=3 {
            hub.publish(Quote { symbol: "BTC".into(), sequence, ..Quote::default() });
        }
        let behind = unless_over(future::pending(), &mut subscription, patience).await.unwrap_err();
        assert_eq!(code(&behind), 1013);
        hub.close();
        let closed = unless_over(future::pending(), &mut subscription, patience).await.unwrap_err();
        assert_eq!(code(&closed), 1001);
    }
}
