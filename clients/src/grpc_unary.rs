//! gRPC unary: calls `GetQuote` for each symbol at every tick. A quote that was seen already is waste, and counted.
//! Each call has a deadline, which the server is told and the client keeps.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use proto::{Quote, QuoteRequest};
use tokio::time::timeout;
use tonic::{Request, Status};

use crate::{
    Batch, ClientError, Context, Cost, Subscription, Ticks,
    grpc::{Line, Market},
    grpc_call::refusal,
    http::PATIENCE,
    newest::Newest,
};

/// Connects and asks for each symbol once: the system completes a connection that the server has not taken yet, so
/// only an answer says that this client is there.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut line = Line::open(context.endpoint, context.seed).await?;
    let mut symbols = Vec::with_capacity(context.symbols.len());
    let mut first = VecDeque::new();
    for symbol in context.symbols {
        let mut batch = Batch::default();
        let quote = ask(&mut line.market, &symbol, &mut batch.cost).await.map_err(|status| refusal(&status))?;
        let mut newest = Newest::Start(context.after);
        newest.accept(quote, &mut batch);
        // That nothing is new is not worth a batch.
        first.extend(Some(batch).filter(|batch| !batch.events.is_empty()));
        symbols.push(Followed { symbol, newest });
    }
    Ok(Box::new(GrpcUnary { line, symbols, turn: 0, ticks: context.ticks, first }))
}

struct GrpcUnary {
    line: Line,
    symbols: Vec<Followed>,
    /// The symbol to ask for next; the round starts with the first.
    turn: usize,
    ticks: Ticks,
    /// What subscribing brought, where the cursor to start from was behind already; handed out before all else.
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
                match ask(&mut self.line.market, &followed.symbol, &mut batch.cost).await {
                    Ok(quote) => break quote,
                    Err(status) => {
                        Box::pin(self.line.recover(&status, &mut batch.cost)).await?;
                    }
                }
            };
            self.line.works();
            followed.newest.accept(quote, &mut batch);
            self.turn = (self.turn + 1) % self.symbols.len();
            Ok(batch)
        })
    }
}

/// One call, which counts whatever becomes of it.
async fn ask(market: &mut Market, symbol: &str, cost: &mut Cost) -> Result<Quote, Status> {
    let mut request = Request::new(QuoteRequest { symbol: symbol.to_owned() });
    request.set_timeout(PATIENCE);
    cost.requests += 1;
    // A server that is lost keeps no deadline.
    let answer = timeout(PATIENCE, market.get_quote(request)).await;
    Ok(answer.map_err(|_| Status::deadline_exceeded("the server did not answer in time"))??.into_inner())
}
