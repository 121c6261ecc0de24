//! The gRPC codec of both ends: prost's encoding, with buffers sized for quotes. It also accepts quotes that are
//! already encoded, so that a server encodes each event once, however many clients follow it.
//!
//! It must not know any RPC.

use std::marker::PhantomData;

use bytes::{BufMut, Bytes};
use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use crate::{Quote, wire::MESSAGE_LIMIT_BYTES};

/// Initial size of the two buffers of each call. tonic's default of 8 KiB would hold a hundred quotes.
const BUFFER_BYTES: usize = 512;

/// A quote on its way to a client. Both variants produce the same bytes on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum OutgoingQuote {
    /// The protobuf form, shared by all clients.
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

/// The codec that every call of the service uses.
#[derive(Debug)]
pub struct MarketCodec<E, D>(PhantomData<(E, D)>);

impl<E, D> Default for MarketCodec<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E: Encode, D: Message + Default + 'static> Codec for MarketCodec<E, D> {
    type Encode = E;
    type Decode = D;
    type Encoder = MarketEncoder<E>;
    type Decoder = ProstDecoder<D>;

    fn encoder(&mut self) -> Self::Encoder {
        MarketEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::new(buffer_settings())
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

/// Sets the yield threshold to the message limit, so that messages that are ready together are sent together. How many
/// are ready at once is up to the server's batching rule; tonic's default would cut a batch at 32 KiB.
fn buffer_settings() -> BufferSettings {
    BufferSettings::new(BUFFER_BYTES, MESSAGE_LIMIT_BYTES)
}
