//! Parses one block of an event stream with `eventsource-stream`.
//!
//! The library handles fields correctly, but not streams: it parses an unfinished event again with every chunk, copies
//! the remaining text after every line, panics on a byte order mark, stops at the first byte that is not UTF-8, and
//! does not report the id of an event without data. So `blocks` splits and cleans the stream, and passes the library
//! one complete block at a time, line by line.

use std::convert::Infallible;

use eventsource_stream::{Event, EventStream};
use futures_util::{FutureExt, StreamExt, stream};

use super::blocks::Block;
use crate::ClientError;

/// Parses one block. An event without data must not be dispatched, but its id and its retry time still apply.
///
/// # Errors
/// The library cannot parse the block.
pub(super) fn read(block: &Block, last_event_id: &str) -> Result<Event, ClientError> {
    let id_line = format!("id: {last_event_id}\n");
    // The id does not change unless the block has another. The parser returns no event for a block without data, so
    // such a block gets an empty data line.
    let data = if block.has_data { "" } else { "data\n" };
    let before = [id_line.as_str()].into_iter();
    let after = [data, "\n"].into_iter().filter(|line| !line.is_empty());
    let lines = before.chain(block.text.split_inclusive('\n')).chain(after);
    let mut events = EventStream::new(stream::iter(lines.map(Ok::<_, Infallible>)));
    match events.next().now_or_never().flatten() {
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => Err(ClientError::Protocol(error.to_string())),
        None => Err(ClientError::Protocol("a block of the event stream is not an event".into())),
    }
}
