//! gRPC unary: `GetQuote` returns the newest quote of a symbol at once, whether it is new or not. Sequence number 0
//! means that there has been no event yet.

use proto::{OutgoingQuote, QuoteRequest};
use tonic::Status;

use crate::{
    Context, ServeError, grpc,
    grpc_service::{Market, Methods},
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
grpc-unary: the client calls for the newest quote at an interval

gRPC over HTTP/2 without TLS. curl gets only this page. The server has reflection: grpcurl needs no .proto file.

grpcurl -plaintext {address} list
grpcurl -plaintext -d '{\"symbol\":\"BTC\"}' {address} MarketData/GetQuote
";

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context, DESCRIPTION, methods()).await
}

pub(crate) fn methods() -> Methods {
    Methods { get_quote: Some(get_quote), ..Methods::default() }
}

fn get_quote(market: &Market, request: &QuoteRequest) -> Result<OutgoingQuote, Status> {
    let symbol = market.hub.resolve([request.symbol.as_str()])?[0];
    Ok(market.codec.message(&market.hub.latest(symbol)))
}
