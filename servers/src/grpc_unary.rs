//! gRPC unary: `GetQuote` answers at once with the newest quote of a symbol, news or not; sequence number 0 says that
//! there has been none.

use proto::{OutgoingQuote, QuoteRequest};
use tonic::Status;

use crate::{
    Context, ServeError,
    grpc::{self, Market},
};

/// What `GET /` says.
const DESCRIPTION: &str = "\
grpc-unary: the client calls for the newest quote at an interval

gRPC over HTTP/2 without TLS; curl is answered only this page. The server describes its methods: no file is needed.

grpcurl -plaintext {address} list
grpcurl -plaintext -d '{\"symbol\":\"BTC\"}' {address} MarketData/GetQuote
";

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context, DESCRIPTION).await
}

pub(crate) fn get_quote(market: &Market, request: &QuoteRequest) -> Result<OutgoingQuote, Status> {
    let symbol = market.hub.resolve([request.symbol.as_str()])?[0];
    Ok(market.codec.message(&market.hub.latest(symbol)))
}
