//! Conditional GET: `GET /quotes/{symbol}` per symbol at every tick, with the known version in `If-None-Match`. The
//! client counts a 304 as a wasted request. It sees only the last of several changes between two ticks.

use futures_util::future::BoxFuture;
use hyper::{
    StatusCode,
    header::{ETAG, IF_NONE_MATCH},
};
use proto::{Quote, wire::QUOTES_PATH};

use crate::{Batch, ClientError, Context, Subscription, Ticks, http::HttpClient, newest::Newest, retry::Backoff};

/// Connects and fetches the current quote and version of each symbol.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let http = HttpClient::new(&context)?;
    let polled = |symbol: &String| PolledQuote {
        target: format!("{QUOTES_PATH}/{symbol}"),
        etag: None,
        newest: Newest::Start(context.after),
    };
    let quotes = context.symbols.iter().map(polled).collect();
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
    quotes: Vec<PolledQuote>,
    /// Index of the quote to poll next. Index 0 starts a new round, which waits for a tick.
    turn: usize,
    ticks: Ticks,
    backoff: Backoff,
    /// The batch from subscribing. It is returned first if it has quotes newer than the cursor to resume from.
    first: Batch,
}

/// One quote that the client polls, and its last known version.
struct PolledQuote {
    target: String,
    /// Opaque: sent back unchanged.
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
    /// Polls the next quote once.
    async fn poll(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        let polled = &mut self.quotes[self.turn];
        let condition = polled.etag.as_deref().map(|etag| (IF_NONE_MATCH.as_str(), etag));
        let response = self.http.get(&polled.target, condition.as_slice(), &mut batch.cost).await?;
        match response.status {
            StatusCode::OK => {
                polled.etag = response.header(ETAG.as_str()).map(str::to_owned);
                polled.newest.accept(Quote::from_json(&response.bytes().await?)?, batch);
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
