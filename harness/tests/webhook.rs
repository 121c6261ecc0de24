//! Behaviour that only the webhook approach has: retries, signatures, refusals and removals, tested with raw requests.

use std::time::Duration;

use approaches::conformance::{Fixture, subjects};
use proto::webhook::{Registered, Registration, Secret};
use servers::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Timeout of every wait, as a guard against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

fn start() -> Fixture {
    let subject = subjects().into_iter().find(|subject| subject.name == "webhook").expect("it is registered");
    Fixture::start(subject, Limits::default()).expect("a server starts")
}

/// Reads one request or response that states the length of its body. Returns its head and body, or `None` if the
/// connection ends.
async fn read_message(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut message = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&message).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").map_or(0, |length| length.parse().expect("a length"));
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        if stream.read_buf(&mut message).await.ok()? == 0 {
            return None;
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|it| it.1)
}

/// Sends one request to the server, and returns the status and the body of the response.
async fn ask(fixture: &Fixture, method: &str, path: &str, body: &str) -> (u16, String) {
    ask_as(fixture, method, path, "application/json", body).await
}

async fn ask_as(fixture: &Fixture, method: &str, path: &str, media_type: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(fixture.address).await.expect("a connection");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await.expect("a request is sent");
    let (head, body) = read_message(&mut stream).await.expect("an answer");
    (head[9..12].parse().expect("a status"), body)
}

fn secret(key: u8) -> (String, Secret) {
    let text = Secret::text(&[key; 24]);
    let secret = Secret::parse(&text).expect("a secret");
    (text, secret)
}

/// A consumer whose responses the test chooses.
struct Consumer {
    listener: TcpListener,
    stream: Option<TcpStream>,
    id: String,
}

impl Consumer {
    async fn register(fixture: &Fixture, symbol: &str) -> Self {
        Self::register_as(fixture, "127.0.0.1", symbol).await
    }

    async fn register_as(fixture: &Fixture, host: &str, symbol: &str) -> Self {
        let listener = TcpListener::bind((host, 0)).await.expect("a listener");
        let registration = Registration {
            url: format!("http://{host}:{}/in?tag=1", listener.local_addr().expect("an address").port()),
            symbols: vec![symbol.into()],
            after: None,
            secrets: vec![secret(1).0, secret(2).0],
        };
        let body = serde_json::to_string(&registration).expect("JSON");
        let (status, answer) = ask(fixture, "POST", "/subscriptions", &body).await;
        assert_eq!(status, 201, "{answer}");
        let Registered { id, .. } = serde_json::from_str(&answer).expect("an id");
        Self { listener, stream: None, id }
    }

    /// Returns the next request, and accepts a new connection if the current one ends.
    async fn next(&mut self) -> (String, String) {
        loop {
            if self.stream.is_none() {
                self.stream = Some(self.listener.accept().await.expect("a connection").0);
            }
            match read_message(self.stream.as_mut().expect("just opened")).await {
                Some(message) => return message,
                None => self.stream = None,
            }
        }
    }

    async fn next_answered(&mut self, answer: &str) -> (String, String) {
        self.next_answered_with(&format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n")).await
    }

    async fn next_answered_with(&mut self, answer: &str) -> (String, String) {
        let message = tokio::time::timeout(PATIENCE, self.next()).await.expect("a request in time");
        // The producer may close the connection once it has the head.
        let _ = self.stream.as_mut().expect("a request came over it").write_all(answer.as_bytes()).await;
        message
    }

    /// Asserts that no request arrives for 300 ms.
    async fn expect_silence(&mut self) {
        let waited = tokio::time::timeout(Duration::from_millis(300), self.next()).await;
        assert!(waited.is_err(), "{waited:?}");
    }
}

#[tokio::test]
async fn every_failure_is_retried_under_the_same_id() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    fixture.publish_one(0, 0);
    fixture.publish_one(0, 0);
    let mut ids = Vec::new();
    for answer in ["500 Error", "302 Found\r\nlocation: /elsewhere", "204 No Content", "200 OK"] {
        let (head, body) = consumer.next_answered(answer).await;
        assert!(head.starts_with("POST /in?tag=1 HTTP/1.1"), "{head}");
        let id = header(&head, "webhook-id").expect("an id");
        let timestamp = header(&head, "webhook-timestamp").expect("a time").parse().expect("seconds");
        let signatures = header(&head, "webhook-signature").expect("signatures");
        for key in [1, 2] {
            assert!(secret(key).1.verify(id, timestamp, body.as_bytes(), signatures), "{signatures}");
        }
        assert!(!secret(3).1.verify(id, timestamp, body.as_bytes(), signatures));
        ids.push((id.to_owned(), body));
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[1], ids[2]);
    assert_ne!(ids[2].0, ids[3].0);
    assert!(ids[3].1.starts_with(r#"{"quote":{"symbol":"BTC","#), "{}", ids[3].1);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    fixture.publish_one(0, 0);
    consumer.next_answered("503 Busy\r\nretry-after: 1").await;
    consumer.expect_silence().await;
    consumer.next_answered("204 No Content").await;
}

#[tokio::test]
async fn an_endpoint_that_answers_410_is_sent_no_more() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    fixture.publish_one(0, 0);
    consumer.next_answered("410 Gone").await;
    fixture.publish_one(0, 0);
    consumer.expect_silence().await;
    assert_eq!(ask(&fixture, "DELETE", &format!("/subscriptions/{}", consumer.id), "").await.0, 404);
}

#[tokio::test]
async fn a_removed_subscription_is_sent_no_more() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    assert_eq!(ask(&fixture, "DELETE", &format!("/subscriptions/{}", consumer.id), "").await.0, 204);
    fixture.publish_one(0, 0);
    consumer.expect_silence().await;
}

#[tokio::test]
async fn an_unresponsive_endpoint_does_not_delay_others() {
    let mut fixture = start();
    let mut silent = Consumer::register(&fixture, "BTC").await;
    let mut other = Consumer::register(&fixture, "BTC").await;
    for _ in 0..3 {
        fixture.publish_one(0, 0);
        other.next_answered("204 No Content").await;
    }
    silent.next().await;
    silent.expect_silence().await;
}

#[tokio::test]
async fn an_invalid_registration_is_refused_with_the_reason() {
    let fixture = start();
    for (url, symbol, secrets, reason) in [
        ("http://192.0.2.1/in", "BTC", vec![secret(1).0], "is not an http URL of a loopback address"),
        ("http://127.0.0.1:99999/in", "BTC", vec![secret(1).0], "invalid port number"),
        ("http://127.0.0.1:-1/in", "BTC", vec![secret(1).0], "invalid port number"),
        ("http://127.0.0.1:0/in", "BTC", vec![secret(1).0], "has no port"),
        ("http://127.0.0.1:1/in", "DOGE", vec![secret(1).0], "unknown symbol `DOGE`"),
        ("http://127.0.0.1:1/in", "", vec![secret(1).0], "name at least one symbol"),
        ("http://127.0.0.1:1/in", "BTC", vec!["plain".into()], "invalid secret"),
        ("http://127.0.0.1:1/in", "BTC", vec!["whsec_".into()], "base64 of 24 to 64 bytes"),
        ("http://127.0.0.1:1/in", "BTC", vec![secret(1).0, "whsec_c2VjcmV0".into()], "base64 of 24 to 64 bytes"),
        ("http://127.0.0.1:1/in", "B\u{202e}\u{1b}", vec![secret(1).0], r"unknown symbol `B\u{202e}\u{1b}`"),
        ("http://\u{202e}[/in", "BTC", vec![secret(1).0], r"`http://\u{202e}[/in` is not a URL"),
        ("http://127.0.0.1:1/in", "BTC", vec![], "must have 1 to 4 secrets"),
    ] {
        let registration = Registration {
            url: url.into(),
            symbols: symbol.split_terminator(',').map(Into::into).collect(),
            after: None,
            secrets,
        };
        let body = serde_json::to_string(&registration).expect("JSON");
        let (status, answer) = ask(&fixture, "POST", "/subscriptions", &body).await;
        assert!(status == 400 && answer.contains(reason), "{status} {answer}");
    }
    assert_eq!(ask(&fixture, "POST", "/subscriptions", "{}").await.0, 400);
    // A web page may send this media type to any server without a preflight request.
    assert_eq!(ask_as(&fixture, "POST", "/subscriptions", "text/plain", "{}").await.0, 415);
    assert_eq!(ask(&fixture, "GET", "/subscriptions", "").await.0, 405);
    assert_eq!(ask(&fixture, "GET", "/dead-letters", "").await, (200, "[]".into()));
}

#[tokio::test]
async fn a_message_counts_once_for_every_success_status() {
    let mut fixture = start();
    let mut consumer = Consumer::register_as(&fixture, "localhost", "BTC").await;
    let fields: String = (0..95).map(|number| format!("x-proxy-{number}: {}\r\n", "x".repeat(200))).collect();
    let answers = [
        format!("HTTP/1.1 200 OK\r\ncontent-length: 20000\r\n\r\n{}", "x".repeat(20_000)),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}", 30_000, "x".repeat(20_000)),
        "HTTP/1.1 202 Accepted\r\ncontent-length: 20000\r\n\r\nand no more".into(),
        "HTTP/1.1 200 OK\r\n\r\nuntil the end".into(),
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n".into(),
        format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n"),
        "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".into(),
        "HTTP/1.0 200 OK\r\n\r\n".into(),
        "HTTP/1.1 204 No Content\r\n\r\n".into(),
    ];
    for (answer, sequence) in answers.iter().zip(1_u64..) {
        fixture.publish_one(0, 0);
        let (head, body) = consumer.next_answered_with(answer).await;
        assert!(body.contains(&format!("\"sequence\":{sequence},")), "after {}: {body}", &answer[..40]);
        assert!(header(&head, "host").is_some_and(|host| host.starts_with("localhost:")), "{head}");
    }
}

#[tokio::test]
async fn removing_a_subscription_needs_its_id() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    assert_eq!(ask(&fixture, "DELETE", "/subscriptions/sub_1", "").await.0, 404);
    fixture.publish_one(0, 0);
    let (head, _) = consumer.next_answered("204 No Content").await;
    // The ID authorises the removal, so no message may reveal it.
    let secret = consumer.id.strip_prefix("sub_").expect("an id");
    assert!(secret.len() == 32 && !head.contains(secret), "{head}");
}

#[tokio::test]
async fn pages_of_other_origins_cannot_register() {
    let fixture = start();
    let mut stream = TcpStream::connect(fixture.address).await.expect("a connection");
    let preflight = "OPTIONS /subscriptions HTTP/1.1\r\nhost: x\r\norigin: http://page.example\r\n\
        access-control-request-method: POST\r\n\r\n";
    stream.write_all(preflight.as_bytes()).await.expect("a request is sent");
    let (head, _) = read_message(&mut stream).await.expect("an answer");
    assert!(head.starts_with("HTTP/1.1 405") && !head.contains("access-control"), "{head}");
}
