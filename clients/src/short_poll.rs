//! Short polling: `GET /events?after=N` at every tick, and again at once while the server has more events. The client
//! counts a response without events as a wasted request.

use futures_util::future::BoxFuture;

use crate::{Batch, ClientError, Context, Subscription, Ticks, event_log::EventLog};

/// Connects and gets the cursor to start from.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let mut log = EventLog::new(&context)?;
    let first = log.first_poll(None).await?;
    Ok(Box::new(ShortPoll { log, ticks: context.ticks, first }))
}

struct ShortPoll {
    log: EventLog,
    ticks: Ticks,
    /// The batch from subscribing, if events or a reset were already waiting. It is returned first.
    first: Option<Batch>,
}

impl Subscription for ShortPoll {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            if let Some(first) = self.first.take() {
                return Ok(first);
            }
            if !self.log.has_more {
                self.ticks.next().await;
            }
            self.log.poll(None).await
        })
    }
}
