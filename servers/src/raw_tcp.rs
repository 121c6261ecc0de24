//! The floor: length-prefixed frames over bare TCP. The client sends one frame, its subscription. The server's first
//! frame is the text of the cursor that the stream begins after, another one than was asked for if that was too old or
//! of another log; every further frame is one event, in protobuf. The end of the stream is the only word there is for
//! refusal and shutdown.

use std::{io, sync::Arc, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use proto::{Quote, SubscribeRequest, wire::MESSAGE_LIMIT_BYTES};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    Connection, Context, Hub, Page, ServeError,
    unfinished::{Place, Room},
};

/// A client must subscribe within this time.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    let room = Room::default();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                connections.spawn(serve_connection(connection, Arc::clone(&context.hub), room.place()));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    crate::drain(connections, &context.transport).await;
    Ok(())
}

async fn serve_connection(mut connection: Connection, hub: Arc<Hub>, place: Place) -> io::Result<()> {
    let request = timeout(START_LIMIT, read_request(&mut connection, place)).await??;
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
            // The client says nothing more: a read that returns is its end.
            _ = connection.read(&mut discarded) => return Ok(()),
        };
        let frames = join(&page);
        tokio::select! {
            biased;
            written = connection.write_all(&frames) => written?,
            // That nothing can be written keeps the client from nothing that would end it: the stream ends in a frame.
            ended = subscription.ended() => return Err(io::Error::other(ended)),
        }
    }
}

/// Keeps what has come, and no more: a length alone takes no room.
async fn read_request(connection: &mut Connection, mut place: Place) -> io::Result<SubscribeRequest> {
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
        if !place.take(read) {
            return Err(io::Error::other("too many subscriptions are unfinished"));
        }
    }
    SubscribeRequest::decode(message.as_slice()).map_err(io::Error::other)
}

/// All events of a page, for one write.
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
    use proto::Params;
    use tokio::net::{TcpSocket, TcpStream};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{Limits, Transport};

    /// How long the server may take to notice.
    const PATIENCE: Duration = Duration::from_secs(60);
    /// Of both ends, so that a write is blocked after a few events whatever the kernel would choose.
    const SOCKET_BUFFER_BYTES: u32 = 64 * 1024;

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_ended_while_its_write_is_blocked() {
        let hub = Hub::new(&["BTC".into()], Limits { queue_events: 64, ..Limits::default() });
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let transport = transport.with_send_buffer(SOCKET_BUFFER_BYTES as usize);
        let (address, meter) = (transport.address(), transport.meter());
        let (params, shutdown) = (Params::default(), CancellationToken::new());
        tokio::spawn(serve(Context { transport, hub: Arc::clone(&hub), params, shutdown }));

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
        tokio::time::timeout(PATIENCE, noticed).await.expect("the connection is ended");
        drop(stream);
    }
    #[tokio::test(start_paused = true)]
    async fn a_subscription_of_which_only_a_part_comes_is_not_waited_for() {
        let hub = Hub::new(&["BTC".into()], Limits::default());
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = transport.address();
        tokio::spawn(serve(Context { transport, hub, params: Params::default(), shutdown: CancellationToken::new() }));
        for part in [&[0, 0][..], &[0, 15, 0, 0], &[0, 0, 0, 5, 10, 3]] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(part).await.unwrap();
            // The time is the test's own: it passes while everybody waits.
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        }
    }
}
