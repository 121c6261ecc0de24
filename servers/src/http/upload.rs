//! Bodies of requests, read whole before an approach sees the request: bounded in size, in time, and in the sum over
//! all connections of a server.

use axum::{
    body::Body,
    http::{Request, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use proto::wire::MESSAGE_LIMIT_BYTES;

use super::RETRY_AFTER_SECONDS;
use crate::unfinished::{LIMIT, Place, Room};

/// Largest body: a message in base64.
const BODY_LIMIT_BYTES: usize = 2 * MESSAGE_LIMIT_BYTES;

/// Returns the request with its whole body.
///
/// # Errors
/// The body is broken, too large or too slow, or the server has too many unfinished ones.
pub(super) async fn receive(request: Request<Incoming>, room: &Room) -> Result<Request<Body>, Refusal> {
    let (head, body) = request.into_parts();
    let received = tokio::time::timeout(LIMIT, read(body, room.place())).await;
    let body = received.unwrap_or(Err(Refusal::Slow))?;
    Ok(Request::from_parts(head, body.into()))
}

/// Why a body is not read to its end.
pub(super) enum Refusal {
    Broken,
    Large,
    Slow,
    /// The server has too many of them.
    Crowded,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Broken => (StatusCode::BAD_REQUEST, "the body is broken\n").into_response(),
            Self::Large => {
                let reason = format!("the body has more than {BODY_LIMIT_BYTES} bytes\n");
                (StatusCode::PAYLOAD_TOO_LARGE, reason).into_response()
            }
            Self::Slow => {
                let reason = format!("the body was not complete within {} s\n", LIMIT.as_secs());
                (StatusCode::REQUEST_TIMEOUT, reason).into_response()
            }
            Self::Crowded => {
                let reason = "too many bodies are incomplete: come back later\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], reason).into_response()
            }
        }
    }
}

async fn read(mut body: Incoming, mut place: Place) -> Result<Vec<u8>, Refusal> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        // Trailers mean nothing to these approaches.
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > BODY_LIMIT_BYTES {
            return Err(Refusal::Large);
        }
        if !place.take(data.len()) {
            return Err(Refusal::Crowded);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_messages_take_together_is_bounded_and_given_back() {
        let room = Room::default();
        let mut places: Vec<Place> = (0..16).map(|_| room.place()).collect();
        assert!(places.iter_mut().all(|place| place.take(MESSAGE_LIMIT_BYTES)));
        assert!(!room.place().take(1));
        places[0].clear();
        assert!(room.place().take(MESSAGE_LIMIT_BYTES));
        assert!(places[0].take(MESSAGE_LIMIT_BYTES));
        assert!(!room.place().take(1));
        drop(places);
        assert_eq!(room.bytes(), 0);
    }
}
