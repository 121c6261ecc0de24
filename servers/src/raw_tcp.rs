//! The floor: length-prefixed protobuf frames over bare TCP. The client sends one frame, its subscription; every frame
//! of the server is one event. An end of the stream is the only word there is for refusal, reset and shutdown.

use std::{io, sync::Arc};

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;
use proto::{Quote, SubscribeRequest, wire::MESSAGE_LIMIT_BYTES};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::task::TaskTracker;

use crate::{Connection, Context, Hub, ServeError};

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                connections.spawn(serve_connection(connection, Arc::clone(&context.hub)));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    crate::drain(connections, &context.transport).await;
    Ok(())
}

async fn serve_connection(mut connection: Connection, hub: Arc<Hub>) -> io::Result<()> {
    let request = read_request(&mut connection).await?;
    let symbols = hub.resolve(request.symbols.iter().map(String::as_str)).map_err(io::Error::other)?;
    let mut subscription = hub.subscribe(symbols, request.after);
    let mut discarded = [0; 16];
    loop {
        let page = tokio::select! {
            page = subscription.next() => page.map_err(io::Error::other)?,
            // The client says nothing more: a read that returns is its end.
            _ = connection.read(&mut discarded) => return Ok(()),
        };
        let mut frames = BytesMut::new();
        page.entries.iter().for_each(|entry| frames.extend_from_slice(&entry.frame(frame)));
        connection.write_all(&frames).await?;
    }
}

async fn read_request(connection: &mut Connection) -> io::Result<SubscribeRequest> {
    let length = connection.read_u32().await? as usize;
    if length > MESSAGE_LIMIT_BYTES {
        return Err(io::Error::other("the subscription is longer than a message may be"));
    }
    let mut message = vec![0; length];
    connection.read_exact(&mut message).await?;
    SubscribeRequest::decode(message.as_slice()).map_err(io::Error::other)
}

fn frame(quote: &Quote) -> Bytes {
    let mut frame = BytesMut::with_capacity(quote.encoded_len() + 4);
    frame.put_u32(u32::try_from(quote.encoded_len()).expect("a quote is far smaller than 4 GiB"));
    quote.encode(&mut frame).expect("the buffer grows as needed");
    frame.freeze()
}
