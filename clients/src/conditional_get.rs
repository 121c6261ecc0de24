//! Conditional GET: `GET /quotes/{symbol}` at every tick, for each symbol, with the version it has in `If-None-Match`.
//! Unchanged is 304, which is waste, and counted. What changed more than once since the last tick is seen once.

use futures_util::future::BoxFuture;
use hyper::{
    StatusCode,
    header::{ETAG, IF_NONE_MATCH},
};
use proto::{Quote, wire::QUOTES_PATH};

use crate::{Batch, ClientError, Context, Subscription, Ticks, http::HttpClient, newest::Newest, retry::Backoff};

/// Connects and fetches the quote of each symbol, with the version that it has now.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let http = HttpClient::new(&context)?;
    let known = |symbol: &String| Known {
        target: format!("{QUOTES_PATH}/{symbol}"),
        etag: None,
        newest: Newest::Start(context.after),
    };
    let quotes = context.symbols.iter().map(known).collect();
    let (ticks, backoff) = (context.ticks, Backoff::new(context.seed));
    let mut poll = ConditionalGet { http, quotes, turn: 0, ticks, backoff, first: Batch::default() };
    let mut first = Batch::default();
    for _ in 0..poll.quotes.len() {
        poll.poll(&mut first).await?;
    }
    Ok(Box::new(ConditionalGet { first, ..poll }))
}

struct ConditionalGet {
    http: HttpClient,
    quotes: Vec<Known>,
    /// The quote to ask for next; at the first one, a round is over.
    turn: usize,
    ticks: Ticks,
    backoff: Backoff,
    /// What subscribing brought, where the quotes to resume from were behind already.
    first: Batch,
}

/// What a client remembers of one quote.
struct Known {
    target: String,
    /// Opaque: sent back as it came.
    etag: Option<String>,
    newest: Newest,
}

impl Subscription for ConditionalGet {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            if !self.first.events.is_empty() {
                return Ok(std::mem::take(&mut self.first));
            }
            if self.turn == 0 {
                self.ticks.next().await;
            }
            let mut batch = Batch::default();
            while let Err(error) = self.poll(&mut batch).await {
                Box::pin(self.backoff.pause_after(error, &mut batch.cost)).await?;
            }
            self.backoff.reset();
            Ok(batch)
        })
    }
}

impl ConditionalGet {
    /// One request and its answer, for the quote whose turn it is.
    async fn poll(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        let known = &mut self.quotes[self.turn];
        let condition = known.etag.as_deref().map(|etag| (IF_NONE_MATCH.as_str(), etag));
        let response = self.http.get(&known.target, condition.as_slice(), &mut batch.cost).await?;
        match response.status {
            StatusCode::OK => {
                known.etag = response.header(ETAG.as_str()).map(str::to_owned);
                known.newest.accept(Quote::from_json(&response.bytes().await?)?, batch);
            }
            StatusCode::NOT_MODIFIED => {
                batch.cost.empty += 1;
                batch.cost.not_modified += 1;
            }
            _ => return Err(Box::pin(response.failure()).await),
        }
        self.turn = (self.turn + 1) % self.quotes.len();
        Ok(())
    }
}
