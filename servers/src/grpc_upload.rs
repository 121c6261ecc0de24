//! Bodies of gRPC requests. tonic keeps messages that have arrived only in part; here they are bounded in time, and in
//! the sum over all connections of a server.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tonic::Status;

use crate::unfinished::{Place, Unfinished};

/// What comes before each message: a flag, and its length in four bytes.
const HEAD_BYTES: usize = 5;

/// The body of a request whose unfinished message is bounded.
pub(crate) struct Upload<B> {
    body: B,
    messages: Messages,
    unfinished: Unfinished,
}

impl<B> Upload<B> {
    pub(crate) fn new(body: B, place: Place) -> Self {
        Self { body, messages: Messages::default(), unfinished: Unfinished::new(place) }
    }

    fn count(&mut self, data: &[u8]) -> Result<(), Status> {
        let has_ended = self.messages.read(data);
        if self.unfinished.count(has_ended, self.messages.unfinished_bytes) {
            return Ok(());
        }
        Err(Status::resource_exhausted("too many messages are unfinished"))
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
                let late = Status::deadline_exceeded("the rest of the message did not come in time");
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

/// Where one message ends and the next begins.
#[derive(Debug, Default)]
struct Messages {
    head: [u8; HEAD_BYTES],
    head_bytes: usize,
    /// Bytes of the message that have not arrived, without its head.
    missing_bytes: usize,
    /// Bytes of the message that have arrived, with its head.
    unfinished_bytes: usize,
}

impl Messages {
    /// Counts bytes that have arrived. Returns whether they complete a message.
    fn read(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_whole = false;
        while !bytes.is_empty() {
            let of_head = bytes.len().min(HEAD_BYTES - self.head_bytes);
            self.head[self.head_bytes..][..of_head].copy_from_slice(&bytes[..of_head]);
            self.head_bytes += of_head;
            if of_head > 0 && self.head_bytes == HEAD_BYTES {
                let [_, length @ ..] = self.head;
                self.missing_bytes = u32::from_be_bytes(length) as usize;
            }
            let of_message = self.missing_bytes.min(bytes.len() - of_head);
            self.missing_bytes -= of_message;
            self.unfinished_bytes += of_head + of_message;
            bytes = &bytes[of_head + of_message..];
            if self.head_bytes == HEAD_BYTES && self.missing_bytes == 0 {
                (self.head_bytes, self.unfinished_bytes, is_whole) = (0, 0, true);
            }
        }
        is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_is_told_from_what_is_whole_in_any_chunks() {
        let body =
            [&[0, 0, 0, 0, 3][..], b"abc", &[0, 0, 0, 0, 0], &[0, 0, 0, 1, 0], &[7; 256], &[0, 0, 0, 0, 9], b"ab"];
        let body = body.concat();
        for size in 1..=body.len() {
            let mut messages = Messages::default();
            let whole = body.chunks(size).filter(|chunk| messages.read(chunk)).count();
            assert!((1..=3).contains(&whole), "{size}");
            assert_eq!((messages.unfinished_bytes, messages.missing_bytes), (7, 7), "{size}");
        }
    }
}
