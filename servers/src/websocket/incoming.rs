//! What the client of a WebSocket says: it subscribes, then orders.

use futures_util::StreamExt;
use prost::Message as _;
use proto::{ClientMessage, CodecError, SubscribeRequest, client_message::Content as FromClient};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Socket,
    close::{End, policy},
};

/// Waits for the first message, which must subscribe.
pub(super) async fn read_subscription(socket: &mut Socket) -> Result<SubscribeRequest, End> {
    loop {
        let message = socket.next().await.ok_or(End::Gone)??;
        match decode(&message)? {
            Some(FromClient::Subscribe(request)) => return Ok(request),
            Some(FromClient::Order(_)) => return Err(policy("the first message must subscribe")),
            None => {}
        }
    }
}

/// What the client says. Returns `None` if the message is the protocol's own.
pub(super) fn decode(message: &Message) -> Result<Option<FromClient>, End> {
    let content = match message {
        Message::Text(text) => serde_json::from_str(text).map_err(CodecError::from)?,
        Message::Binary(bytes) => {
            let message = ClientMessage::decode(bytes.as_ref()).map_err(CodecError::from)?;
            message.content.ok_or_else(|| policy("the message is empty"))?
        }
        // The library has answered already.
        Message::Close(_) => return Err(End::Gone),
        _ => return Ok(None),
    };
    Ok(Some(content))
}
