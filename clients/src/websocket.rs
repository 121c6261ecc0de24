//! WebSocket: one connection that subscribes with its first message, then receives quotes and sends orders. The library
//! masks outgoing messages and answers pings. When the connection ends, the client resumes from its cursor, unless the
//! close code says that the server would refuse it again. An order whose confirmation was lost with the connection is
//! not sent again, because the server may have executed it.

mod failure;

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use net::{Endpoint, Stream};
use prost::Message as _;
use proto::{
    ClientMessage, CodecError, InvalidCursor, ServerMessage, SubscribeRequest,
    client_message::Content as FromClient,
    server_message::Content as ToClient,
    wire::{MESSAGE_LIMIT_BYTES, RESET_REASON, STREAM_PATH},
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use self::failure::classify_error;
use crate::{Batch, ClientError, Context, Cost, Orders, Subscription, http::RESPONSE_TIMEOUT, retry::Backoff};

/// Most messages in one batch.
const BATCH_MESSAGES: usize = 256;

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let read_buffer_bytes = if context.params.text("read-buffer")? == "128KiB" { 128 } else { 2 } * 1024;
    let connector = Connector {
        endpoint: context.endpoint,
        // Orders are rare and small, so each is written at once.
        config: WebSocketConfig::default()
            .read_buffer_size(read_buffer_bytes)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * MESSAGE_LIMIT_BYTES)
            .max_message_size(Some(MESSAGE_LIMIT_BYTES))
            .max_frame_size(Some(MESSAGE_LIMIT_BYTES)),
        binary: context.params.text("encoding")? == "binary",
    };
    let request = SubscribeRequest { symbols: context.symbols, after: context.after, epoch: None };
    let socket = connector.open(&request).await?;
    let backoff = Backoff::new(context.seed);
    Ok(Box::new(WebSocket { connector, request, socket, orders: context.orders, ended: None, backoff }))
}

struct WebSocket {
    connector: Connector,
    /// The cursor in it advances with every event.
    request: SubscribeRequest,
    socket: WebSocketStream<Stream>,
    orders: Orders,
    /// Why the connection ended. It is handled after the last messages have been returned.
    ended: Option<ClientError>,
    backoff: Backoff,
}

impl Subscription for WebSocket {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut batch = Batch::default();
            loop {
                match self.ended.take() {
                    None => {}
                    Some(ClientError::Connection(_)) => Box::pin(self.reconnect(&mut batch.cost)).await?,
                    Some(error) => return Err(error),
                }
                self.ended = self.exchange(&mut batch).await.err();
                if !batch.events.is_empty() || !batch.confirmations.is_empty() || batch.cost.heartbeats > 0 {
                    return Ok(batch);
                }
            }
        })
    }
}

impl WebSocket {
    /// Waits for a message and adds all that have arrived to the batch, or sends an order.
    async fn exchange(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        tokio::select! {
            message = self.socket.next() => self.take(message, batch)?,
            order = self.orders.next() => {
                batch.cost.requests += 1;
                return self.socket.send(self.connector.encode(FromClient::Order(order))).await.map_err(classify_error);
            }
        }
        for _ in 1..BATCH_MESSAGES {
            let Some(message) = self.socket.next().now_or_never() else { break };
            self.take(message, batch)?;
        }
        Ok(())
    }

    fn take(&mut self, message: Option<Result<Message, Error>>, batch: &mut Batch) -> Result<(), ClientError> {
        let content = match message.unwrap_or(Err(Error::ConnectionClosed)).map_err(classify_error)? {
            Message::Text(text) => Some(serde_json::from_str(&text).map_err(CodecError::from)?),
            Message::Binary(bytes) => ServerMessage::decode(bytes).map_err(CodecError::from)?.content,
            Message::Close(frame) => return Err(self.on_close(frame, &mut batch.cost)),
            Message::Ping(_) => {
                batch.cost.heartbeats += 1;
                None
            }
            _ => None,
        };
        match content {
            Some(ToClient::Quote(quote)) => {
                self.request.after = Some(quote.sequence);
                batch.cost.with_events += 1;
                batch.events.push(quote);
            }
            // The connection starts there. The next one resumes from it even if no event arrives.
            Some(ToClient::Cursor(cursor)) => {
                let cursor = cursor.parse().map_err(|error: InvalidCursor| ClientError::Protocol(error.to_string()))?;
                self.request.start_after(cursor);
            }
            Some(ToClient::Confirmation(confirmation)) => batch.confirmations.push(confirmation),
            None => {}
        }
        self.backoff.reset();
        Ok(())
    }

    /// Returns the error for a close frame, which says whether to reconnect. Moves the cursor if the frame is a reset.
    fn on_close(&mut self, frame: Option<CloseFrame>, cost: &mut Cost) -> ClientError {
        let Some(CloseFrame { code, reason }) = frame else { return classify_error(Error::ConnectionClosed) };
        if let Some(Ok(head)) = reason.strip_prefix(RESET_REASON).map(str::parse) {
            self.request.start_after(head);
            cost.resets += 1;
            return ClientError::Connection(reason.to_string());
        }
        match code {
            CloseCode::Normal | CloseCode::Away | CloseCode::Error | CloseCode::Again | CloseCode::Restart => {
                ClientError::Connection(reason.to_string())
            }
            CloseCode::Policy => ClientError::Refused(reason.to_string()),
            code => ClientError::Protocol(format!("closed with {code}: {reason}")),
        }
    }

    async fn reconnect(&mut self, cost: &mut Cost) -> Result<(), ClientError> {
        // The response to a close frame may still be unwritten. The flush fails if the connection is lost.
        let _ = self.socket.flush().await;
        self.backoff.pause().await;
        self.socket = loop {
            match self.connector.open(&self.request).await {
                Ok(socket) => break socket,
                Err(error) => self.backoff.pause_after(error, cost).await?,
            }
        };
        cost.reconnects += 1;
        cost.requests += 1;
        Ok(())
    }
}

/// Opens connections with the same settings.
struct Connector {
    endpoint: Endpoint,
    config: WebSocketConfig,
    /// Whether messages are protobuf instead of JSON.
    binary: bool,
}

impl Connector {
    async fn open(&self, request: &SubscribeRequest) -> Result<WebSocketStream<Stream>, ClientError> {
        let stream = self.endpoint.connect().await?;
        let url = self.endpoint.web_socket_url(STREAM_PATH);
        let late = |_| ClientError::Connection("the server did not answer the handshake in time".into());
        let handshake = timeout(RESPONSE_TIMEOUT, client_async_with_config(url, stream, Some(self.config)));
        let (mut socket, _) = handshake.await.map_err(late)?.map_err(classify_error)?;
        socket.send(self.encode(FromClient::Subscribe(request.clone()))).await.map_err(classify_error)?;
        Ok(socket)
    }

    fn encode(&self, content: FromClient) -> Message {
        if self.binary {
            return Message::Binary(Bytes::from(ClientMessage { content: Some(content) }.encode_to_vec()));
        }
        Message::text(serde_json::to_string(&content).expect("a message has only string keys"))
    }
}
