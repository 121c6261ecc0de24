//! `Trade`, the gRPC method of the order desk: one confirmation per order, in the order of arrival.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use proto::{TradeConfirmation, TradeOrder};
use tonic::Streaming;

use crate::{
    Ended,
    grpc_messages::{self, Messages},
    grpc_service::{Market, Methods},
};

/// Adds `Trade` to the methods of a server.
pub(crate) fn added_to(methods: Methods) -> Methods {
    Methods { trade: Some(trade), ..methods }
}

/// Confirms orders until the client closes its sending side.
fn trade(market: &Market, orders: Streaming<TradeOrder>) -> Messages<TradeConfirmation> {
    let desk = Arc::clone(&market.desk);
    let closing = market.shutdown.clone().cancelled_owned();
    let confirmations = orders.map_ok(move |order| desk.execute(&order)).boxed();
    grpc_messages::end_early(confirmations, async {
        closing.await;
        Ended::Closed.into()
    })
}
