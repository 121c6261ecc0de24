//! What only the webhook approach does: retries, signatures, refusals and removals, seen by a foreign consumer.

use std::time::Duration;

use harness::conformance::{Fixture, subjects};
use proto::webhook::{Registered, Registration, Secret};
use servers::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const PATIENCE: Duration = Duration::from_secs(5);

fn start() -> Fixture {
    let subject = subjects().into_iter().find(|subject| subject.name == "webhook").expect("it is registered");
    Fixture::start(subject, Limits::default()).expect("a server starts")
}

/// One request or response, with the length of its body in its head.
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

/// Sends one request to the server; its status and body.
async fn ask(fixture: &Fixture, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(fixture.address).await.expect("a connection");
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).await.expect("a request is sent");
    let (head, body) = read_message(&mut stream).await.expect("an answer");
    (head[9..12].parse().expect("a status"), body)
}

fn secret(key: u8) -> (String, Secret) {
    let text = Secret::text(&[key; 24]);
    let secret = Secret::parse(&text).expect("a secret");
    (text, secret)
}

/// A consumer that answers as it is told.
struct Consumer {
    listener: TcpListener,
    stream: Option<TcpStream>,
    id: String,
}

impl Consumer {
    async fn register(fixture: &Fixture, symbol: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let registration = Registration {
            url: format!("http://{}/in?tag=1", listener.local_addr().expect("an address")),
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

    /// The next request, whichever connection it comes over.
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
        let message = tokio::time::timeout(PATIENCE, self.next()).await.expect("a request in time");
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        self.stream.as_mut().expect("it asked").write_all(answer.as_bytes()).await.expect("an answer is sent");
        message
    }

    /// Nothing comes for a while.
    async fn expect_silence(&mut self) {
        let waited = tokio::time::timeout(Duration::from_millis(300), self.next()).await;
        assert!(waited.is_err(), "{waited:?}");
    }
}

#[tokio::test]
async fn whatever_is_not_success_is_repeated_under_the_same_id() {
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
async fn whoever_says_gone_is_sent_no_more() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    fixture.publish_one(0, 0);
    consumer.next_answered("410 Gone").await;
    fixture.publish_one(0, 0);
    consumer.expect_silence().await;
    assert_eq!(ask(&fixture, "DELETE", &format!("/subscriptions/{}", consumer.id), "").await.0, 404);
}

#[tokio::test]
async fn a_subscription_that_is_removed_is_sent_no_more() {
    let mut fixture = start();
    let mut consumer = Consumer::register(&fixture, "BTC").await;
    assert_eq!(ask(&fixture, "DELETE", &format!("/subscriptions/{}", consumer.id), "").await.0, 204);
    fixture.publish_one(0, 0);
    consumer.expect_silence().await;
}

#[tokio::test]
async fn an_endpoint_that_never_answers_delays_no_other() {
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
async fn a_registration_that_makes_no_sense_is_refused_with_the_reason() {
    let fixture = start();
    for (url, symbol, secrets, reason) in [
        ("http://192.0.2.1/in", "BTC", vec![secret(1).0], "is no http URL of a loopback address"),
        ("http://127.0.0.1:1/in", "DOGE", vec![secret(1).0], "unknown symbol `DOGE`"),
        ("http://127.0.0.1:1/in", "", vec![secret(1).0], "name at least one symbol"),
        ("http://127.0.0.1:1/in", "BTC", vec!["plain".into()], "a secret is"),
        ("http://127.0.0.1:1/in", "BTC", vec![], "secrets are needed"),
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
    assert_eq!(ask(&fixture, "GET", "/dead-letters", "").await, (200, "[]".into()));
}
