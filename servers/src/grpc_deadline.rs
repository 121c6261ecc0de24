//! The deadline that a gRPC client sends with a call. It applies until the last message of the response. tonic's own
//! timeout covers only the handler, which returns before the first message of a stream, and reports CANCELLED.
//!
//! Limitation: the status is part of the response body, which hyper does not poll while a message waits for the
//! stream's flow-control window. A client with a closed window gets the status only when it opens the window.

use std::{pin::Pin, time::Duration};

use tokio::time::{Sleep, sleep};
use tonic::{Status, metadata::MetadataMap};

use crate::grpc_messages::{self, Messages};

/// The metadata key of a call's timeout.
const TIMEOUT_METADATA: &str = "grpc-timeout";
/// Maximum number of digits that the protocol allows.
const MAX_DIGITS: usize = 8;

/// The time by which a call must end. A call without a deadline has no timer.
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Reads the client's timeout, and starts it now.
    ///
    /// # Errors
    /// The timeout is malformed.
    pub(crate) fn from_metadata(metadata: &MetadataMap) -> Result<Self, Status> {
        let Some(value) = metadata.get(TIMEOUT_METADATA) else { return Ok(Self(None)) };
        let timeout = value.to_str().ok().and_then(parse);
        let timeout = timeout.ok_or_else(|| Status::invalid_argument(format!("{TIMEOUT_METADATA} is malformed")))?;
        Ok(Self(Some(Box::pin(sleep(timeout)))))
    }

    /// Waits for a step of the call, at most until the deadline.
    pub(crate) async fn limit<T>(&mut self, step: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let Some(sleep) = &mut self.0 else { return step.await };
        tokio::select! {
            done = step => done,
            () = sleep => Err(exceeded()),
        }
    }

    /// Returns the messages until the deadline.
    pub(crate) fn limit_messages<T: Send + 'static>(self, messages: Messages<T>) -> Messages<T> {
        let Some(sleep) = self.0 else { return messages };
        grpc_messages::end_early(messages, async {
            sleep.await;
            exceeded()
        })
    }
}

fn exceeded() -> Status {
    Status::deadline_exceeded("the deadline of the client has passed")
}

/// Parses a timeout in the protocol's format: up to eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_unit() {
        let read = ["2H", "3M", "4S", "5m", "6u", "7n", "99999999n"].map(|text| parse(text).unwrap().as_nanos());
        assert_eq!(read, [7_200_000_000_000, 180_000_000_000, 4_000_000_000, 5_000_000, 6_000, 7, 99_999_999]);
    }

    #[test]
    fn refuses_a_malformed_timeout() {
        for text in ["", "S", "5", "5s", "-5S", "+5S", "5.5S", "123456789S", "5µ", " 5S"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
