//! Limits messages that have arrived only in part: how long one may take, and how many bytes of them all connections of
//! a server may buffer. The library limits the size of each message, but reports a message only when it is complete. So
//! this module parses the frame headers, too.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use net::Stream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_tungstenite::WebSocketStream;

use crate::unfinished::{Reservation, Unfinished};

/// Maximum length of a frame header.
const MAX_HEADER_BYTES: usize = 14;

/// A session's socket.
pub(super) type Socket = WebSocketStream<Bounded<Stream>>;

/// A connection that limits its unfinished message. A read fails with `TimedOut` if the message is late, or with
/// `QuotaExceeded` if the server has too many bytes of unfinished messages.
#[derive(Debug)]
pub(super) struct Bounded<C> {
    connection: C,
    frames: Frames,
    unfinished: Unfinished,
}

impl<C> Bounded<C> {
    /// Wraps a connection from which these bytes have already been read.
    pub(super) fn new(connection: C, reservation: Reservation, read_already: &[u8]) -> Self {
        let mut bounded = Self { connection, frames: Frames::default(), unfinished: Unfinished::new(reservation) };
        // Ignores the budget, because the buffer of a request head is small.
        let _ = bounded.count(read_already);
        bounded
    }

    /// Closes the sending side, then reads and discards all input until the peer closes its side, too.
    pub(super) async fn discard_until_closed(&mut self) -> io::Result<()>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        self.connection.shutdown().await?;
        tokio::io::copy(&mut self.connection, &mut tokio::io::sink()).await.map(drop)
    }

    /// Counts bytes that have arrived.
    fn count(&mut self, bytes: &[u8]) -> io::Result<()> {
        let has_ended = self.frames.read(bytes);
        if self.unfinished.count(has_ended, self.frames.unfinished_bytes) {
            Ok(())
        } else {
            Err(io::ErrorKind::QuotaExceeded.into())
        }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Bounded<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.connection).poll_read(cx, buffer);
        match polled {
            Poll::Ready(Ok(())) => Poll::Ready(this.count(&buffer.filled()[before..])),
            Poll::Pending => this.unfinished.poll_late(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
            polled @ Poll::Ready(Err(_)) => polled,
        }
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Bounded<C> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().connection).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_shutdown(cx)
    }
}

/// Parses frames (RFC 6455, 5.2) as far as necessary to know whether a message is complete.
#[derive(Debug, Default)]
struct Frames {
    header: [u8; MAX_HEADER_BYTES],
    header_bytes: usize,
    /// Bytes of this frame's payload that have not arrived yet.
    payload_bytes: u64,
    /// Frames of this message have arrived, but not the last one.
    in_message: bool,
    /// Bytes of the unfinished message that have arrived, including frame headers.
    unfinished_bytes: usize,
}

impl Frames {
    /// Parses these bytes. Returns whether they complete a message.
    fn read(&mut self, mut bytes: &[u8]) -> bool {
        let mut has_ended = false;
        while !bytes.is_empty() {
            let taken = if self.payload_bytes > 0 { self.read_payload(bytes) } else { self.read_header(bytes[0]) };
            bytes = &bytes[taken..];
            self.unfinished_bytes += taken;
            if !self.in_message && self.header_bytes == 0 && self.payload_bytes == 0 {
                self.unfinished_bytes = 0;
                has_ended = true;
            }
        }
        has_ended
    }

    fn read_payload(&mut self, bytes: &[u8]) -> usize {
        let taken = usize::try_from(self.payload_bytes).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.payload_bytes -= taken as u64;
        taken
    }

    fn read_header(&mut self, byte: u8) -> usize {
        self.header[self.header_bytes] = byte;
        self.header_bytes += 1;
        if self.header_bytes == self.header_length() {
            self.begin_payload();
        }
        1
    }

    /// Returns the length of this header, as far as it is known.
    fn header_length(&self) -> usize {
        if self.header_bytes < 2 {
            return 2;
        }
        let mask = if self.header[1] & 0x80 == 0 { 0 } else { 4 };
        mask + match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    fn begin_payload(&mut self) {
        let [first, second, ..] = self.header;
        self.payload_bytes = match second & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => u64::from_be_bytes(self.header[2..10].try_into().expect("eight bytes")),
            short => u64::from(short),
        };
        // A control frame may arrive between the frames of a message.
        if first & 0x08 == 0 {
            self.in_message = first & 0x80 == 0;
        }
        self.header_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use proto::wire::MESSAGE_LIMIT_BYTES;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Control, Data, OpCode},
    };

    use super::*;
    use crate::unfinished::{Budget, MESSAGE_TIMEOUT};

    fn frame(opcode: OpCode, payload_bytes: usize, is_final: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut frame = Frame::message(vec![b'x'; payload_bytes], OpCode::Data(Data::Text), is_final);
        frame.header_mut().opcode = opcode;
        frame.header_mut().mask = Some([1, 2, 3, 4]);
        frame.format(&mut bytes).expect("a frame");
        bytes
    }

    #[tokio::test(start_paused = true)]
    async fn an_unfinished_message_times_out_but_silence_between_messages_does_not() {
        let (mut client, server) = duplex(1_024);
        let mut server = Bounded::new(server, Budget::default().reservation(), &[]);
        let whole = frame(OpCode::Data(Data::Text), 100, true);
        let mut read = [0; 1_024];
        for _ in 0..3 {
            client.write_all(&whole[..50]).await.unwrap();
            assert_eq!(server.read(&mut read).await.unwrap(), 50);
            client.write_all(&whole[50..]).await.unwrap();
            assert_eq!(server.read(&mut read).await.unwrap(), whole.len() - 50);
            let silence = tokio::time::timeout(MESSAGE_TIMEOUT * 2, server.read(&mut read)).await;
            assert!(silence.is_err(), "{silence:?}");
        }
        client.write_all(&whole[..50]).await.unwrap();
        assert_eq!(server.read(&mut read).await.unwrap(), 50);
        assert_eq!(server.read(&mut read).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn unfinished_messages_share_a_budget_that_complete_ones_do_not_use() {
        let budget = Budget::default();
        let mut others: Vec<Reservation> = (0..16).map(|_| budget.reservation()).collect();
        assert!(others.iter_mut().all(|reservation| reservation.grow(MESSAGE_LIMIT_BYTES)));
        let (mut client, server) = duplex(1_024);
        let mut server = Bounded::new(server, budget.reservation(), &[]);
        let whole = frame(OpCode::Data(Data::Text), 100, true);
        let mut read = [0; 1_024];
        client.write_all(&whole).await.unwrap();
        assert_eq!(server.read(&mut read).await.unwrap(), whole.len());
        client.write_all(&whole[..50]).await.unwrap();
        assert_eq!(server.read(&mut read).await.unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    }

    #[test]
    fn a_message_is_complete_with_its_last_byte() {
        for payload_bytes in [0, 1, 125, 126, 65_535, 65_536] {
            let mut frames = Frames::default();
            let bytes = frame(OpCode::Data(Data::Text), payload_bytes, true);
            for _ in 0..2 {
                for (index, byte) in bytes.iter().enumerate() {
                    let is_last = index + 1 == bytes.len();
                    assert_eq!(frames.read(std::slice::from_ref(byte)), is_last, "byte {index} of {payload_bytes}");
                    assert_eq!(frames.unfinished_bytes, if is_last { 0 } else { index + 1 });
                }
            }
            assert!(frames.read(&bytes));
            assert_eq!(frames.unfinished_bytes, 0);
        }
    }

    #[test]
    fn bytes_after_a_complete_message_are_counted_separately() {
        let mut frames = Frames::default();
        let bytes = frame(OpCode::Data(Data::Binary), 200, true);
        assert!(!frames.read(&bytes[..150]));
        assert!(frames.read(&[&bytes[150..], &bytes[..30]].concat()));
        assert_eq!(frames.unfinished_bytes, 30);
    }

    #[test]
    fn a_fragmented_message_is_complete_with_its_last_frame() {
        let mut frames = Frames::default();
        assert!(!frames.read(&frame(OpCode::Data(Data::Text), 10, false)));
        assert!(!frames.read(&frame(OpCode::Control(Control::Ping), 4, true)), "a ping does not complete a message");
        assert!(!frames.read(&frame(OpCode::Data(Data::Continue), 0, false)));
        assert!(frames.read(&frame(OpCode::Data(Data::Continue), 3, true)));
        assert!(frames.read(&frame(OpCode::Control(Control::Pong), 0, true)));
        assert_eq!(frames.unfinished_bytes, 0);
    }
}
