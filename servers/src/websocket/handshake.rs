//! The handshake of a WebSocket: a request of HTTP/1.1 whose connection is handed over with the answer.

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
    },
    response::Response,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error,
        error::ProtocolError,
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{PROTOCOL, Socket, bounded::Bounded};
use crate::{Connection, http::Patient, unfinished::Place};

/// The answer to a handshake, and the connection that it will be written to.
///
/// # Errors
/// The request is not a handshake.
pub(super) fn answer(mut request: Request) -> Result<(Response, OnUpgrade), Error> {
    // Neither may come twice (RFC 6455, 11.3); the library looks at the first.
    for name in [SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION] {
        if request.headers().get_all(&name).iter().nth(1).is_some() {
            return Err(ProtocolError::InvalidHeader(Box::new(name)).into());
        }
    }
    let upgrade = hyper::upgrade::on(&mut request);
    keep_alone(request.headers_mut(), CONNECTION, "upgrade");
    keep_alone(request.headers_mut(), UPGRADE, PROTOCOL);
    Ok((create_response_with_body(&request, Body::empty)?, upgrade))
}

/// All fields of one name are one list (RFC 9110, 5.3), to which proxies add; the library looks at the first field.
fn keep_alone(headers: &mut HeaderMap, name: HeaderName, token: &'static str) {
    let lists = headers.get_all(&name).iter().filter_map(|value| value.to_str().ok());
    if lists.flat_map(|list| list.split(',')).any(|it| it.trim().eq_ignore_ascii_case(token)) {
        headers.insert(name, HeaderValue::from_static(token));
    }
}

/// Waits until the answer is written. Returns `None` if the connection is lost before.
pub(super) async fn finish(upgrade: OnUpgrade, place: Place, config: WebSocketConfig) -> Option<Socket> {
    let parts = Upgraded::downcast::<TokioIo<Patient<Connection>>>(upgrade.await.ok()?).ok()?;
    let connection = Bounded::new(parts.io.into_inner().into_inner(), place, &parts.read_buf);
    // A copy: the library would keep the whole buffer of the handshake for the life of the connection.
    let read_already = parts.read_buf.to_vec();
    Some(WebSocketStream::from_partially_read(connection, read_already, Role::Server, Some(config)).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(fields: &[(&'static str, &'static str)]) -> Request {
        let mut request = Request::new(Body::empty());
        for (name, value) in [("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")] {
            request.headers_mut().append(name, HeaderValue::from_static(value));
        }
        for &(name, value) in fields {
            request.headers_mut().append(name, HeaderValue::from_static(value));
        }
        request
    }

    #[test]
    fn the_upgrade_is_found_wherever_a_proxy_has_put_it() {
        for fields in [
            &[("connection", "Upgrade"), ("upgrade", "websocket")][..],
            &[("connection", "keep-alive"), ("connection", "Upgrade"), ("upgrade", "WebSocket")],
            &[("connection", "upgrade"), ("connection", "keep-alive"), ("upgrade", "websocket")],
            &[("connection", "Keep-Alive,\tUPGRADE , x-trace"), ("upgrade", "h2c, websocket")],
            &[("connection", "x"), ("connection", "close,upgrade"), ("upgrade", "h2c"), ("upgrade", "websocket")],
        ] {
            let (answer, _) = self::answer(handshake(fields)).unwrap_or_else(|error| panic!("{fields:?}: {error}"));
            assert_eq!(answer.status(), 101);
            // RFC 6455, 1.3.
            assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        }
    }

    #[test]
    fn a_request_that_upgrades_to_nothing_is_refused() {
        for fields in [
            &[][..],
            &[("connection", "keep-alive"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "h2c")],
            &[("connection", "not-upgrade"), ("upgrade", "websocket")],
        ] {
            assert!(answer(handshake(fields)).is_err(), "{fields:?}");
        }
    }
}
