//! gRPC server streaming: reads the messages of one call of `SubscribeQuotes`. When the call ends, the client calls
//! again and resumes after the last event.

use futures_util::future::BoxFuture;
use proto::{Quote, SubscribeRequest};
use tonic::{Status, Streaming};

use crate::{
    Batch, ClientError, Context, Cost, Subscription,
    grpc::{Line, Market},
    grpc_call::{Inbox, begin, refusal},
};

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut line = Line::open(context.endpoint, context.seed).await?;
    let mut request = SubscribeRequest { symbols: context.symbols, after: context.after, epoch: None };
    let quotes = call(&mut line.market, &mut request).await.map_err(|status| refusal(&status))?;
    Ok(Box::new(GrpcStream { line, request, quotes }))
}

struct GrpcStream {
    line: Line,
    /// The cursor in it advances with every event.
    request: SubscribeRequest,
    quotes: Inbox<Streaming<Quote>>,
}

impl Subscription for GrpcStream {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut cost = Cost::default();
            loop {
                match self.quotes.receive().await {
                    Ok(events) => {
                        self.line.works();
                        self.request.after = events.last().map(|event| event.sequence);
                        cost.with_events += events.len() as u64;
                        return Ok(Batch { events, cost, ..Batch::default() });
                    }
                    Err(status) => Box::pin(self.resume(status, &mut cost)).await?,
                }
            }
        })
    }
}

impl GrpcStream {
    async fn resume(&mut self, mut status: Status, cost: &mut Cost) -> Result<(), ClientError> {
        loop {
            if let Some(cursor) = self.line.recover(&status, cost).await? {
                self.request.start_after(cursor);
            }
            cost.requests += 1;
            match call(&mut self.line.market, &mut self.request).await {
                Ok(quotes) => {
                    self.quotes = quotes;
                    return Ok(());
                }
                Err(refused) => status = refused,
            }
        }
    }
}

async fn call(market: &mut Market, request: &mut SubscribeRequest) -> Result<Inbox<Streaming<Quote>>, Status> {
    let response = market.subscribe_quotes(request.clone()).await?;
    begin(request, response.metadata());
    Ok(Inbox::new(response.into_inner()))
}
