//! gRPC server streaming: `SubscribeQuotes` answers one request with all events after its cursor. The status at the end
//! of the stream gives the reason: OUT_OF_RANGE for a cursor that is too old, RESOURCE_EXHAUSTED for a client that is
//! too slow, and UNAVAILABLE at shutdown.
//!
//! Limitation: hyper does not poll the response body while a message waits for the stream's flow-control window, and
//! cannot reset a stream from outside its body. So a client that reads the connection and answers pings, but never
//! reads from the stream, keeps its subscription and one page until it disconnects or a shutdown cuts the connection.
//! It does not delay other clients, and gets its status when it reads again.

use proto::OutgoingQuote;

use crate::{
    Context, ServeError, Subscription, grpc,
    grpc_messages::{self, Messages, QuoteCodec},
    grpc_service::Methods,
    grpc_trade, grpc_unary,
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
grpc-stream: one call, answered by a stream of messages over HTTP/2

gRPC over HTTP/2 without TLS. curl gets only this page. The server has reflection: grpcurl needs no .proto file.

grpcurl -plaintext {address} list
grpcurl -plaintext -d '{\"symbols\":[\"BTC\"]}' {address} MarketData/SubscribeQuotes
";

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context, DESCRIPTION, methods()).await
}

/// Returns all methods of the article's service, so that the article's client works against this server.
pub(crate) fn methods() -> Methods {
    grpc_trade::added_to(quote_methods())
}

/// Returns the methods for quotes: the newest one, and a stream of them.
pub(crate) fn quote_methods() -> Methods {
    Methods { subscribe_quotes: Some(quotes), ..grpc_unary::methods() }
}

/// Returns the events of a subscription as messages. HTTP/2 provides the flow control: while the client's window is
/// full, no events are read from the hub, and the client may fall too far behind.
fn quotes(subscription: Subscription, codec: QuoteCodec) -> Messages<OutgoingQuote> {
    grpc_messages::messages(subscription, codec)
}
