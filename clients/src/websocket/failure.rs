//! Decides whether to reconnect after an error of the WebSocket library.

use tokio_tungstenite::tungstenite::{Error, error::ProtocolError as Breach};

use crate::{ClientError, http::failure};

/// Converts an error of the library. The library also reports a lost connection as a protocol error.
pub(super) fn classify_error(error: Error) -> ClientError {
    match error {
        Error::Http(answer) => failure(answer.status(), answer.headers(), answer.body().as_deref().unwrap_or_default()),
        Error::Protocol(
            Breach::HandshakeIncomplete
            | Breach::ReceivedAfterClosing
            | Breach::ResetWithoutClosingHandshake
            | Breach::SendAfterClosing,
        ) => ClientError::Connection(error.to_string()),
        Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_) | Error::AttackAttempt => {
            ClientError::Protocol(error.to_string())
        }
        _ => ClientError::Connection(error.to_string()),
    }
}
