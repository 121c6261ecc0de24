//! gRPC server streaming: reads the messages of one call of `SubscribeQuotes`. When the call ends, the client calls
//! again and resumes after the last event.

use futures_util::future::BoxFuture;
use proto::{Quote, SubscribeRequest};
use tonic::{Status, Streaming};

use crate::{
    Batch, ClientError, Context, Cost, Subscription,
    grpc::{GrpcConnection, MarketClient},
    grpc_call::{Messages, adopt_cursor, first_call_error},
};

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut connection = GrpcConnection::open(context.endpoint, &context.params, context.seed).await?;
    let mut request = SubscribeRequest { symbols: context.symbols, after: context.after, epoch: None };
    let quotes = call(&mut connection.market, &mut request).await.map_err(|status| first_call_error(&status))?;
    Ok(Box::new(GrpcStream { connection, request, quotes }))
}

struct GrpcStream {
    connection: GrpcConnection,
    /// The cursor in it advances with every event.
    request: SubscribeRequest,
    quotes: Messages<Streaming<Quote>>,
}

impl Subscription for GrpcStream {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut cost = Cost::default();
            loop {
                match self.quotes.receive().await {
                    Ok(events) => {
                        self.connection.reset_backoff();
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
            if let Some(cursor) = self.connection.recover(&status, cost).await? {
                self.request.start_after(cursor);
            }
            cost.requests += 1;
            match call(&mut self.connection.market, &mut self.request).await {
                Ok(quotes) => {
                    self.quotes = quotes;
                    self.connection.count_reconnects(cost);
                    return Ok(());
                }
                Err(refused) => status = refused,
            }
        }
    }
}

async fn call(market: &mut MarketClient, request: &mut SubscribeRequest) -> Result<Messages<Streaming<Quote>>, Status> {
    let response = market.subscribe_quotes(request.clone()).await?;
    adopt_cursor(request, response.metadata());
    Ok(Messages::new(response.into_inner()))
}
