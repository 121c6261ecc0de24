//! The deadline that a gRPC client sends with a call, honoured until the last message of the answer. tonic's own covers
//! the handler alone, which for a stream returns before the first message, and calls it CANCELLED.
//!
//! A limit: the status is a part of the answer's body, which hyper does not ask for more while a message waits for
//! room in the stream's window. A client that opens no window is told of its deadline only when it does.

use std::{pin::Pin, time::Duration};

use tokio::time::{Sleep, sleep};
use tonic::{Status, metadata::MetadataMap};

use crate::grpc::{self, Messages};

/// Metadata in which a client says how long the call may take.
const TIMEOUT_METADATA: &str = "grpc-timeout";
/// Most digits that the protocol allows.
const DIGITS: usize = 8;

/// When a call must have ended; a call without one has no timer.
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// The deadline that the client set, counted from now.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub(crate) fn of(metadata: &MetadataMap) -> Result<Self, Status> {
        let Some(value) = metadata.get(TIMEOUT_METADATA) else { return Ok(Self(None)) };
        let timeout = value.to_str().ok().and_then(parse);
        let timeout = timeout.ok_or_else(|| Status::invalid_argument(format!("{TIMEOUT_METADATA} is unreadable")))?;
        Ok(Self(Some(Box::pin(sleep(timeout)))))
    }

    /// Waits for a step of the call, at most until the deadline.
    pub(crate) async fn cover<T>(&mut self, step: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let Some(sleep) = &mut self.0 else { return step.await };
        tokio::select! {
            done = step => done,
            () = sleep => Err(exceeded()),
        }
    }

    /// The messages, at most until the deadline.
    pub(crate) fn over<T: Send + 'static>(self, messages: Messages<T>) -> Messages<T> {
        let Some(sleep) = self.0 else { return messages };
        grpc::until(messages, async {
            sleep.await;
            exceeded()
        })
    }
}

fn exceeded() -> Status {
    Status::deadline_exceeded("the deadline that the client set has passed")
}

/// Reads the protocol's form of a duration: up to eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
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
    fn every_unit_is_read() {
        let read = ["2H", "3M", "4S", "5m", "6u", "7n", "99999999n"].map(|text| parse(text).unwrap().as_nanos());
        assert_eq!(read, [7_200_000_000_000, 180_000_000_000, 4_000_000_000, 5_000_000, 6_000, 7, 99_999_999]);
    }

    #[test]
    fn what_the_protocol_does_not_allow_is_refused() {
        for text in ["", "S", "5", "5s", "-5S", "+5S", "5.5S", "123456789S", "5µ", " 5S"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
