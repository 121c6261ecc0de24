//! gRPC bidirectional streaming: `FollowQuotes` sends events and receives acknowledgements. `Trade`, in `grpc_trade`,
//! receives orders and sends confirmations. Both calls use one connection.
//!
//! An acknowledgement means that the client has processed all events up to a sequence number. When too many events are
//! unacknowledged, the server stops sending. If the client then falls further behind than the queue limit, the call
//! ends with RESOURCE_EXHAUSTED, as for a client that does not read.

use std::collections::VecDeque;

use futures_util::{FutureExt, StreamExt, stream::Fuse};
use proto::{FollowRequest, follow_request::Action};
use tonic::{Status, Streaming};

use crate::{
    Context, Ended, Page, ServeError, Subscription, grpc,
    grpc_messages::{self, Pages},
    grpc_service::{Followed, Market, Methods},
    grpc_stream,
};

/// Number of unacknowledged events at which the server stops sending.
const MAX_UNACKNOWLEDGED_EVENTS: usize = 1_024;

/// The response to `GET /`.
const DESCRIPTION: &str = "\
grpc-bidi: events one way, acknowledgements and orders the other, over HTTP/2

gRPC over HTTP/2 without TLS. curl gets only this page. The server has reflection: grpcurl needs no .proto file.

grpcurl -plaintext {address} list
grpcurl -plaintext -d '{\"subscribe\":{\"symbols\":[\"BTC\"]}}' {address} MarketData/FollowQuotes
";

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    grpc::serve(context, DESCRIPTION, methods()).await
}

fn methods() -> Methods {
    Methods { follow_quotes: Some(follow_quotes), ..grpc_stream::methods() }
}

/// Waits for the client's subscription. Returns the cursor that the messages start after, and the messages.
fn follow_quotes(market: &Market, mut requests: Streaming<FollowRequest>) -> Followed<'_> {
    async move {
        let first = requests.message().await?.and_then(|request| request.action);
        let Some(Action::Subscribe(request)) = first else {
            return Err(Status::invalid_argument("the first message must subscribe"));
        };
        let subscription = market.subscribe(&request)?;
        let cursor = subscription.cursor();
        let follower = Follower { subscription, requests: requests.fuse(), unacknowledged: VecDeque::new() };
        Ok((cursor, grpc_messages::messages(follower, market.codec)))
    }
    .boxed()
}

/// A subscription whose events are acknowledged.
struct Follower {
    subscription: Subscription,
    /// When the client closes its sending side, events continue up to the limit of unacknowledged ones.
    requests: Fuse<Streaming<FollowRequest>>,
    /// Sequence numbers of the events that were sent but not acknowledged.
    unacknowledged: VecDeque<u64>,
}

impl Pages for Follower {
    async fn next(&mut self) -> Result<Page, Status> {
        loop {
            let may_send = self.unacknowledged.len() < MAX_UNACKNOWLEDGED_EVENTS;
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
            return Err(Status::invalid_argument(format!("event {sequence} was acknowledged before it was sent")));
        }
        let acknowledged = self.unacknowledged.partition_point(|&sent| sent <= sequence);
        self.unacknowledged.drain(..acknowledged);
        Ok(())
    }
}

/// Waits for the next page. While sending is not allowed, waits only for the end of the subscription.
async fn next_page(subscription: &mut Subscription, may_send: bool) -> Result<Page, Ended> {
    if may_send { subscription.next().await } else { Err(subscription.ended().await) }
}
