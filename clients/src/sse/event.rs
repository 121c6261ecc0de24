//! Reads one block of an event stream with `eventsource-stream`.
//!
//! The library is right about fields, but not about streams: it parses an unfinished event again with every chunk,
//! copies what is left after every line, panics at a byte order mark, stops at the first byte that is not UTF-8, and
//! keeps the id of an event without data to itself. So `blocks` cuts and cleans the stream, and the library gets one
//! whole block at a time, line by line.

use std::convert::Infallible;

use eventsource_stream::{Event, EventStream};
use futures_util::{FutureExt, StreamExt, stream};

use super::blocks::Block;
use crate::ClientError;

/// Reads one block. An event that has no data must not be dispatched; its id and retry count all the same.
///
/// # Errors
/// The library cannot read it.
pub(super) fn read(block: &Block, last_event_id: &str) -> Result<Event, ClientError> {
    let id_line = format!("id: {last_event_id}\n");
    // The id stays as it was unless the block has another. The parser gives nothing away about a block without data.
    let data = if block.has_data { "" } else { "data\n" };
    let before = [id_line.as_str()].into_iter();
    let after = [data, "\n"].into_iter().filter(|line| !line.is_empty());
    let lines = before.chain(block.text.split_inclusive('\n')).chain(after);
    let mut events = EventStream::new(stream::iter(lines.map(Ok::<_, Infallible>)));
    match events.next().now_or_never().flatten() {
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => Err(ClientError::Protocol(error.to_string())),
        None => Err(ClientError::Protocol("a block of the event stream is no event".into())),
    }
}
