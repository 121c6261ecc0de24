//! The WebSocket handshake: an HTTP/1.1 request whose connection is upgraded after the response.

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
use net::Stream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error,
        error::ProtocolError,
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::bounded::{Bounded, Socket};
use crate::{http::TimedConnection, unfinished::Budget};

/// The protocol of the upgraded connection.
pub(super) const PROTOCOL: &str = "websocket";

/// Returns the response to a handshake, and the upgrade of its connection.
///
/// # Errors
/// The request is not a valid handshake.
pub(super) fn respond(mut request: Request) -> Result<(Response, OnUpgrade), Error> {
    // Neither field may occur twice (RFC 6455, 11.3). The library reads only the first one.
    for name in [SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION] {
        if request.headers().get_all(&name).iter().nth(1).is_some() {
            return Err(ProtocolError::InvalidHeader(Box::new(name)).into());
        }
    }
    let upgrade = hyper::upgrade::on(&mut request);
    keep_only(request.headers_mut(), CONNECTION, "upgrade");
    keep_only(request.headers_mut(), UPGRADE, PROTOCOL);
    Ok((create_response_with_body(&request, Body::empty)?, upgrade))
}

/// Replaces all fields of this name by the token, if one of them contains it. Fields of the same name form one list
/// (RFC 9110, 5.3), and proxies add to it, but the library reads only the first field.
fn keep_only(headers: &mut HeaderMap, name: HeaderName, token: &'static str) {
    let lists = headers.get_all(&name).iter().filter_map(|value| value.to_str().ok());
    if lists.flat_map(|list| list.split(',')).any(|it| it.trim().eq_ignore_ascii_case(token)) {
        headers.insert(name, HeaderValue::from_static(token));
    }
}

/// Waits until the response is written, and returns the socket. Returns `None` if the connection is lost before.
pub(super) async fn finish(upgrade: OnUpgrade, budget: &Budget, config: WebSocketConfig) -> Option<Socket> {
    let parts = Upgraded::downcast::<TokioIo<TimedConnection<Stream>>>(upgrade.await.ok()?).ok()?;
    let connection = Bounded::new(parts.io.into_inner().into_inner(), budget.reservation(), &parts.read_buf);
    // Copied, because the library would keep the handshake's whole buffer as long as the connection is open.
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
    fn finds_the_upgrade_in_any_field_of_a_list() {
        for fields in [
            &[("connection", "Upgrade"), ("upgrade", "websocket")][..],
            &[("connection", "keep-alive"), ("connection", "Upgrade"), ("upgrade", "WebSocket")],
            &[("connection", "upgrade"), ("connection", "keep-alive"), ("upgrade", "websocket")],
            &[("connection", "Keep-Alive,\tUPGRADE , x-trace"), ("upgrade", "h2c, websocket")],
            &[("connection", "x"), ("connection", "close,upgrade"), ("upgrade", "h2c"), ("upgrade", "websocket")],
        ] {
            let (response, _) = respond(handshake(fields)).unwrap_or_else(|error| panic!("{fields:?}: {error}"));
            assert_eq!(response.status(), 101);
            // RFC 6455, 1.3.
            assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        }
    }

    #[test]
    fn refuses_a_request_without_a_websocket_upgrade() {
        for fields in [
            &[][..],
            &[("connection", "keep-alive"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "h2c")],
            &[("connection", "not-upgrade"), ("upgrade", "websocket")],
        ] {
            assert!(respond(handshake(fields)).is_err(), "{fields:?}");
        }
    }
}
