//! The floor: length-prefixed frames over bare TCP. The client subscribes with one frame. The server's first frame is
//! the cursor that the stream starts after, and each later frame is one event. If the cursor is not the one that the
//! client sent, events were skipped.

use std::io;

use bytes::{Buf, BytesMut};
use futures_util::future::BoxFuture;
use net::{Endpoint, Stream};
use prost::Message;
use proto::{Cursor, Quote, SubscribeRequest, wire::MESSAGE_LIMIT_BYTES};
use tokio::io::AsyncWriteExt;

use crate::{Batch, ClientError, Context, Cost, Subscription, arrival::read_available, retry::Backoff};

/// How many consecutive connections without a byte from the server count as a refusal. The protocol has no other
/// refusal.
const EMPTY_CONNECTIONS_LIMIT: u32 = 6;

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let request = SubscribeRequest { symbols: context.symbols, after: context.after, epoch: None };
    let stream = open(context.endpoint, &request).await?;
    let backoff = Backoff::new(context.seed);
    Ok(Box::new(RawTcp {
        endpoint: context.endpoint,
        request,
        stream,
        unread: BytesMut::new(),
        has_cursor: false,
        backoff,
        empty_connections: 0,
    }))
}

struct RawTcp {
    endpoint: Endpoint,
    /// The cursor in it advances with every event.
    request: SubscribeRequest,
    stream: Stream,
    unread: BytesMut,
    /// Whether the first frame of this connection has been read.
    has_cursor: bool,
    backoff: Backoff,
    /// Consecutive times that the server closed the connection without sending a byte.
    empty_connections: u32,
}

impl Subscription for RawTcp {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut cost = Cost::default();
            loop {
                match self.read(&mut cost).await {
                    Ok(events) => {
                        cost.with_events += events.len() as u64;
                        return Ok(Batch { events, cost, ..Batch::default() });
                    }
                    Err(ClientError::Connection(_)) => Box::pin(self.reconnect(&mut cost)).await?,
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

impl RawTcp {
    /// Returns all complete events. Reads from the connection until there is at least one.
    async fn read(&mut self, cost: &mut Cost) -> Result<Vec<Quote>, ClientError> {
        loop {
            let mut events = Vec::new();
            while let Some(frame) = take_frame(&mut self.unread)? {
                if self.has_cursor {
                    let event = Quote::from_protobuf(&frame)?;
                    self.request.after = Some(event.sequence);
                    events.push(event);
                } else {
                    self.read_cursor(&frame, cost)?;
                }
            }
            if !events.is_empty() {
                return Ok(events);
            }
            let missing = missing_bytes(&self.unread);
            if read_available(&mut self.stream, &mut self.unread, missing).await? == 0 {
                self.empty_connections += 1;
                return Err(ClientError::Connection("the server closed the connection".into()));
            }
            self.empty_connections = 0;
            self.backoff.reset();
        }
    }

    fn read_cursor(&mut self, frame: &[u8], cost: &mut Cost) -> Result<(), ClientError> {
        let text = std::str::from_utf8(frame).unwrap_or_default();
        let cursor: Cursor =
            text.parse().map_err(|_| ClientError::Protocol("the first frame is not a cursor".into()))?;
        let asked = self.request.clone();
        self.request.start_after(cursor);
        let is_elsewhere = asked.after.is_some_and(|after| after != cursor.sequence);
        let is_another_log = asked.epoch.is_some() && asked.epoch != self.request.epoch;
        cost.resets += u64::from(is_elsewhere || is_another_log);
        self.has_cursor = true;
        Ok(())
    }

    async fn reconnect(&mut self, cost: &mut Cost) -> Result<(), ClientError> {
        if self.empty_connections == EMPTY_CONNECTIONS_LIMIT {
            return Err(ClientError::Refused("the server closes every connection without a response".into()));
        }
        self.unread.clear();
        self.has_cursor = false;
        self.backoff.pause().await;
        self.stream = loop {
            match open(self.endpoint, &self.request).await {
                Ok(stream) => break stream,
                Err(error) => self.backoff.pause_after(error, cost).await?,
            }
        };
        cost.reconnects += 1;
        cost.requests += 1;
        Ok(())
    }
}

async fn open(endpoint: Endpoint, request: &SubscribeRequest) -> Result<Stream, ClientError> {
    let mut stream = endpoint.connect().await?;
    let request = request.encode_to_vec();
    let length = u32::try_from(request.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), request.as_slice()].concat()).await?;
    Ok(stream)
}

/// Returns how many bytes of the unfinished frame are missing.
fn missing_bytes(unread: &[u8]) -> usize {
    unread.first_chunk().map_or(0, |prefix| (4 + u32::from_be_bytes(*prefix) as usize).saturating_sub(unread.len()))
}

fn take_frame(unread: &mut BytesMut) -> Result<Option<BytesMut>, ClientError> {
    let Some(prefix) = unread.first_chunk() else { return Ok(None) };
    let length = u32::from_be_bytes(*prefix) as usize;
    if length > MESSAGE_LIMIT_BYTES {
        return Err(ClientError::Protocol(format!(
            "a frame of {length} bytes is larger than {MESSAGE_LIMIT_BYTES} bytes"
        )));
    }
    if unread.len() < 4 + length {
        return Ok(None);
    }
    unread.advance(4);
    Ok(Some(unread.split_to(length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_panics_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80), part in 1_usize..20, length in 0_u32..20) {
            for wire in [bytes.clone(), [&length.to_be_bytes(), &bytes[..]].concat()] {
                let mut unread = BytesMut::new();
                for part in wire.chunks(part) {
                    unread.extend_from_slice(part);
                    prop_assert!(missing_bytes(&unread) <= u32::MAX as usize + 4);
                    match take_frame(&mut unread) {
                        Ok(Some(frame)) => drop(Quote::from_protobuf(&frame)),
                        Ok(None) => {}
                        Err(_) => break,
                    }
                }
            }
        }
    }
}
