//! WebSocket on `/stream`: the client's first message subscribes, the server's first, `{"cursor":"…"}`, names the cursor
//! that the quotes begin after, and orders are answered on the same connection. How a conversation begins is in
//! `handshake`, how it ends in `close`; what the client says is read in `incoming`, and bounded before it is whole in
//! `bounded`.

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
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::WebSocketConfig,
        protocol::frame::{Frame, coding::Data, coding::OpCode},
    },
};
use tokio_util::task::TaskTracker;

use self::{
    bounded::Bounded,
    close::{End, policy, silent, unless_over},
    incoming::{decode, read_subscription},
};
use crate::{
    Connection, Context, Hub, Page, ServeError,
    heartbeat::Heartbeats,
    http::{self, Site},
    trade::Desk,
    unfinished::Room,
};

/// What `GET /` says.
const DESCRIPTION: &str = "\
websocket: both ends send messages over one upgraded connection

GET /stream                             the handshake; then the first message subscribes:
                                        {\"subscribe\":{\"symbols\":[\"BTC\"],\"after\":0}}

websocat ws://{address}/stream
curl -i -N -H 'connection: upgrade' -H 'upgrade: websocket' -H 'sec-websocket-version: 13' \
-H 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==' http://{address}/stream
";
/// What a connection is upgraded to.
const PROTOCOL: &str = "websocket";
/// A client must subscribe within this time after the handshake.
const START_LIMIT: Duration = Duration::from_secs(10);
/// A client is given up that answers no ping or takes nothing for this long, or for one heartbeat where that is longer.
const SILENCE_LIMIT: Duration = Duration::from_secs(3);
/// Messages are gathered up to this size before they are written: one page, as a rule.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;

type Socket = WebSocketStream<Bounded<Connection>>;

/// What all connections share.
struct Server {
    hub: Arc<Hub>,
    desk: Desk,
    heartbeats: Heartbeats,
    heartbeat: Duration,
    config: WebSocketConfig,
    /// For messages that have arrived only in part.
    room: Room,
    conversations: TaskTracker,
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
        room: Room::default(),
        conversations: TaskTracker::new(),
        binary: context.params.text("encoding")? == "binary",
    });
    let routes = Router::new().route(STREAM_PATH, get(open)).with_state(Arc::clone(&server));
    let site = Site::new(routes, DESCRIPTION, context.transport.address());
    let conversations = async {
        context.shutdown.cancelled().await;
        crate::drain(server.conversations.clone(), &context.transport).await;
    };
    let (served, ()) =
        tokio::join!(http::serve(context.transport.clone(), site, context.shutdown.clone()), conversations);
    served
}

/// The conversation begins when the answer to the handshake is written.
async fn open(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (answer, upgrade) = match handshake::answer(request) {
        Ok(accepted) => accepted,
        Err(error) => return close::refuse(&error),
    };
    server.conversations.spawn({
        let server = Arc::clone(&server);
        async move {
            // A connection that is lost before that never becomes a conversation.
            let Some(mut socket) = handshake::finish(upgrade, server.room.place(), server.config).await else { return };
            let Err(end) = converse(&mut socket, &server).await;
            close::close(socket, end).await;
        }
    });
    answer
}

async fn converse(socket: &mut Socket, server: &Server) -> Result<Infallible, End> {
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

/// Writes all messages of a page at once.
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

    /// A frame of shared bytes: a text message would have them checked again for each subscriber.
    fn frame(&self, payload: Bytes) -> Message {
        let data = if self.binary { Data::Binary } else { Data::Text };
        Message::Frame(Frame::message(payload, OpCode::Data(data), true))
    }
}
