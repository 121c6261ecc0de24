//! The gRPC codec of both ends: prost's encoding, with buffers sized for quotes. It also accepts quotes that are
//! already encoded, so that a server encodes each event once, however many clients follow it. A quote may be JSON, too.
//!
//! It must not know any RPC.

use std::marker::PhantomData;

use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use crate::{
    FollowRequest, Quote, QuoteRequest, SubscribeRequest, TradeConfirmation, TradeOrder, wire::MESSAGE_LIMIT_BYTES,
};

/// Initial size of the two buffers of each call. tonic's default of 8 KiB would hold a hundred quotes.
const BUFFER_BYTES: usize = 512;

/// A quote on its way to a client.
#[derive(Debug, Clone, PartialEq)]
pub enum OutgoingQuote {
    /// The encoded form, shared by all clients.
    Encoded(Bytes),
    /// A copy of the quote that is encoded for this client alone, as tonic does by default.
    Plain(Quote),
}

/// A message that the codec can encode.
pub trait Encode: Send + 'static {
    /// Appends the protobuf form to the buffer.
    fn encode_to(&self, buffer: &mut EncodeBuf<'_>);
}

impl<M: Message + 'static> Encode for M {
    fn encode_to(&self, buffer: &mut EncodeBuf<'_>) {
        self.encode(buffer).expect("the buffer grows as needed");
    }
}

impl Encode for OutgoingQuote {
    fn encode_to(&self, buffer: &mut EncodeBuf<'_>) {
        match self {
            Self::Encoded(bytes) => buffer.put_slice(bytes),
            Self::Plain(quote) => quote.encode_to(buffer),
        }
    }
}

/// A message that the codec can decode.
pub trait Decode: Message + Default + 'static {
    /// Decodes a whole message.
    ///
    /// # Errors
    /// INTERNAL if the bytes are not such a message.
    fn decode_from(buffer: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        Self::decode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decode for FollowRequest {}
impl Decode for QuoteRequest {}
impl Decode for SubscribeRequest {}
impl Decode for TradeConfirmation {}
impl Decode for TradeOrder {}

/// A quote in JSON begins with a brace, which begins no field of a quote in protobuf.
impl Decode for Quote {
    fn decode_from(buffer: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        let decoded = match buffer.chunk().first() {
            Some(b'{') => Self::from_json(&buffer.copy_to_bytes(buffer.remaining())),
            _ => Self::decode(buffer).map_err(Into::into),
        };
        decoded.map_err(|error| Status::internal(error.to_string()))
    }
}

/// The codec that every call of the service uses.
#[derive(Debug)]
pub struct MarketCodec<E, D>(PhantomData<(E, D)>);

impl<E, D> Default for MarketCodec<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E: Encode, D: Decode> Codec for MarketCodec<E, D> {
    type Encode = E;
    type Decode = D;
    type Encoder = MarketEncoder<E>;
    type Decoder = MarketDecoder<D>;

    fn encoder(&mut self) -> Self::Encoder {
        MarketEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        MarketDecoder(PhantomData)
    }
}

/// The encoding half of the codec.
#[derive(Debug)]
pub struct MarketEncoder<E>(PhantomData<E>);

impl<E: Encode> Encoder for MarketEncoder<E> {
    type Item = E;
    type Error = Status;

    fn encode(&mut self, item: E, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode_to(buffer);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffer_settings()
    }
}

/// The decoding half of the codec.
#[derive(Debug)]
pub struct MarketDecoder<D>(PhantomData<D>);

impl<D: Decode> Decoder for MarketDecoder<D> {
    type Item = D;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        D::decode_from(buffer).map(Some)
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffer_settings()
    }
}

/// Sets the yield threshold to the message limit, so that messages that are ready together are sent together. How many
/// are ready at once is up to the server's batching rule; tonic's default would cut a batch at 32 KiB.
fn buffer_settings() -> BufferSettings {
    BufferSettings::new(BUFFER_BYTES, MESSAGE_LIMIT_BYTES)
}
