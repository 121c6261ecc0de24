//! gRPC bidirectional streaming: `FollowQuotes` for the events, which the client acknowledges after processing, and
//! `Trade` on the same connection for the orders. The client calls `Trade` with its first order, so a client without
//! orders does not pay for the call.
//!
//! An order whose confirmation was lost with the connection is not sent again, because the server may have executed it.

use futures_util::{
    StreamExt, TryFutureExt,
    future::{self, BoxFuture},
    stream::{self, BoxStream},
};
use proto::{FollowRequest, Quote, SubscribeRequest, TradeConfirmation, TradeOrder, follow_request::Action};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status, Streaming};

use crate::{
    Batch, ClientError, Context, Cost, Orders, Subscription,
    grpc::{GrpcConnection, MarketClient},
    grpc_call::{Messages, adopt_cursor, first_call_error, recovery},
};

/// Most orders that wait to be sent. The client takes no more orders until there is room.
const WAITING_ORDERS: usize = 16;

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut connection = GrpcConnection::open(context.endpoint, &context.params, context.seed).await?;
    let mut request = SubscribeRequest { symbols: context.symbols, after: context.after, epoch: None };
    let follow =
        Follow::call(&mut connection.market, &mut request).await.map_err(|status| first_call_error(&status))?;
    Ok(Box::new(GrpcBidi { connection, request, follow, orders: context.orders, trade: None }))
}

struct GrpcBidi {
    connection: GrpcConnection,
    /// The cursor in it advances with every event.
    request: SubscribeRequest,
    follow: Follow,
    orders: Orders,
    trade: Option<Trade>,
}

impl Subscription for GrpcBidi {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut batch = Batch::default();
            // A caller that asks for the next batch has processed the last one.
            self.follow.acknowledge(self.request.after);
            while batch.events.is_empty() && batch.confirmations.is_empty() {
                tokio::select! {
                    received = self.follow.quotes.receive() => match received {
                        Ok(events) => self.accept(events, &mut batch),
                        Err(status) => Box::pin(self.resume(status, &mut batch.cost)).await?,
                    },
                    received = confirmations(&mut self.trade) => match received {
                        Ok(confirmations) => batch.confirmations = confirmations,
                        Err(status) => self.stop_trading(&status, &mut batch.cost)?,
                    },
                    order = self.orders.next(), if self.trade.as_ref().is_none_or(Trade::has_room) => {
                        self.send(order, &mut batch.cost);
                    }
                }
            }
            Ok(batch)
        })
    }
}

impl GrpcBidi {
    fn accept(&mut self, events: Vec<Quote>, batch: &mut Batch) {
        self.connection.reset_backoff();
        self.request.after = events.last().map(|event| event.sequence);
        batch.cost.with_events += events.len() as u64;
        batch.events = events;
    }

    async fn resume(&mut self, mut status: Status, cost: &mut Cost) -> Result<(), ClientError> {
        loop {
            if let Some(cursor) = self.connection.recover(&status, cost).await? {
                self.request.start_after(cursor);
            }
            cost.requests += 1;
            match Follow::call(&mut self.connection.market, &mut self.request).await {
                Ok(follow) => {
                    self.follow = follow;
                    self.connection.count_reconnects(cost);
                    return Ok(());
                }
                Err(refused) => status = refused,
            }
        }
    }

    fn send(&mut self, order: TradeOrder, cost: &mut Cost) {
        let trade = self.trade.get_or_insert_with(|| {
            cost.requests += 1;
            Trade::call(self.connection.market.clone())
        });
        // If the call has just ended, this order is lost like those that were already sent on it.
        let _ = trade.orders.try_send(order);
    }

    /// Drops the call of `Trade` after it has ended. The next order makes a new call. If the connection is lost, the
    /// call of `FollowQuotes` notices it and reconnects.
    fn stop_trading(&mut self, status: &Status, cost: &mut Cost) -> Result<(), ClientError> {
        self.trade = None;
        cost.errors += 1;
        recovery(status).map(drop)
    }
}

/// A call of `FollowQuotes`.
struct Follow {
    quotes: Messages<Streaming<Quote>>,
    /// Sequence number that the call started after, which needs no acknowledgement.
    beginning: Option<u64>,
    /// The newest acknowledgement. It overwrites one that has not been sent yet.
    acknowledged: watch::Sender<Option<u64>>,
}

impl Follow {
    async fn call(market: &mut MarketClient, request: &mut SubscribeRequest) -> Result<Self, Status> {
        let (acknowledged, changes) = watch::channel(None);
        let acknowledgements = stream::unfold(changes, |mut changes| async {
            changes.changed().await.ok()?;
            let acknowledge = (*changes.borrow_and_update())?;
            Some((FollowRequest { action: Some(Action::Acknowledge(acknowledge)) }, changes))
        });
        let subscribe = FollowRequest { action: Some(Action::Subscribe(request.clone())) };
        let requests = stream::once(future::ready(subscribe)).chain(acknowledgements);
        let response = market.follow_quotes(requests).await?;
        adopt_cursor(request, response.metadata());
        Ok(Self { quotes: Messages::new(response.into_inner()), beginning: request.after, acknowledged })
    }

    fn acknowledge(&self, sequence: Option<u64>) {
        if sequence != self.beginning {
            self.acknowledged.send_if_modified(|acknowledged| std::mem::replace(acknowledged, sequence) != sequence);
        }
    }
}

/// A call of `Trade`.
struct Trade {
    orders: mpsc::Sender<TradeOrder>,
    confirmations: Messages<BoxStream<'static, Result<TradeConfirmation, Status>>>,
}

impl Trade {
    /// Starts the call without waiting for the response, so that quotes continue to arrive.
    fn call(mut market: MarketClient) -> Self {
        let (orders, waiting) = mpsc::channel(WAITING_ORDERS);
        let call = async move { market.trade(ReceiverStream::new(waiting)).await.map(Response::into_inner) };
        Self { orders, confirmations: Messages::new(call.try_flatten_stream().boxed()) }
    }

    fn has_room(&self) -> bool {
        self.orders.capacity() > 0
    }
}

async fn confirmations(trade: &mut Option<Trade>) -> Result<Vec<TradeConfirmation>, Status> {
    match trade {
        Some(trade) => trade.confirmations.receive().await,
        None => future::pending().await,
    }
}
