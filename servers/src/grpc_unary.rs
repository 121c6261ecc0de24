//! gRPC unary: `GetQuote` answers at once with the newest quote of a symbol, news or not; sequence number 0 says that
//! there has been none.

use proto::{OutgoingQuote, QuoteRequest};
use tonic::Status;

use crate::{
    Context, ServeError,
    grpc::{self, Market},
};

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context).await
}

pub(crate) fn get_quote(market: &Market, request: &QuoteRequest) -> Result<OutgoingQuote, Status> {
    let symbol = market.hub.resolve([request.symbol.as_str()])?[0];
    Ok(market.codec.message(&market.hub.latest(symbol)))
}
