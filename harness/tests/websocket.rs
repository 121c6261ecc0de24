//! Behaviour that only the WebSocket approach has: close codes, pings and the handshake, tested with another client.

use std::time::Duration;

use approaches::conformance::{Fixture, subjects};
use futures_util::{SinkExt, StreamExt};
use proto::wire::{MESSAGE_LIMIT_BYTES, RESET_REASON};
use servers::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, protocol::CloseFrame},
};

const SUBSCRIBE: &str = r#"{"subscribe":{"symbols":["BTC"],"after":0}}"#;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn start() -> Fixture {
    let subject = subjects().into_iter().find(|subject| subject.name == "websocket").expect("it is registered");
    Fixture::start(subject, Limits { replay_events: 32, ..Limits::default() }).expect("a server starts")
}

async fn connect(fixture: &Fixture, path: &str) -> Result<Socket, Error> {
    Ok(connect_async(format!("ws://{}{path}", fixture.address)).await?.0)
}

/// Sends these messages, and returns the code and the reason of the close frame.
async fn converse(fixture: &Fixture, messages: &[&str]) -> (u16, String) {
    let mut socket = connect(fixture, "/stream").await.expect("a handshake");
    for message in messages {
        socket.send(Message::text(*message)).await.expect("a message is sent");
    }
    closed(&mut socket).await
}

async fn next_text(socket: &mut Socket) -> String {
    socket.next().await.expect("a message").expect("no error").into_text().expect("text").to_string()
}

async fn closed(socket: &mut Socket) -> (u16, String) {
    while let Some(message) = socket.next().await {
        if let Message::Close(frame) = message.expect("the connection closes cleanly") {
            let CloseFrame { code, reason } = frame.expect("a close frame has a code");
            return (code.into(), reason.to_string());
        }
    }
    panic!("the connection ended without a close frame");
}

#[tokio::test]
async fn every_violation_has_its_close_code() {
    let mut fixture = start();
    for (messages, code, reason) in [
        (&["{}"][..], 1008, "cannot decode JSON message"),
        (&[r#"{"subscribe":{"symbols":["DOGE"]}}"#], 1008, "unknown symbol `DOGE`"),
        (&["{\"subscribe\":{\"symbols\":[\"D\u{202e}\\u001b\"]}}"], 1008, r"unknown symbol `D\u{202e}\u{1b}`"),
        (&["{\"\u{202e}\":1}"], 1008, r"cannot decode JSON message: unknown variant `\u{202e}`"),
        (&[r#"{"subscribe":{"symbols":[]}}"#], 1008, "name at least one symbol"),
        (&[r#"{"order":{"symbol":"BTC","quantity":1,"side":"BUY"}}"#], 1008, "the first message must subscribe"),
        (&[SUBSCRIBE, SUBSCRIBE], 1008, "this connection has subscribed already"),
        (&[&"x".repeat(MESSAGE_LIMIT_BYTES + 1)], 1009, "Space limit exceeded"),
        // Most of this message is still in transit when the server closes the connection.
        (&[&"x".repeat(8 * MESSAGE_LIMIT_BYTES)], 1009, "Space limit exceeded"),
    ] {
        let (closed, told) = converse(&fixture, messages).await;
        assert!(closed == code && told.starts_with(reason), "{closed} {told}");
    }
    fixture.publish(300);
    let reset = (1008, format!("{RESET_REASON}{}", fixture.hub.cursor(300)));
    assert_eq!(converse(&fixture, &[SUBSCRIBE]).await, reset);
    let of_another_log = r#"{"subscribe":{"symbols":["BTC"],"after":299,"epoch":"3456lmnp"}}"#;
    assert_eq!(converse(&fixture, &[of_another_log]).await, reset);
    let (code, reason) = converse(&fixture, &[&of_another_log.replace("3456lmnp", "soon")]).await;
    assert!(code == 1008 && reason.starts_with("invalid cursor"), "{code} {reason}");
}

#[tokio::test]
async fn a_server_that_shuts_down_sends_a_close_frame() {
    let mut fixture = start();
    let mut socket = connect(&fixture, "/stream").await.expect("a handshake");
    socket.send(Message::text(SUBSCRIBE)).await.expect("a message is sent");
    fixture.publish(1);
    assert_eq!(next_text(&mut socket).await, format!(r#"{{"cursor":"{}"}}"#, fixture.hub.cursor(0)));
    let quote = next_text(&mut socket).await;
    assert!(quote.starts_with(r#"{"quote":{"symbol":"BTC","#), "{quote}");
    let (ended, (code, _)) = tokio::join!(fixture.end(), async {
        let code = closed(&mut socket).await;
        // Reading again sends the client's close frame.
        assert!(socket.next().await.is_none());
        code
    });
    ended.expect("the server ends in time");
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn a_close_frame_is_echoed() {
    let fixture = start();
    let mut socket = connect(&fixture, "/stream").await.expect("a handshake");
    let frame = CloseFrame { code: 1000.into(), reason: "done".into() };
    socket.close(Some(frame)).await.expect("a close frame is sent");
    assert_eq!(closed(&mut socket).await, (1000, "done".into()));
}

#[tokio::test]
async fn a_client_that_ignores_pings_is_dropped() {
    let fixture = start();
    let mut socket = connect(&fixture, "/stream").await.expect("a handshake");
    socket.send(Message::text(SUBSCRIBE)).await.expect("a message is sent");
    next_text(&mut socket).await;
    // The client only answers pings while it reads, so it answers none during this sleep.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(socket.next().await.expect("a message").expect("a ping"), Message::Ping(Vec::new().into()));
    assert_eq!(closed(&mut socket).await.0, 1011);
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let fixture = start();
    let mut socket = connect(&fixture, "/stream").await.expect("a handshake");
    socket.send(Message::text(SUBSCRIBE)).await.expect("a message is sent");
    next_text(&mut socket).await;
    for _ in 0..4 {
        let message = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.expect("in time");
        assert!(matches!(message, Some(Ok(Message::Ping(_)))), "{message:?}");
    }
}

/// Sends a handshake with these fields, and returns the head of the response.
async fn shake(fixture: &Fixture, fields: &str) -> String {
    let mut stream = TcpStream::connect(fixture.address).await.expect("a connection");
    let request = format!("GET /stream HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request is sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a head"));
    }
    String::from_utf8(head).expect("a head is text")
}

#[tokio::test]
async fn accepts_a_handshake_that_passed_proxies() {
    let fixture = start();
    let rest = "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for fields in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n",
        "connection: keep-alive,\tUPGRADE , x-trace\r\nupgrade: h2c, websocket\r\n",
    ] {
        let head = shake(&fixture, &format!("{fields}{rest}")).await;
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{fields}: {head}");
        assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    }
    let version = rest.replace("13", "8");
    let upgraded = format!("connection: upgrade\r\nupgrade: websocket\r\n{rest}");
    for (fields, status) in [
        (format!("{upgraded}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), "400 Bad Request"),
        (format!("{upgraded}sec-websocket-version: 8\r\n"), "400 Bad Request"),
        (rest.to_owned(), "426 Upgrade Required"),
        (format!("connection: upgrade\r\nupgrade: websocket\r\n{version}"), "426 Upgrade Required"),
        ("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n".into(), "400 Bad Request"),
    ] {
        let head = shake(&fixture, &fields).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{fields}: {head}");
        assert!(head.contains("upgrade: websocket\r\n") && head.contains("sec-websocket-version: 13\r\n"), "{head}");
    }
}

#[tokio::test]
async fn reads_a_message_sent_with_the_handshake() {
    let fixture = start();
    let mut stream = TcpStream::connect(fixture.address).await.expect("a connection");
    let request = "GET /stream HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // A masked ping with an empty payload.
    stream.write_all(&[request.as_bytes(), &[0x89, 0x80, 1, 2, 3, 4]].concat()).await.expect("both are sent");
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n\x8a\x00") {
        read.push(stream.read_u8().await.expect("a pong"));
    }
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let fixture = start();
    let refusal = connect(&fixture, "/elsewhere").await.expect_err("no such path");
    assert!(matches!(&refusal, Error::Http(answer) if answer.status() == 404), "{refusal}");
}
