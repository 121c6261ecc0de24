//! Tests how the WebSocket client handles other responses to its handshake, and invalid messages.

mod canned;

use canned::{Canned, next, then_close, then_stay};
use clients::{ClientError, Context, Subscription, websocket::subscribe};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

const PARAMS: [(&str, &str); 2] = [("read-buffer", "2KiB"), ("encoding", "text")];

async fn refused(answer: &str) -> ClientError {
    let server = Canned::start(vec![then_close(&[answer])]).await;
    subscribe(server.context(&PARAMS)).await.err().expect("the handshake fails")
}

#[tokio::test]
async fn a_failed_handshake_means_refused_or_busy() {
    for (status, why) in [
        ("301 Moved Permanently\r\nlocation: /elsewhere", "redirects are not followed (to /elsewhere)"),
        ("401 Unauthorized", "401 Unauthorized"),
        ("403 Forbidden", "403 Forbidden"),
        ("200 OK", "200 OK"),
    ] {
        let error = refused(&format!("HTTP/1.1 {status}\r\ncontent-length: 3\r\n\r\nwhy")).await;
        assert!(matches!(&error, ClientError::Refused(found) if found.contains(why)), "{error}");
    }
    for (status, seconds) in [
        ("503 Service Unavailable\r\nretry-after: 9", Some(9)),
        (
            "429 Too Many Requests\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:42 GMT",
            Some(5),
        ),
        ("408 Request Timeout", None),
    ] {
        let error = refused(&format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")).await;
        let ClientError::Busy { retry_after, .. } = error else { panic!("{error}") };
        assert_eq!(retry_after.map(|asked| asked.as_secs()), seconds, "{status}");
    }
}

#[tokio::test]
async fn tells_a_protocol_error_from_a_lost_connection() {
    for cut in ["", "HTTP/1.1 101 Switching Proto"] {
        let error = refused(cut).await;
        assert!(matches!(error, ClientError::Connection(_)), "{cut:?}: {error}");
    }
    for broken in [
        "no HTTP at all\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: wrong\r\n\r\n",
    ] {
        let error = refused(broken).await;
        assert!(matches!(error, ClientError::Protocol(_)), "{broken:?}: {error}");
    }
}

/// Subscribes to a server that adds a hundred header fields to its handshake, and then sends these messages and bytes.
#[expect(clippy::result_large_err, reason = "the library defines the signature")]
async fn after_the_handshake(messages: Vec<Message>, bytes: &'static [u8]) -> Box<dyn Subscription> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let with_fields = |_: &Request, mut response: Response| {
            for index in 0..100 {
                let name = hyper::header::HeaderName::try_from(format!("x-proxy-{index}")).unwrap();
                response.headers_mut().insert(name, "v".repeat(100).parse().unwrap());
            }
            Ok(response)
        };
        let mut socket = accept_hdr_async(stream, with_fields).await.unwrap();
        socket.next().await;
        for message in messages {
            socket.send(message).await.unwrap();
        }
        tokio::io::AsyncWriteExt::write_all(socket.get_mut(), bytes).await.unwrap();
        while socket.next().await.is_some_and(|read| read.is_ok()) {}
    });
    let canned = Canned::start(vec![then_stay(&[])]).await;
    let context = Context { endpoint: net::Endpoint::new(server), ..canned.context(&PARAMS) };
    subscribe(context).await.unwrap()
}

#[tokio::test]
async fn invalid_messages_and_frames_are_protocol_errors() {
    for messages in [vec![Message::text("no JSON")], vec![Message::binary(vec![0xff; 9])]] {
        let error = next(&mut after_the_handshake(messages, b"").await).await.unwrap_err();
        assert!(matches!(error, ClientError::Protocol(_)), "{error}");
    }
    // Reserved bits, a masked frame, and a frame of 2^62 bytes.
    for bytes in [b"\xf1\x00".as_slice(), b"\x81\x81\x00\x00\x00\x00x", b"\x82\x7f\x40\0\0\0\0\0\0\0"] {
        let error = next(&mut after_the_handshake(Vec::new(), bytes).await).await.unwrap_err();
        assert!(matches!(error, ClientError::Protocol(_)), "{bytes:?}: {error}");
    }
}
