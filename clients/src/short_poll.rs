//! Short polling: `GET /events?after=N` at every tick, at once again while the server has more. An answer without
//! events is waste, and counted.

use futures_util::future::BoxFuture;
use hyper::StatusCode;
use proto::{
    EventPage,
    wire::{AFTER_FIELD, CURSOR_HEADER, EVENTS_PATH, SYMBOLS_FIELD},
};

use crate::{
    Batch, ClientError, Context, Cost, Subscription, Ticks,
    http::{HttpClient, Response},
    retry::Backoff,
};

/// Connects and learns the cursor to start from.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut poll = ShortPoll {
        http: HttpClient::new(&context)?,
        target: format!("{EVENTS_PATH}?{SYMBOLS_FIELD}={}", context.symbols.join(",")),
        cursor: context.after.map(|after| after.to_string()),
        ticks: context.ticks,
        has_more: false,
        backoff: Backoff::new(context.seed),
    };
    if poll.cursor.is_none() {
        poll.poll(&mut Batch::default()).await?;
    }
    Ok(Box::new(poll))
}

struct ShortPoll {
    http: HttpClient,
    target: String,
    cursor: Option<String>,
    ticks: Ticks,
    /// The last answer was full: ask again at once.
    has_more: bool,
    backoff: Backoff,
}

impl Subscription for ShortPoll {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            if !self.has_more {
                self.ticks.next().await;
            }
            let mut batch = Batch::default();
            loop {
                match self.poll(&mut batch).await {
                    Ok(()) => return Ok(batch),
                    Err(ClientError::Connection(_)) => self.pause(&mut batch.cost).await,
                    Err(error) => return Err(error),
                }
            }
        })
    }
}

impl ShortPoll {
    async fn poll(&mut self, batch: &mut Batch) -> Result<(), ClientError> {
        let target = match &self.cursor {
            Some(cursor) => format!("{}&{AFTER_FIELD}={cursor}", self.target),
            None => self.target.clone(),
        };
        let response = self.http.get(&target, &[]).await?;
        batch.cost.requests += 1;
        batch.cost.reconnects += self.http.take_reconnects();
        match response.status {
            StatusCode::OK => {
                let page = EventPage::from_json(&response.bytes().await?)?;
                batch.cost.with_events += 1;
                batch.events = page.events;
                self.cursor = Some(page.cursor);
                self.has_more = page.has_more;
            }
            StatusCode::NO_CONTENT => {
                batch.cost.empty += 1;
                self.resume_from(&response)?;
            }
            StatusCode::GONE => {
                batch.cost.empty += 1;
                batch.cost.resets += 1;
                self.resume_from(&response)?;
            }
            status if status.is_server_error() => return Err(ClientError::Connection(status.to_string())),
            _ => return Err(response.refusal().await),
        }
        self.backoff.reset();
        Ok(())
    }

    fn resume_from(&mut self, response: &Response) -> Result<(), ClientError> {
        let cursor = response.header(CURSOR_HEADER);
        self.cursor = Some(cursor.ok_or_else(|| ClientError::Protocol("an empty answer has no cursor".into()))?.into());
        self.has_more = false;
        Ok(())
    }

    async fn pause(&mut self, cost: &mut Cost) {
        cost.errors += 1;
        self.backoff.pause().await;
    }
}
