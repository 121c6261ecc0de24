//! Decodes the client's messages: first a subscription, then orders.

use futures_util::StreamExt;
use prost::Message as _;
use proto::{ClientMessage, CodecError, SubscribeRequest, client_message::Content as FromClient};
use tokio_tungstenite::tungstenite::Message;

use super::{
    bounded::Socket,
    close::{End, violation},
};

/// Waits for the first message, which must be a subscription.
pub(super) async fn read_subscription(socket: &mut Socket) -> Result<SubscribeRequest, End> {
    loop {
        let message = socket.next().await.ok_or(End::Gone)??;
        match decode(&message)? {
            Some(FromClient::Subscribe(request)) => return Ok(request),
            Some(FromClient::Order(_)) => return Err(violation("the first message must subscribe")),
            None => {}
        }
    }
}

/// Decodes a message. Returns `None` for a ping, a pong or another message of the protocol itself.
pub(super) fn decode(message: &Message) -> Result<Option<FromClient>, End> {
    let content = match message {
        Message::Text(text) => serde_json::from_str(text).map_err(CodecError::from)?,
        Message::Binary(bytes) => {
            let message = ClientMessage::decode(bytes.as_ref()).map_err(CodecError::from)?;
            message.content.ok_or_else(|| violation("the message is empty"))?
        }
        // The library has already answered it.
        Message::Close(_) => return Err(End::Gone),
        _ => return Ok(None),
    };
    Ok(Some(content))
}
