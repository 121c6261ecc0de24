//! gRPC bidirectional streaming: `FollowQuotes` sends events and takes acknowledgements, `Trade` takes orders and sends
//! confirmations, both on one connection.
//!
//! An acknowledgement says that the client has processed what it names. Only so many events may be without one; then
//! the server waits, and a client that stays silent while more happens than the queue limit allows is ended with
//! RESOURCE_EXHAUSTED, like one that does not read.

use std::{collections::VecDeque, sync::Arc};

use futures_util::{StreamExt, TryStreamExt, stream::Fuse};
use proto::{Cursor, FollowRequest, OutgoingQuote, TradeConfirmation, TradeOrder, follow_request::Action};
use tonic::{Status, Streaming};

use crate::{
    Context, Ended, Page, ServeError, Subscription,
    grpc::{self, Market, Messages, Pages},
};

/// Events without acknowledgement at which the server waits for one.
const UNACKNOWLEDGED_EVENTS: usize = 1_024;

/// What `GET /` says.
const DESCRIPTION: &str = "\
grpc-bidi: events one way, acknowledgements and orders the other, over HTTP/2

gRPC over HTTP/2 without TLS; curl is answered only this page. The server describes its methods: no file is needed.

grpcurl -plaintext {address} list
grpcurl -plaintext -d '{\"subscribe\":{\"symbols\":[\"BTC\"]}}' {address} MarketData/FollowQuotes
";

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context, DESCRIPTION).await
}

/// Answers with the head of the stream once the client is subscribed; the cursor is where it begins.
pub(crate) async fn follow_quotes(
    market: &Market,
    mut requests: Streaming<FollowRequest>,
) -> Result<(Cursor, Messages<OutgoingQuote>), Status> {
    let first = requests.message().await?.and_then(|request| request.action);
    let Some(Action::Subscribe(request)) = first else {
        return Err(Status::invalid_argument("the first message must subscribe"));
    };
    let subscription = market.subscribe(&request)?;
    let cursor = subscription.cursor();
    let follower = Follower { subscription, requests: requests.fuse(), unacknowledged: VecDeque::new() };
    Ok((cursor, grpc::messages(follower, market.codec)))
}

/// A subscription whose events are acknowledged.
struct Follower {
    subscription: Subscription,
    /// When the client closes its side the events go on, as far as they may without acknowledgement.
    requests: Fuse<Streaming<FollowRequest>>,
    /// Sequence numbers of the events that were sent.
    unacknowledged: VecDeque<u64>,
}

impl Pages for Follower {
    async fn next(&mut self) -> Result<Page, Status> {
        loop {
            let may_send = self.unacknowledged.len() < UNACKNOWLEDGED_EVENTS;
            tokio::select! {
                Some(request) = self.requests.next() => self.acknowledge(&request?)?,
                page = next_page(&mut self.subscription, may_send) => {
                    let page = page?;
                    self.unacknowledged.extend(page.entries.iter().map(|entry| entry.quote.sequence));
                    return Ok(page);
                }
            }
        }
    }
}

impl Follower {
    fn acknowledge(&mut self, request: &FollowRequest) -> Result<(), Status> {
        let Some(Action::Acknowledge(sequence)) = request.action else {
            return Err(Status::invalid_argument("every message after the first must acknowledge"));
        };
        if sequence > self.subscription.cursor().sequence {
            return Err(Status::invalid_argument(format!("event {sequence} is acknowledged before it was sent")));
        }
        let acknowledged = self.unacknowledged.partition_point(|&sent| sent <= sequence);
        self.unacknowledged.drain(..acknowledged);
        Ok(())
    }
}

/// While nothing may be sent, only the end of the subscription is worth waiting for.
async fn next_page(subscription: &mut Subscription, may_send: bool) -> Result<Page, Ended> {
    if may_send { subscription.next().await } else { Err(subscription.ended().await) }
}

/// A confirmation for each order, in the order of their arrival, until the client closes its side.
pub(crate) fn trade(market: &Market, orders: Streaming<TradeOrder>) -> Messages<TradeConfirmation> {
    let desk = Arc::clone(&market.desk);
    let closing = market.shutdown.clone().cancelled_owned();
    let confirmations = orders.map_ok(move |order| desk.execute(&order)).boxed();
    grpc::until(confirmations, async {
        closing.await;
        Ended::Closed.into()
    })
}
