//! gRPC unary: calls `GetQuote` per symbol at every tick. The client counts a quote that it has already seen as a
//! wasted request. Each call has a deadline, which the client sends to the server and also enforces itself.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use proto::{Quote, QuoteRequest};
use tokio::time::timeout;
use tonic::{Request, Status};

use crate::{
    Batch, ClientError, Context, Cost, Subscription, Ticks,
    grpc::{GrpcConnection, MarketClient},
    grpc_call::first_call_error,
    http::RESPONSE_TIMEOUT,
    newest::Newest,
};

/// Connects and requests each symbol once. The kernel completes a connection before the server accepts it, so only a
/// response proves that the server knows this client.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut connection = GrpcConnection::open(context.endpoint, &context.params, context.seed).await?;
    let mut symbols = Vec::with_capacity(context.symbols.len());
    let mut first = VecDeque::new();
    for symbol in context.symbols {
        let mut batch = Batch::default();
        let quote = request_quote(&mut connection.market, &symbol, &mut batch.cost)
            .await
            .map_err(|status| first_call_error(&status))?;
        let mut newest = Newest::Start(context.after);
        newest.accept(quote, &mut batch);
        // Without a new quote there is no batch to return.
        first.extend(Some(batch).filter(|batch| !batch.events.is_empty()));
        symbols.push(Followed { symbol, newest });
    }
    Ok(Box::new(GrpcUnary { connection, symbols, turn: 0, ticks: context.ticks, first }))
}

struct GrpcUnary {
    connection: GrpcConnection,
    symbols: Vec<Followed>,
    /// Index of the symbol to request next. Index 0 starts a new round, which waits for a tick.
    turn: usize,
    ticks: Ticks,
    /// The batches from subscribing with quotes newer than the cursor to resume from. They are returned first.
    first: VecDeque<Batch>,
}

struct Followed {
    symbol: String,
    newest: Newest,
}

impl Subscription for GrpcUnary {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            if let Some(first) = self.first.pop_front() {
                return Ok(first);
            }
            if self.turn == 0 {
                self.ticks.next().await;
            }
            let mut batch = Batch::default();
            let followed = &mut self.symbols[self.turn];
            let quote = loop {
                match request_quote(&mut self.connection.market, &followed.symbol, &mut batch.cost).await {
                    Ok(quote) => break quote,
                    Err(status) => {
                        Box::pin(self.connection.recover(&status, &mut batch.cost)).await?;
                    }
                }
            };
            self.connection.reset_backoff();
            self.connection.count_reconnects(&mut batch.cost);
            followed.newest.accept(quote, &mut batch);
            self.turn = (self.turn + 1) % self.symbols.len();
            Ok(batch)
        })
    }
}

/// Makes one call and counts it as a request, even if it fails.
async fn request_quote(market: &mut MarketClient, symbol: &str, cost: &mut Cost) -> Result<Quote, Status> {
    let mut request = Request::new(QuoteRequest { symbol: symbol.to_owned() });
    request.set_timeout(RESPONSE_TIMEOUT);
    cost.requests += 1;
    // A lost server cannot enforce the deadline.
    let answer = timeout(RESPONSE_TIMEOUT, market.get_quote(request)).await;
    Ok(answer.map_err(|_| Status::deadline_exceeded("the server did not answer in time"))??.into_inner())
}
