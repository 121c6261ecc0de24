//! The HTTP approaches on the wire, tested with raw requests: the headers, statuses and blocks of text that browsers,
//! caches and proxies act on. `manners` tests what all servers have in common.

mod manners;

use std::{sync::Arc, time::Duration};

use approaches::conformance::{Fixture, subjects};
use proto::{EventPage, wire::LIMIT_FIELD};
use servers::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Timeout of every wait, as a guard against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(name: &str) -> Fixture {
    let subject = subjects().into_iter().find(|subject| subject.name == name).expect("the approach is registered");
    Fixture::start(subject, Limits { replay_events: 16, ..Limits::default() }).expect("a port is free")
}

async fn send(fixture: &Fixture, method: &str, target: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(fixture.address).await.unwrap();
    let request = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Sends one request on its own connection, and returns the head and the body of the response.
async fn get(fixture: &Fixture, target: &str, headers: &str) -> (String, String) {
    ask(fixture, "GET", target, headers).await
}

async fn ask(fixture: &Fixture, method: &str, target: &str, headers: &str) -> (String, String) {
    let mut stream = send(fixture, method, target, &format!("connection: close\r\n{headers}")).await;
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("a response in time").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a complete head");
    (head.to_owned(), body.to_owned())
}

/// Reads until `text` has arrived, and returns everything read.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let more = tokio::time::timeout(PATIENCE, stream.read_buf(&mut read)).await;
        let read = String::from_utf8_lossy(&read);
        let more = more.unwrap_or_else(|_| panic!("timeout before {text:?}: {read}")).unwrap();
        assert!(more > 0, "the connection closed before {text:?}: {read}");
    }
    String::from_utf8(read).unwrap()
}

fn assert_has(head: &str, lines: &[&str]) {
    for line in lines {
        assert!(head.split("\r\n").any(|it| it == *line), "no {line:?} in {head}");
    }
}

#[tokio::test]
async fn an_empty_poll_is_204_with_its_cursor_and_not_cacheable() {
    let mut fixture = start("short-poll");
    fixture.publish(3);
    let (head, body) = get(&fixture, "/events?symbols=BTC", "").await;
    let cursor = format!("x-cursor: {}", fixture.hub.cursor(3));
    assert_has(&head, &["HTTP/1.1 204 No Content", &cursor, "cache-control: no-store"]);
    assert_eq!(body, "");
}

#[tokio::test]
async fn a_cursor_older_than_the_ring_is_410_with_a_new_cursor() {
    for name in ["short-poll", "long-poll"] {
        let mut fixture = start(name);
        fixture.publish(100);
        let (head, _) = get(&fixture, "/events?after=1&symbols=BTC", "").await;
        let cursor = format!("x-cursor: {}", fixture.hub.cursor(100));
        assert_has(&head, &["HTTP/1.1 410 Gone", &cursor, "cache-control: no-store"]);
    }
}

#[tokio::test]
async fn a_cursor_of_another_log_is_410_and_an_unreadable_one_400() {
    let other = start("short-poll");
    for name in ["short-poll", "long-poll"] {
        let mut fixture = start(name);
        fixture.publish(12);
        let cursor = format!("x-cursor: {}", fixture.hub.cursor(12));
        for sequence in [0, 6, 12] {
            let target = format!("/events?after={}&symbols=BTC", other.hub.cursor(sequence));
            let (head, _) = get(&fixture, &target, "").await;
            assert_has(&head, &["HTTP/1.1 410 Gone", &cursor]);
        }
        for cursor in ["soon", "-1", "3456lmnp-", "3456-1"] {
            let (head, _) = get(&fixture, &format!("/events?after={cursor}&symbols=BTC"), "").await;
            assert_has(&head, &["HTTP/1.1 400 Bad Request"]);
        }
    }
}

#[tokio::test]
async fn a_page_has_at_most_the_requested_number_of_events() {
    for name in ["short-poll", "long-poll"] {
        let mut fixture = start(name);
        fixture.publish(12);
        let (mut after, mut sequences) = ("0".to_owned(), Vec::new());
        loop {
            let (_, body) = get(&fixture, &format!("/events?after={after}&{LIMIT_FIELD}=1&symbols=BTC"), "").await;
            let page = EventPage::from_json(body.as_bytes()).expect("a page");
            sequences.extend(page.events.iter().map(|event| event.sequence));
            after = page.cursor;
            if !page.has_more {
                break;
            }
        }
        assert_eq!(sequences, [1, 7], "{name}");
        let (head, body) = get(&fixture, &format!("/events?after=0&{LIMIT_FIELD}=1000000&symbols=BTC"), "").await;
        assert_has(&head, &["HTTP/1.1 200 OK"]);
        assert_eq!(EventPage::from_json(body.as_bytes()).expect("a page").events.len(), 2, "{name}");
        for limit in ["0", "-1", "few", ""] {
            let (head, _) = get(&fixture, &format!("/events?after=0&{LIMIT_FIELD}={limit}&symbols=BTC"), "").await;
            assert_has(&head, &["HTTP/1.1 400 Bad Request"]);
        }
    }
}

#[tokio::test]
async fn an_unchanged_quote_is_304_with_the_validators_and_no_body() {
    let mut fixture = start("conditional-get");
    let (head, body) = get(&fixture, "/quotes/BTC", "").await;
    let etag = |fixture: &Fixture, version| format!("\"{}\"", fixture.hub.cursor(version));
    let opening = etag(&fixture, 0);
    assert_has(&head, &["HTTP/1.1 200 OK", &format!("etag: {opening}"), "cache-control: no-cache"]);
    assert!(body.contains("BTC"));
    fixture.publish(7);
    let newest = etag(&fixture, 7);
    for condition in ["7", "W/7", "\"1\", W/7", "*", "\"1\"\r\nif-none-match: 7"] {
        let condition = condition.replace('7', &newest);
        let (head, body) = get(&fixture, "/quotes/BTC", &format!("if-none-match: {condition}\r\n")).await;
        assert_has(&head, &["HTTP/1.1 304 Not Modified", &format!("etag: {newest}"), "cache-control: no-cache"]);
        assert_eq!(body, "");
    }
    // The same version of another log is a different state.
    let of_another_log = etag(&start("conditional-get"), 7);
    for condition in [opening, of_another_log, "\"7\"".to_owned()] {
        let (head, _) = get(&fixture, "/quotes/BTC", &format!("if-none-match: {condition}\r\n")).await;
        assert_has(&head, &["HTTP/1.1 200 OK"]);
    }
}

#[tokio::test]
async fn a_held_request_leaves_the_hub_when_its_client_disconnects() {
    let fixture = start("long-poll");
    // After a response, the server is running and has taken all of its references to the hub.
    get(&fixture, "/", "").await;
    let idle = Arc::strong_count(&fixture.hub);
    let stream = send(&fixture, "GET", "/events?after=0&hold=5m&symbols=BTC", "").await;
    let is_held = |held: bool| {
        let hub = Arc::clone(&fixture.hub);
        // The count includes this clone.
        async move {
            while (Arc::strong_count(&hub) > idle + 1) != held {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, is_held(true)).await.expect("the request is held");
    // Reset the connection. A client that only closes its write side may still wait for the response.
    stream.set_zero_linger().unwrap();
    drop(stream);
    tokio::time::timeout(PATIENCE, is_held(false)).await.expect("the handler is dropped with its connection");
}

#[tokio::test]
async fn a_held_request_is_answered_at_shutdown() {
    let fixture = start("long-poll");
    let mut stream = send(&fixture, "GET", "/events?after=0&hold=5m&symbols=BTC", "").await;
    fixture.hub.close();
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert_has(&head, &["HTTP/1.1 503 Service Unavailable", "retry-after: 1"]);
    // A stream would end at once, so the server does not start one.
    let fixture = start("sse");
    fixture.hub.close();
    let (head, _) = get(&fixture, "/stream?symbols=BTC", "").await;
    assert_has(&head, &["HTTP/1.1 503 Service Unavailable", "retry-after: 1"]);
}

#[tokio::test]
async fn a_stream_opens_for_browsers_and_proxies_and_resumes_by_the_newer_cursor() {
    let mut fixture = start("sse");
    fixture.publish(13);
    let [seventh, eighth, last] = [7, 8, 13].map(|sequence| fixture.hub.cursor(sequence).to_string());
    let mut stream =
        send(&fixture, "GET", "/stream?symbols=BTC,ETH&after=1", &format!("last-event-id: {seventh}\r\n")).await;
    let text = read_until(&mut stream, &format!("id: {last}\n")).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_has(head, &["HTTP/1.1 200 OK", "content-type: text/event-stream", "cache-control: no-cache"]);
    assert_has(head, &["x-accel-buffering: no"]);
    assert!(body.contains("retry: 1000\n"), "{body}");
    let ids: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    // The first ID is the cursor itself. BTC has every sixth event from the first one, ETH from the second one.
    assert_eq!(ids, [seventh, eighth, last]);
    read_until(&mut stream, "\n:\n\n").await;
}

#[tokio::test]
async fn a_stream_that_resumes_too_late_begins_with_a_reset() {
    let mut fixture = start("sse");
    fixture.publish(100);
    let of_another_log = start("sse").hub.cursor(99);
    for (id, fresh) in [("1".to_owned(), 103), (of_another_log.to_string(), 109)] {
        let head = fixture.hub.cursor(fixture.head());
        let mut stream = send(&fixture, "GET", "/stream?symbols=BTC", &format!("last-event-id: {id}\r\n")).await;
        let text = read_until(&mut stream, "event: reset\ndata:\n\n").await;
        assert!(text.contains(&format!("id: {head}\nevent: reset\n")), "{text}");
        fixture.publish(6);
        read_until(&mut stream, &format!("id: {}\n", fixture.hub.cursor(fresh))).await;
    }
}
