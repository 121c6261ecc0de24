//! Limits the bodies of gRPC requests. tonic buffers messages that have arrived only in part. This module limits how
//! long one may take, and how many bytes of them all connections of a server may buffer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tonic::Status;

use crate::unfinished::{Reservation, Unfinished};

/// Length of the header before each message: a flag, and the message's length in four bytes.
const HEADER_BYTES: usize = 5;

/// A request body that limits its unfinished message.
pub(crate) struct Upload<B> {
    body: B,
    messages: Messages,
    unfinished: Unfinished,
}

impl<B> Upload<B> {
    pub(crate) fn new(body: B, reservation: Reservation) -> Self {
        Self { body, messages: Messages::default(), unfinished: Unfinished::new(reservation) }
    }

    fn count(&mut self, data: &[u8]) -> Result<(), Status> {
        let has_ended = self.messages.read(data);
        if self.unfinished.count(has_ended, self.messages.unfinished_bytes) {
            return Ok(());
        }
        Err(Status::resource_exhausted("the server has too many unfinished messages"))
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Upload<B> {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let counted = frame.data_ref().map_or(Ok(()), |data| this.count(data));
                Poll::Ready(Some(counted.map(|()| frame).map_err(Into::into)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.unfinished.poll_late(cx).map(|()| {
                let late = Status::deadline_exceeded("the rest of the message did not arrive in time");
                Some(Err(late.into()))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Finds the boundaries between messages.
#[derive(Debug, Default)]
struct Messages {
    header: [u8; HEADER_BYTES],
    header_bytes: usize,
    /// Bytes of the message that have not arrived, without its header.
    missing_bytes: usize,
    /// Bytes of the message that have arrived, with its header.
    unfinished_bytes: usize,
}

impl Messages {
    /// Parses bytes that have arrived. Returns whether they complete a message.
    fn read(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_complete = false;
        while !bytes.is_empty() {
            let of_header = bytes.len().min(HEADER_BYTES - self.header_bytes);
            self.header[self.header_bytes..][..of_header].copy_from_slice(&bytes[..of_header]);
            self.header_bytes += of_header;
            if of_header > 0 && self.header_bytes == HEADER_BYTES {
                let [_, length @ ..] = self.header;
                self.missing_bytes = u32::from_be_bytes(length) as usize;
            }
            let of_message = self.missing_bytes.min(bytes.len() - of_header);
            self.missing_bytes -= of_message;
            self.unfinished_bytes += of_header + of_message;
            bytes = &bytes[of_header + of_message..];
            if self.header_bytes == HEADER_BYTES && self.missing_bytes == 0 {
                (self.header_bytes, self.unfinished_bytes, is_complete) = (0, 0, true);
            }
        }
        is_complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_message_boundaries_for_any_chunk_size() {
        let body =
            [&[0, 0, 0, 0, 3][..], b"abc", &[0, 0, 0, 0, 0], &[0, 0, 0, 1, 0], &[7; 256], &[0, 0, 0, 0, 9], b"ab"];
        let body = body.concat();
        for size in 1..=body.len() {
            let mut messages = Messages::default();
            let completed = body.chunks(size).filter(|chunk| messages.read(chunk)).count();
            assert!((1..=3).contains(&completed), "{size}");
            assert_eq!((messages.unfinished_bytes, messages.missing_bytes), (7, 7), "{size}");
        }
    }
}
