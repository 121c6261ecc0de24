//! gRPC server streaming: `SubscribeQuotes` answers one request with every event after its cursor. The status that
//! ends the stream says why: OUT_OF_RANGE for a cursor that is too old, RESOURCE_EXHAUSTED for a client that is too
//! slow, UNAVAILABLE at shutdown.

use proto::{OutgoingQuote, SubscribeRequest};
use tonic::Status;

use crate::{
    Context, ServeError,
    grpc::{self, Market, Messages},
};

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context).await
}

/// Flow control is HTTP/2's: while the client's window is full nothing is read from the hub, until the client has
/// fallen too far behind.
pub(crate) fn subscribe_quotes(market: &Market, request: &SubscribeRequest) -> Result<Messages<OutgoingQuote>, Status> {
    Ok(grpc::messages(market.subscribe(request)?, market.codec))
}
