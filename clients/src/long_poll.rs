//! Long polling: `GET /events?after=N&hold=30s`, repeated as soon as the response arrives. The server responds when
//! there is an event or when the time is up. The client counts a response without events as a wasted request.

use futures_util::future::BoxFuture;
use proto::wire::HOLD_FIELD;

use crate::{Batch, ClientError, Context, Subscription, event_log::EventLog};

/// Connects and gets the cursor to start from, with a request that the server does not hold.
///
/// # Errors
/// The server cannot be reached, or refuses; the `hold` setting is missing or invalid.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut log = EventLog::new(&context)?;
    let first = log.first_poll(Some("0s")).await?;
    log.http.response_timeout += context.params.duration(HOLD_FIELD)?;
    let hold = context.params.text(HOLD_FIELD)?.to_owned();
    Ok(Box::new(LongPoll { log, hold, first }))
}

struct LongPoll {
    log: EventLog,
    hold: String,
    /// The batch from subscribing, if events or a reset were already waiting. It is returned first.
    first: Option<Batch>,
}

impl Subscription for LongPoll {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            if let Some(first) = self.first.take() {
                return Ok(first);
            }
            let mut batch = self.log.poll(Some(&self.hold)).await?;
            batch.cost.timed_out = batch.cost.empty - batch.cost.resets;
            Ok(batch)
        })
    }
}
