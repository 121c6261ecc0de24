//! gRPC unary: calls `GetQuote` for each symbol at every tick. A quote that was seen already is waste, and counted.

use futures_util::future::BoxFuture;
use proto::QuoteRequest;

use crate::{
    Batch, ClientError, Context, Subscription, Ticks,
    grpc::{Line, refusal},
};

/// Connects and learns the quotes to start from.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut line = Line::open(context.endpoint, context.seed).await?;
    let mut symbols = Vec::with_capacity(context.symbols.len());
    for symbol in context.symbols {
        let seen = match context.after {
            Some(after) => after,
            None => {
                let quote = line.market.get_quote(QuoteRequest { symbol: symbol.clone() }).await;
                quote.map_err(|status| refusal(&status))?.into_inner().sequence
            }
        };
        symbols.push(Followed { symbol, seen });
    }
    Ok(Box::new(GrpcUnary { line, symbols, turn: 0, ticks: context.ticks }))
}

struct GrpcUnary {
    line: Line,
    symbols: Vec<Followed>,
    /// The symbol to ask for next; the round starts with the first.
    turn: usize,
    ticks: Ticks,
}

struct Followed {
    symbol: String,
    /// Sequence number of the newest quote that was seen.
    seen: u64,
}

impl Subscription for GrpcUnary {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            if self.turn == 0 {
                self.ticks.next().await;
            }
            let mut batch = Batch::default();
            let followed = &mut self.symbols[self.turn];
            let quote = loop {
                match self.line.market.get_quote(QuoteRequest { symbol: followed.symbol.clone() }).await {
                    Ok(quote) => break quote.into_inner(),
                    Err(status) => {
                        self.line.recover(&status, &mut batch.cost).await?;
                    }
                }
            };
            self.line.works();
            batch.cost.requests += 1;
            if quote.sequence > followed.seen {
                followed.seen = quote.sequence;
                batch.cost.with_events += 1;
                batch.events.push(quote);
            } else {
                batch.cost.empty += 1;
            }
            self.turn = (self.turn + 1) % self.symbols.len();
            Ok(batch)
        })
    }
}
