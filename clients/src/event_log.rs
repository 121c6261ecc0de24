//! Polls `GET /events` for short and long polling: advances the cursor with each response and counts the kinds of
//! response. It must not know when to poll, or how long the server holds the request.

use hyper::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proto::{
    EventPage,
    wire::{AFTER_FIELD, CURSOR_HEADER, EVENTS_PATH, HOLD_FIELD, SYMBOLS_FIELD},
};

use crate::{
    Batch, ClientError, Context,
    http::{HttpClient, Response},
    retry::Backoff,
};

/// Characters to percent-encode in a query value: all except the unreserved characters of RFC 3986. A cursor is opaque
/// and may contain any character.
const NOT_IN_A_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client's position in the server's log.
pub(crate) struct EventLog {
    pub(crate) http: HttpClient,
    target: String,
    /// Opaque: sent back unchanged. `None` until the first response, if the client starts with new events.
    cursor: Option<String>,
    /// Whether the server has more events than fitted in the last response.
    pub(crate) has_more: bool,
    backoff: Backoff,
}

impl EventLog {
    pub(crate) fn new(context: &Context) -> Result<Self, ClientError> {
        Ok(Self {
            http: HttpClient::new(context)?,
            target: format!("{EVENTS_PATH}?{SYMBOLS_FIELD}={}", context.symbols.join(",")),
            cursor: context.after.map(|after| after.to_string()),
            has_more: false,
            backoff: Backoff::new(context.seed),
        })
    }

    /// Sends the first poll. Returns its batch if it has events or a reset.
    pub(crate) async fn first_poll(&mut self, hold: Option<&str>) -> Result<Option<Batch>, ClientError> {
        let mut batch = Batch::default();
        self.send_request(hold, &mut batch).await?;
        Ok(Some(batch).filter(|batch| batch.cost.with_events + batch.cost.resets > 0))
    }

    /// Polls until the server responds, with a retry after each transient error.
    pub(crate) async fn poll(&mut self, hold: Option<&str>) -> Result<Batch, ClientError> {
        let mut batch = Batch::default();
        while let Err(error) = self.send_request(hold, &mut batch).await {
            Box::pin(self.backoff.pause_after(error, &mut batch.cost)).await?;
        }
        self.backoff.reset();
        Ok(batch)
    }

    /// Sends one request and adds its response to the batch.
    async fn send_request(&mut self, hold: Option<&str>, batch: &mut Batch) -> Result<(), ClientError> {
        let mut target = self.target.clone();
        for (field, value) in [(AFTER_FIELD, self.cursor.as_deref()), (HOLD_FIELD, hold)] {
            if let Some(value) = value {
                target.extend(["&", field, "="]);
                target.extend(utf8_percent_encode(value, NOT_IN_A_VALUE));
            }
        }
        let response = self.http.get(&target, &[], &mut batch.cost).await?;
        match response.status {
            StatusCode::OK => {
                let page = EventPage::from_json(&response.bytes().await?)?;
                batch.cost.with_events += 1;
                batch.events = page.events;
                self.cursor = Some(page.cursor);
                self.has_more = page.has_more;
            }
            StatusCode::NO_CONTENT => {
                self.adopt_cursor(&response)?;
                batch.cost.empty += 1;
            }
            StatusCode::GONE => {
                self.adopt_cursor(&response)?;
                batch.cost.empty += 1;
                batch.cost.resets += 1;
            }
            _ => return Err(Box::pin(response.failure()).await),
        }
        Ok(())
    }

    fn adopt_cursor(&mut self, response: &Response) -> Result<(), ClientError> {
        let cursor = response.header(CURSOR_HEADER);
        self.cursor =
            Some(cursor.ok_or_else(|| ClientError::Protocol("an empty response has no cursor".into()))?.into());
        self.has_more = false;
        Ok(())
    }
}
