//! Reads the whole body of a request before an approach sees it. Limits the size of a body, the time that it may take,
//! and the bytes that all connections of a server may buffer.

use axum::{
    body::Body,
    http::{Request, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use proto::wire::MESSAGE_LIMIT_BYTES;

use super::RETRY_AFTER_SECONDS;
use crate::unfinished::{Budget, MESSAGE_TIMEOUT, Reservation};

/// Maximum size of a body. It is twice that of a message, because a message may be in base64.
const BODY_LIMIT_BYTES: usize = 2 * MESSAGE_LIMIT_BYTES;

/// Returns the request with its whole body.
///
/// # Errors
/// The body is broken, too large or too slow, or the server has too many unfinished bodies.
pub(super) async fn receive(request: Request<Incoming>, budget: &Budget) -> Result<Request<Body>, Refusal> {
    let (head, body) = request.into_parts();
    let received = tokio::time::timeout(MESSAGE_TIMEOUT, read(body, budget.reservation())).await;
    let body = received.unwrap_or(Err(Refusal::Slow))?;
    Ok(Request::from_parts(head, body.into()))
}

/// Why the server did not read a body to its end.
pub(super) enum Refusal {
    Broken,
    Large,
    Slow,
    /// The server has too many unfinished bodies.
    OverBudget,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Broken => (StatusCode::BAD_REQUEST, "the body is broken\n").into_response(),
            Self::Large => {
                let reason = format!("the body is larger than {BODY_LIMIT_BYTES} bytes\n");
                (StatusCode::PAYLOAD_TOO_LARGE, reason).into_response()
            }
            Self::Slow => {
                let reason = format!("the body was not complete within {} s\n", MESSAGE_TIMEOUT.as_secs());
                (StatusCode::REQUEST_TIMEOUT, reason).into_response()
            }
            Self::OverBudget => {
                let reason = "the server has too many unfinished bodies: retry later\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], reason).into_response()
            }
        }
    }
}

async fn read(mut body: Incoming, mut reservation: Reservation) -> Result<Vec<u8>, Refusal> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        // The approaches ignore trailers.
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > BODY_LIMIT_BYTES {
            return Err(Refusal::Large);
        }
        if !reservation.grow(data.len()) {
            return Err(Refusal::OverBudget);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_messages_share_a_budget_and_release_their_bytes() {
        let budget = Budget::default();
        let mut reservations: Vec<Reservation> = (0..16).map(|_| budget.reservation()).collect();
        assert!(reservations.iter_mut().all(|reservation| reservation.grow(MESSAGE_LIMIT_BYTES)));
        assert!(!budget.reservation().grow(1));
        reservations[0].release();
        assert!(budget.reservation().grow(MESSAGE_LIMIT_BYTES));
        assert!(reservations[0].grow(MESSAGE_LIMIT_BYTES));
        assert!(!budget.reservation().grow(1));
        drop(reservations);
        assert_eq!(budget.bytes(), 0);
    }
}
