//! WebSocket on `/stream`: the client's first message subscribes, the server's first, `{"cursor":"…"}`, names the cursor
//! that the quotes begin after, and orders are answered on the same connection. How a conversation ends is in `close`.

mod close;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use prost::Message as _;
use proto::{
    ClientMessage, CodecError, ServerMessage, SubscribeRequest,
    client_message::Content as FromClient,
    server_message::Content as ToClient,
    wire::{MESSAGE_LIMIT_BYTES, STREAM_PATH},
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Error, Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::WebSocketConfig,
        protocol::frame::{Frame, coding::Data, coding::OpCode},
    },
};
use tokio_util::task::TaskTracker;

use self::close::{End, policy, silent, unless_over};
use crate::{Connection, Context, Hub, Page, ServeError, heartbeat::Heartbeats, trade::Desk};

/// A client must finish the handshake, and then subscribe, within this time.
const START_LIMIT: Duration = Duration::from_secs(10);
/// A client is given up that answers no ping or takes nothing for this long, or for one heartbeat where that is longer.
const SILENCE_LIMIT: Duration = Duration::from_secs(3);
/// Messages are gathered up to this size before they are written: one page, as a rule.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;

type Socket<'a> = WebSocketStream<&'a mut Connection>;

/// What all connections share.
struct Server {
    hub: Arc<Hub>,
    desk: Desk,
    heartbeats: Heartbeats,
    heartbeat: Duration,
    config: WebSocketConfig,
    /// Messages are protobuf, not JSON.
    binary: bool,
}

/// Serves until shutdown.
///
/// # Errors
/// A setting is missing or unreadable; a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let read_buffer_bytes = if context.params.text("read-buffer")? == "128KiB" { 128 } else { 2 } * 1024;
    let config = WebSocketConfig::default()
        .read_buffer_size(read_buffer_bytes)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES + 2 * MESSAGE_LIMIT_BYTES)
        .max_message_size(Some(MESSAGE_LIMIT_BYTES))
        .max_frame_size(Some(MESSAGE_LIMIT_BYTES));
    let heartbeat = context.params.duration("heartbeat")?;
    let server = Arc::new(Server {
        desk: Desk::new(Arc::clone(&context.hub)),
        hub: context.hub,
        heartbeats: Heartbeats::new(heartbeat),
        heartbeat,
        config,
        binary: context.params.text("encoding")? == "binary",
    });
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                connections.spawn(serve_connection(connection, Arc::clone(&server)));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    crate::drain(connections, &context.transport).await;
    Ok(())
}

async fn serve_connection(mut connection: Connection, server: Arc<Server>) {
    let handshake = accept_hdr_async_with_config(&mut connection, only_the_stream, Some(server.config));
    let opened = timeout(START_LIMIT, handshake).await;
    match opened {
        Ok(Ok(mut socket)) => {
            let Err(end) = converse(&mut socket, &server).await;
            close::close(socket, end).await;
        }
        Ok(Err(Error::Protocol(error))) => close::refuse(&mut connection, &error).await,
        // The connection failed, took too long, or was refused by path.
        _ => {}
    }
}

#[expect(clippy::result_large_err, reason = "the library fixes the type")]
fn only_the_stream(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    if request.uri().path() == STREAM_PATH {
        return Ok(response);
    }
    let reason = format!("the event stream is at {STREAM_PATH}");
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = StatusCode::NOT_FOUND;
    refusal.headers_mut().insert("content-length", reason.len().into());
    *refusal.body_mut() = Some(reason);
    Err(refusal)
}

async fn converse(socket: &mut Socket<'_>, server: &Server) -> Result<Infallible, End> {
    let in_time = timeout(START_LIMIT, read_subscription(socket)).await;
    let request = in_time.map_err(|_| policy("no subscription came in time"))??;
    let symbols = server.hub.resolve(request.symbols.iter().map(String::as_str))?;
    let mut subscription = server.hub.subscribe(symbols, request.cursor()?);
    socket.send(server.frame(server.encode(ToClient::Cursor(subscription.cursor().to_string())))).await?;
    let mut beat = server.heartbeats.join();
    let mut unanswered_pings = 0;
    let patience = server.heartbeat.max(SILENCE_LIMIT);
    loop {
        tokio::select! {
            // A pong that is there already is read before the beat that would miss it.
            biased;
            message = socket.next() => match message.ok_or(End::Gone)?? {
                Message::Pong(_) => unanswered_pings = 0,
                message => match decode(&message)? {
                    Some(FromClient::Order(order)) => {
                        let confirmation = server.encode(ToClient::Confirmation(server.desk.execute(&order)));
                        unless_over(socket.send(server.frame(confirmation)), &mut subscription, patience).await?;
                    }
                    Some(FromClient::Subscribe(_)) => return Err(policy("this connection has subscribed already")),
                    None => {}
                },
            },
            page = subscription.next() => {
                unless_over(send_page(socket, &page?, server), &mut subscription, patience).await?;
            }
            () = beat.next() => {
                if unanswered_pings > 0 && server.heartbeat * unanswered_pings >= SILENCE_LIMIT {
                    return Err(silent("pings are not answered"));
                }
                unanswered_pings += 1;
                unless_over(socket.send(Message::Ping(Bytes::new())), &mut subscription, patience).await?;
            }
        }
    }
}

async fn read_subscription(socket: &mut Socket<'_>) -> Result<SubscribeRequest, End> {
    loop {
        let message = socket.next().await.ok_or(End::Gone)??;
        match decode(&message)? {
            Some(FromClient::Subscribe(request)) => return Ok(request),
            Some(FromClient::Order(_)) => return Err(policy("the first message must subscribe")),
            None => {}
        }
    }
}

/// What the client says; nothing where the message is the protocol's own.
fn decode(message: &Message) -> Result<Option<FromClient>, End> {
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

/// Writes all messages of a page at once.
async fn send_page(socket: &mut Socket<'_>, page: &Page, server: &Server) -> Result<(), Error> {
    for entry in &page.entries {
        let payload = entry.frame(|quote| server.encode(ToClient::Quote(quote.clone())));
        socket.feed(server.frame(payload)).await?;
    }
    socket.flush().await
}

impl Server {
    fn encode(&self, content: ToClient) -> Bytes {
        if self.binary {
            return ServerMessage { content: Some(content) }.encode_to_vec().into();
        }
        serde_json::to_vec(&content).expect("a message has only string keys and finite numbers").into()
    }

    /// A frame of shared bytes: a text message would have them checked again for each subscriber.
    fn frame(&self, payload: Bytes) -> Message {
        let data = if self.binary { Data::Binary } else { Data::Text };
        Message::Frame(Frame::message(payload, OpCode::Data(data), true))
    }
}
