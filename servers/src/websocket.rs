//! WebSocket on `/stream`: the client's first message subscribes. The server's first message, `{"cursor":"…"}`,
//! contains the cursor that the quotes start after. Orders are confirmed on the same connection. `handshake` starts a
//! session and `close` ends it. `incoming` decodes the client's messages, and `bounded` limits messages that have
//! arrived only in part.

mod bounded;
mod close;
mod handshake;
mod incoming;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use prost::Message as _;
use proto::{
    ServerMessage,
    client_message::Content as FromClient,
    server_message::Content as ToClient,
    wire::{MESSAGE_LIMIT_BYTES, STREAM_PATH},
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::WebSocketConfig,
    protocol::frame::{Frame, coding::Data, coding::OpCode},
};
use tokio_util::task::TaskTracker;

use self::{
    bounded::Socket,
    close::{End, unless_ended, unresponsive, violation},
    incoming::{decode, read_subscription},
};
use crate::{
    Context, Hub, Page, ServeError,
    heartbeat::Heartbeats,
    http::{self, Site},
    trade::Desk,
    unfinished::Budget,
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
websocket: both ends send messages over one upgraded connection

GET /stream                             the handshake; after it, the client's first message subscribes:
                                        {\"subscribe\":{\"symbols\":[\"BTC\"],\"after\":0}}

websocat {websocket}/stream
curl -i -N -H 'connection: upgrade' -H 'upgrade: websocket' -H 'sec-websocket-version: 13' \
-H 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==' {http}/stream
";
/// How long a client may take to subscribe after the handshake.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may leave pings unanswered or a write blocked before the server closes the connection. One
/// heartbeat period if that is longer.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(3);
/// Messages are buffered up to this size before they are written, which is usually enough for one page.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;

/// The state that all connections share.
struct Server {
    hub: Arc<Hub>,
    desk: Desk,
    heartbeats: Heartbeats,
    heartbeat: Duration,
    config: WebSocketConfig,
    /// The budget for messages that have arrived only in part.
    budget: Budget,
    sessions: TaskTracker,
    /// Messages are protobuf, not JSON.
    binary: bool,
}

/// Serves until shutdown.
///
/// # Errors
/// A setting is missing or invalid. A failed connection does not affect the others.
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
        budget: Budget::default(),
        sessions: TaskTracker::new(),
        binary: context.params.text("encoding")? == "binary",
    });
    let routes = Router::new().route(STREAM_PATH, get(open)).with_state(Arc::clone(&server));
    let site = Site::new(routes, DESCRIPTION, context.transport.address());
    let sessions = async {
        context.shutdown.cancelled().await;
        crate::drain::drain(server.sessions.clone(), &context.transport).await;
    };
    let (served, ()) = tokio::join!(http::serve(context.transport.clone(), site, context.shutdown.clone()), sessions);
    served
}

/// Answers the handshake. The session starts when the response is written.
async fn open(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (response, upgrade) = match handshake::respond(request) {
        Ok(accepted) => accepted,
        Err(error) => return close::refuse(&error),
    };
    server.sessions.spawn({
        let server = Arc::clone(&server);
        async move {
            // There is no session if the connection is lost before then.
            let Some(mut socket) = handshake::finish(upgrade, &server.budget, server.config).await else { return };
            let Err(end) = run_session(&mut socket, &server).await;
            close::close(socket, end).await;
        }
    });
    response
}

async fn run_session(socket: &mut Socket, server: &Server) -> Result<Infallible, End> {
    let in_time = timeout(START_TIMEOUT, read_subscription(socket)).await;
    let request = in_time.map_err(|_| violation("the client did not subscribe in time"))??;
    let symbols = server.hub.resolve(request.symbols.iter().map(String::as_str))?;
    let mut subscription = server.hub.subscribe(symbols, request.cursor()?);
    socket.send(server.frame(server.encode(ToClient::Cursor(subscription.cursor().to_string())))).await?;
    let mut heartbeat = server.heartbeats.join();
    let mut unanswered_pings = 0;
    let write_timeout = server.heartbeat.max(SILENCE_TIMEOUT);
    loop {
        tokio::select! {
            // Reads a pong that has already arrived before the heartbeat that would count it as missing.
            biased;
            message = socket.next() => match message.ok_or(End::Gone)?? {
                Message::Pong(_) => unanswered_pings = 0,
                message => match decode(&message)? {
                    Some(FromClient::Order(order)) => {
                        let confirmation = server.encode(ToClient::Confirmation(server.desk.execute(&order)));
                        unless_ended(socket.send(server.frame(confirmation)), &mut subscription, write_timeout).await?;
                    }
                    Some(FromClient::Subscribe(_)) => return Err(violation("this connection has subscribed already")),
                    None => {}
                },
            },
            page = subscription.next() => {
                unless_ended(send_page(socket, &page?, server), &mut subscription, write_timeout).await?;
            }
            () = heartbeat.next() => {
                if unanswered_pings > 0 && server.heartbeat * unanswered_pings >= SILENCE_TIMEOUT {
                    return Err(unresponsive("the client does not answer pings"));
                }
                unanswered_pings += 1;
                unless_ended(socket.send(Message::Ping(Bytes::new())), &mut subscription, write_timeout).await?;
            }
        }
    }
}

/// Sends all messages of a page in one write.
async fn send_page(socket: &mut Socket, page: &Page, server: &Server) -> Result<(), Error> {
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

    /// Returns a frame of shared bytes. A text message would validate their UTF-8 again for each subscriber.
    fn frame(&self, payload: Bytes) -> Message {
        let data = if self.binary { Data::Binary } else { Data::Text };
        Message::Frame(Frame::message(payload, OpCode::Data(data), true))
    }
}
