//! Encodes and decodes gRPC-Web frames. Five bytes precede each message, and the status is text in a frame that is
//! marked as trailers. In text mode, the whole body is base64. It must not know what the messages are.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use proto::wire::MESSAGE_LIMIT_BYTES;
use tonic::Status;

use crate::line_end::search;

/// Length of the flag and the length field before each frame.
const PREFIX_BYTES: usize = 5;
/// Flag of the frame with the status.
const TRAILERS_FLAG: u8 = 0x80;
/// Number of base64 characters that encode three bytes, or the last one or two bytes of a part.
const QUANTUM: usize = 4;

/// Returns the body of a request with this message.
pub(crate) fn request(message: &[u8], text: bool) -> Bytes {
    let mut body = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).expect("a subscription is smaller than 4 GiB"));
    body.extend_from_slice(message);
    if text { BASE64_STANDARD.encode(&body).into() } else { body.freeze() }
}

/// Decodes the frames of a body that arrives in parts.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    text: bool,
    /// Base64 characters that are not a complete quantum yet.
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

    /// Adds the next part of the body.
    ///
    /// # Errors
    /// The part is not base64, in text mode.
    pub(crate) fn add(&mut self, part: &[u8]) -> Result<(), Status> {
        if !self.text {
            self.bytes.extend_from_slice(part);
            return Ok(());
        }
        self.characters.extend_from_slice(part);
        while self.characters.len() >= QUANTUM {
            // The server encodes each part of its response separately, so padding may appear anywhere.
            let padding = search(&self.characters, |characters| memchr::memchr(b'=', characters));
            let end = padding.map_or(self.characters.len(), |padding| padding + QUANTUM);
            let run = self.characters.split_to(end.min(self.characters.len()) / QUANTUM * QUANTUM);
            self.bytes.extend_from_slice(&BASE64_STANDARD.decode(run).map_err(protocol_error)?);
        }
        Ok(())
    }

    /// Returns the next complete frame, or `None` if more parts are needed.
    ///
    /// # Errors
    /// The frame is larger than the message limit, or has an invalid status.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Status> {
        let Some(&[flag, ref length @ ..]) = self.bytes.first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MESSAGE_LIMIT_BYTES {
            return Err(protocol_error(format!(
                "a frame of {length} bytes is larger than {MESSAGE_LIMIT_BYTES} bytes"
            )));
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
        let (name, value) = line.split_once(':').ok_or_else(|| protocol_error(format!("`{line}` is not a trailer")))?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(protocol_error)?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(protocol_error)?);
    }
    Status::from_header_map(&headers).ok_or_else(|| protocol_error("the trailers have no status"))
}

/// Returns the status for a server that broke the protocol.
pub(crate) fn protocol_error(what: impl std::fmt::Display) -> Status {
    Status::data_loss(what.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proto::{Quote, wire::CURSOR_HEADER};
    use tonic::Code;

    use super::*;
    use crate::{
        grpc_call::{Recovery, recovery},
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
        assert_eq!(recovery(&ended).unwrap(), Recovery::Reset(42.into()));
    }

    #[test]
    fn decodes_the_same_frames_whatever_the_part_size() {
        let (_, parts) = body();
        let binary = parts.concat();
        let text: String = parts.iter().map(|part| BASE64_STANDARD.encode(part)).collect();
        assert!(
            text.trim_end_matches('=').contains('='),
            "the text must have padding in the middle, or the test does not cover it"
        );
        for size in 1..=binary.len() {
            read(false, &binary, size);
            read(true, text.as_bytes(), size);
        }
        read(true, text.as_bytes(), text.len());
    }

    #[test]
    fn rejects_malformed_frames() {
        let mut frames = Frames::default();
        frames.add(&[0, 0xff, 0xff, 0xff, 0xff]).unwrap();
        assert_eq!(frames.next().unwrap_err().code(), Code::DataLoss);
        let mut frames = Frames::new(true);
        assert_eq!(frames.add(b"!!!!").unwrap_err().code(), Code::DataLoss);
        assert_eq!(status(b"no trailer").unwrap_err().code(), Code::DataLoss);
    }

    /// Only the text form is searched, for padding.
    #[test]
    fn searches_each_character_once_for_padding() {
        for bytes in [1 << 10, 1 << 16, 1 << 19] {
            let message = request(&vec![7; bytes], true);
            for part in [7, 1_000, 16_384] {
                let mut frames = Frames::new(true);
                counted::take();
                message.chunks(part).for_each(|part| frames.add(part).unwrap());
                assert!(matches!(frames.next(), Ok(Some(Frame::Message(found))) if found.len() == bytes));
                let examined = counted::take();
                // Up to three characters of each part wait for the rest of their quantum, and are searched again.
                let most = message.len() + (QUANTUM - 1) * message.len().div_ceil(part);
                assert!(examined <= most, "{examined} of {} in parts of {part}", message.len());
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80), part in 1_usize..20, at in 0_usize..60) {
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
                    prop_assert!(read.is_ok() || read.is_err_and(|status| recovery(&status).is_err()));
                }
            }
        }
    }
}
