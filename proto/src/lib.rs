//! The contract between servers and clients: the messages of `market.proto`, their JSON and protobuf forms, the
//! settings of a variant, webhook signatures, and every path, header and field name.
//!
//! This crate never opens a socket, starts a task or reads a clock.

mod codec;
mod cursor;
mod events;
mod params;
mod retry_after;
mod text;
pub mod webhook;
pub mod wire;

pub use codec::{Encode, MarketCodec, MarketEncoder, OutgoingQuote};
pub use cursor::{Cursor, Epoch, InvalidCursor};
pub use events::{CodecError, EventPage, symbol_name};
pub use generated::{
    ClientMessage, FILE_DESCRIPTORS, FollowRequest, Quote, QuoteRequest, ServerMessage, SubscribeRequest,
    TradeConfirmation, TradeOrder, client_message, follow_request, market_data_client, market_data_server,
    server_message,
};
pub use params::{ParamError, Params, parse_duration};
pub use retry_after::retry_after;
pub use text::printable;

/// The code that the protobuf compiler generates from `market.proto`. A test checks that it is up to date.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod generated {
    include!("generated/market_data.rs");
    include!("generated/market_data_server.rs");
    /// The description of the service for server reflection, an encoded `FileDescriptorSet`.
    pub const FILE_DESCRIPTORS: &[u8] = include_bytes!("generated/market.descriptors");
}
