//! The frames of gRPC-Web: five bytes before each message, the status as text in the frame that is marked as trailers,
//! all of it in base64 or none. It must not know what the messages are.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use proto::wire::MESSAGE_LIMIT_BYTES;
use tonic::Status;

use crate::line_end::search;

/// A flag and a length stand before each frame.
const PREFIX_BYTES: usize = 5;
/// Flag of the frame that holds the status.
const TRAILERS_FLAG: u8 = 0x80;
/// Characters of base64 that stand for three bytes, or for the last ones of a part.
const QUANTUM: usize = 4;

/// The body of a request with this message.
pub(crate) fn request(message: &[u8], text: bool) -> Bytes {
    let mut body = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).expect("a subscription is far smaller than 4 GiB"));
    body.extend_from_slice(message);
    if text { BASE64_STANDARD.encode(&body).into() } else { body.freeze() }
}

/// What has arrived of a body.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    text: bool,
    /// Characters of base64 that are no whole quantum yet.
    characters: BytesMut,
    bytes: BytesMut,
}

/// One frame of a body.
#[derive(Debug)]
pub(crate) enum Frame {
    Message(Bytes),
    Status(Status),
}

impl Frames {
    pub(crate) fn new(text: bool) -> Self {
        Self { text, ..Self::default() }
    }

    /// Takes the next part of the body.
    ///
    /// # Errors
    /// It is no base64.
    pub(crate) fn add(&mut self, part: &[u8]) -> Result<(), Status> {
        if !self.text {
            self.bytes.extend_from_slice(part);
            return Ok(());
        }
        self.characters.extend_from_slice(part);
        while self.characters.len() >= QUANTUM {
            // The server encodes each part of its answer alone, so padding may stand anywhere.
            let padding = search(&self.characters, |characters| memchr::memchr(b'=', characters));
            let end = padding.map_or(self.characters.len(), |padding| padding + QUANTUM);
            let run = self.characters.split_to(end.min(self.characters.len()) / QUANTUM * QUANTUM);
            self.bytes.extend_from_slice(&BASE64_STANDARD.decode(run).map_err(broken)?);
        }
        Ok(())
    }

    /// The next frame that is whole.
    ///
    /// # Errors
    /// It is larger than any may be, or a status that cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Status> {
        let Some(&[flag, ref length @ ..]) = self.bytes.first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MESSAGE_LIMIT_BYTES {
            return Err(broken(format!("a frame claims {length} bytes")));
        }
        if self.bytes.len() < PREFIX_BYTES + length {
            return Ok(None);
        }
        self.bytes.advance(PREFIX_BYTES);
        let content = self.bytes.split_to(length).freeze();
        let frame = if flag & TRAILERS_FLAG == 0 { Frame::Message(content) } else { Frame::Status(status(&content)?) };
        Ok(Some(frame))
    }
}

fn status(trailers: &[u8]) -> Result<Status, Status> {
    let mut headers = HeaderMap::new();
    for line in String::from_utf8_lossy(trailers).lines() {
        let (name, value) = line.split_once(':').ok_or_else(|| broken(format!("`{line}` is no trailer")))?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(broken)?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(broken)?);
    }
    Status::from_header_map(&headers).ok_or_else(|| broken("the trailers have no status"))
}

/// The server has broken the protocol.
pub(crate) fn broken(what: impl std::fmt::Display) -> Status {
    Status::data_loss(what.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proto::{Quote, wire::CURSOR_HEADER};
    use tonic::Code;

    use super::*;
    use crate::{
        grpc_call::{Ending, ending},
        line_end::counted,
    };

    fn body() -> (Quote, Vec<Vec<u8>>) {
        let quote = Quote { symbol: "ETHX".into(), sequence: 7, bid: 1.5, ..Quote::default() };
        let frame = |flag: u8, content: &[u8]| {
            let length = u32::try_from(content.len()).unwrap();
            [&[flag], length.to_be_bytes().as_slice(), content].concat()
        };
        let trailers = format!("grpc-status: 11\r\ngrpc-message: too%20old\r\n{CURSOR_HEADER}: 42\r\n");
        let quotes = [frame(0, &quote.to_protobuf()), frame(0, &quote.to_protobuf())].concat();
        (quote, vec![quotes, frame(TRAILERS_FLAG, trailers.as_bytes())])
    }

    fn read(text: bool, wire: &[u8], size: usize) {
        let mut frames = Frames::new(text);
        let mut quotes = Vec::new();
        let mut ended = None;
        for part in wire.chunks(size) {
            frames.add(part).unwrap();
            while let Some(frame) = frames.next().unwrap() {
                match frame {
                    Frame::Message(message) => quotes.push(Quote::from_protobuf(&message).unwrap()),
                    Frame::Status(status) => ended = Some(status),
                }
            }
        }
        let ended = ended.expect("the status is the last frame");
        assert_eq!(quotes, [body().0, body().0]);
        assert_eq!((ended.code(), ended.message()), (Code::OutOfRange, "too old"));
        assert_eq!(ending(&ended).unwrap(), Ending::Reset(42.into()));
    }

    #[test]
    fn frames_are_found_however_the_body_is_cut() {
        let (_, parts) = body();
        let binary = parts.concat();
        let text: String = parts.iter().map(|part| BASE64_STANDARD.encode(part)).collect();
        assert!(
            text.trim_end_matches('=').contains('='),
            "padding stands in the middle, or this tests less than it says"
        );
        for size in 1..=binary.len() {
            read(false, &binary, size);
            read(true, text.as_bytes(), size);
        }
        read(true, text.as_bytes(), text.len());
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let mut frames = Frames::default();
        frames.add(&[0, 0xff, 0xff, 0xff, 0xff]).unwrap();
        assert_eq!(frames.next().unwrap_err().code(), Code::DataLoss);
        let mut frames = Frames::new(true);
        assert_eq!(frames.add(b"!!!!").unwrap_err().code(), Code::DataLoss);
        assert_eq!(status(b"no trailer").unwrap_err().code(), Code::DataLoss);
    }

    /// The text form is searched for padding once, whatever the parts; the binary form is not searched at all.
    #[test]
    fn no_byte_is_looked_at_twice() {
        for bytes in [1 << 10, 1 << 16, 1 << 19] {
            let message = request(&vec![7; bytes], true);
            for part in [7, 1_000, 16_384] {
                let mut frames = Frames::new(true);
                counted::take();
                message.chunks(part).for_each(|part| frames.add(part).unwrap());
                assert!(matches!(frames.next(), Ok(Some(Frame::Message(found))) if found.len() == bytes));
                let examined = counted::take();
                // Up to three characters of each part wait for their quantum, and are searched again with it.
                let most = message.len() + (QUANTUM - 1) * message.len().div_ceil(part);
                assert!(examined <= most, "{examined} of {} in parts of {part}", message.len());
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), part in 1_usize..20, at in 0_usize..60) {
            let (_, parts) = body();
            for text in [false, true] {
                let valid = if text { BASE64_STANDARD.encode(parts.concat()).into_bytes() } else { parts.concat() };
                let at = at.min(valid.len());
                for wire in [bytes.clone(), [&valid[..at], &bytes, &valid[at..]].concat()] {
                    let mut frames = Frames::new(text);
                    let read = wire.chunks(part).try_for_each(|part| {
                        frames.add(part)?;
                        while let Some(frame) = frames.next()? {
                            if let Frame::Message(message) = frame {
                                drop(Quote::from_protobuf(&message));
                            }
                        }
                        Ok::<_, Status>(())
                    });
                    prop_assert!(read.is_ok() || read.is_err_and(|status| ending(&status).is_err()));
                }
            }
        }
    }
}
