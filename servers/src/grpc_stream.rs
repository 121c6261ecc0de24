//! gRPC server streaming: `SubscribeQuotes` answers one request with every event after its cursor. The status that
//! ends the stream says why: OUT_OF_RANGE for a cursor that is too old, RESOURCE_EXHAUSTED for a client that is too
//! slow, UNAVAILABLE at shutdown.
//!
//! A limit: hyper asks for none of these while a message waits for room in the stream's window, and offers no way to
//! reset a stream from outside of its body. A client that reads the connection and answers its pings, but never takes
//! from the stream, keeps its place and one page until it goes, or until shutdown cuts the connection. It holds up
//! nobody else, and once it takes again it gets its status.

use proto::OutgoingQuote;

use crate::{
    Context, ServeError, Subscription,
    grpc::{self, Messages, QuoteCodec},
};

/// What `GET /` says.
const DESCRIPTION: &str = "\
grpc-stream: one call, answered by a stream of messages over HTTP/2

gRPC over HTTP/2 without TLS; curl is answered only this page. The server describes its methods: no file is needed.

grpcurl -plaintext {address} list
grpcurl -plaintext -d '{\"symbols\":[\"BTC\"]}' {address} MarketData/SubscribeQuotes
";

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context, DESCRIPTION).await
}

/// Flow control is HTTP/2's: while the client's window is full nothing is read from the hub, until the client has
/// fallen too far behind.
pub(crate) fn quotes(subscription: Subscription, codec: QuoteCodec) -> Messages<OutgoingQuote> {
    grpc::messages(subscription, codec)
}
