//! How a gRPC message becomes bytes: prost's encoding, with buffers that fit quotes, and a quote that may be encoded
//! already, so that a server encodes each event once however many follow it.
//!
//! Both ends use it; it must not know any RPC.

use std::marker::PhantomData;

use bytes::{BufMut, Bytes};
use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use crate::{Quote, wire::MESSAGE_LIMIT_BYTES};

/// First size of the two buffers that each call has; tonic's default, 8 KiB, is a hundred quotes.
const BUFFER_BYTES: usize = 512;

/// A quote on its way to a client: the same bytes on the wire, whichever it is.
#[derive(Debug, Clone, PartialEq)]
pub enum OutgoingQuote {
    /// The protobuf form, shared with every other client.
    Encoded(Bytes),
    /// A copy of the quote, encoded for this client alone: tonic's ordinary path.
    Plain(Quote),
}

/// What the codec can encode.
pub trait Encode: Send + 'static {
    /// Appends the protobuf form.
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

/// The codec of every call of the service.
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

/// Messages that are ready together leave together, whatever their size: how many are ready at once is the server's
/// batching rule, and not tonic's, which would cut at 32 KiB.
fn buffer_settings() -> BufferSettings {
    BufferSettings::new(BUFFER_BYTES, MESSAGE_LIMIT_BYTES)
}
