//! The floor: length-prefixed frames over plain TCP.
//!
//! The client sends one frame, its subscription. The server's first frame contains the cursor that the stream starts
//! after, as text. It differs from the requested cursor if that was too old or belongs to another log. Every further
//! frame is one event in protobuf. The server refuses a client, and shuts down, by closing the connection.

use std::{io, sync::Arc, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use net::Stream;
use prost::Message;
use proto::{Quote, SubscribeRequest, wire::MESSAGE_LIMIT_BYTES};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    Context, Hub, Page, ServeError,
    unfinished::{Budget, Reservation},
};

/// How long a client may take to subscribe.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    let budget = Budget::default();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                connections.spawn(serve_connection(connection, Arc::clone(&context.hub), budget.reservation()));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    crate::drain::drain(connections, &context.transport).await;
    Ok(())
}

async fn serve_connection(mut connection: Stream, hub: Arc<Hub>, reservation: Reservation) -> io::Result<()> {
    let request = timeout(START_TIMEOUT, read_request(&mut connection, reservation)).await??;
    let symbols = hub.resolve(request.symbols.iter().map(String::as_str)).map_err(io::Error::other)?;
    let mut subscription = hub.subscribe(symbols.clone(), request.cursor().map_err(io::Error::other)?);
    if let Err(gone) = hub.read(&symbols, subscription.cursor()) {
        subscription = hub.subscribe(symbols, Some(gone.head));
    }
    connection.write_all(&frame(subscription.cursor().to_string().as_bytes())).await?;
    let mut discarded = [0; 16];
    loop {
        let page = tokio::select! {
            page = subscription.next() => page.map_err(io::Error::other)?,
            // The client sends nothing more, so a read that returns means that it has gone.
            _ = connection.read(&mut discarded) => return Ok(()),
        };
        let frames = join(&page);
        tokio::select! {
            biased;
            written = connection.write_all(&frames) => written?,
            // A blocked write must not delay the end of the subscription. The stream then ends within a frame.
            ended = subscription.ended() => return Err(io::Error::other(ended)),
        }
    }
}

/// Reads the subscription. Allocates only for bytes that have arrived, because a client may announce any length.
async fn read_request(connection: &mut Stream, mut reservation: Reservation) -> io::Result<SubscribeRequest> {
    let length = connection.read_u32().await? as usize;
    if length > MESSAGE_LIMIT_BYTES {
        return Err(io::Error::other("the subscription is longer than a message may be"));
    }
    let mut message = Vec::new();
    while message.len() < length {
        let read = (&mut *connection).take((length - message.len()) as u64).read_buf(&mut message).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !reservation.grow(read) {
            return Err(io::Error::other("the server has too many unfinished subscriptions"));
        }
    }
    SubscribeRequest::decode(message.as_slice()).map_err(io::Error::other)
}

/// Joins the frames of a page, so that they are sent in one write.
fn join(page: &Page) -> Bytes {
    let encode = |quote: &Quote| frame(&quote.encode_to_vec());
    if let [entry] = page.entries.as_slice() {
        return entry.frame(encode);
    }
    let mut frames = BytesMut::new();
    page.entries.iter().for_each(|entry| frames.extend_from_slice(&entry.frame(encode)));
    frames.freeze()
}

fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 4);
    frame.put_u32(u32::try_from(message.len()).expect("a message is far smaller than 4 GiB"));
    frame.extend_from_slice(message);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use net::Transport;
    use proto::Params;
    use tokio::net::{TcpSocket, TcpStream};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::Limits;

    /// Limits how long the test may hang.
    const HANG_TIMEOUT: Duration = Duration::from_secs(60);
    /// Set on both ends, so that a write blocks after a few events, whatever the kernel's default is.
    const SOCKET_BUFFER_BYTES: u32 = 64 * 1024;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_disconnected_although_a_write_is_blocked() {
        let hub = Hub::new(&["BTC".into()], Limits { queue_events: 64, ..Limits::default() });
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let transport = transport.with_send_buffer(SOCKET_BUFFER_BYTES as usize);
        let (address, meter) = (transport.address(), transport.meter());
        let (params, shutdown) = (Params::default(), CancellationToken::new());
        tokio::spawn(serve(Context { transport, hub: Arc::clone(&hub), params, has_dates: true, shutdown }));

        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let request = SubscribeRequest { symbols: vec!["BTC".into()], after: Some(0), epoch: None }.encode_to_vec();
        stream.write_all(&[&[0, 0, 0, request.len() as u8], request.as_slice()].concat()).await.unwrap();
        let noticed = async {
            while hub.overflows() == 0 || meter.open_connections() > 0 {
                let payload = "x".repeat(16 * 1024);
                hub.publish(Quote { symbol: "BTC".into(), sequence: hub.head() + 1, payload, ..Quote::default() });
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(HANG_TIMEOUT, noticed).await.expect("the server closes the connection");
        drop(stream);
    }

    #[tokio::test(start_paused = true)]
    async fn an_incomplete_subscription_times_out() {
        let hub = Hub::new(&["BTC".into()], Limits::default());
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = transport.address();
        tokio::spawn(serve(Context {
            transport,
            hub,
            params: Params::default(),
            has_dates: true,
            shutdown: CancellationToken::new(),
        }));
        for part in [&[0, 0][..], &[0, 15, 0, 0], &[0, 0, 0, 5, 10, 3]] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(part).await.unwrap();
            // The clock is paused: it advances while all tasks wait.
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        }
    }
}
