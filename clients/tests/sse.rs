//! Tests the SSE client with each engine against a server that behaves like proxies and other servers.

mod canned;

use canned::{Canned, next, quote, sequences, then_close, then_stay};
use clients::{ClientError, Subscription, sse::subscribe};
use proto::wire::MESSAGE_LIMIT_BYTES;

const ENGINES: [&str; 3] = ["bare", "hyper", "reqwest"];
/// The head of a stream that ends with its connection.
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

fn event(id: u64) -> String {
    format!("id: {id}\ndata: {}\n\n", quote(id))
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

async fn open(server: &Canned, engine: &str) -> Result<Box<dyn Subscription>, ClientError> {
    subscribe(server.context(&[("client", engine)])).await
}

/// Returns the value of a header field in each request so far.
fn sent(server: &Canned, header: &str) -> Vec<Option<String>> {
    let value = |request: &String| {
        request.lines().find_map(|line| line.strip_prefix(header)?.strip_prefix(": ").map(str::to_owned))
    };
    server.requests().iter().map(value).collect()
}

#[tokio::test]
async fn accepts_the_media_type_in_any_case_and_with_parameters() {
    for media_type in ["text/event-stream; charset=utf-8", "Text/Event-Stream", "text/event-stream ;x=y"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n\r\n");
        let server = Canned::start(vec![then_stay(&[&head, &event(4)])]).await;
        for engine in ENGINES {
            let mut client = open(&server, engine).await.unwrap();
            assert_eq!(sequences(&mut client, 1).await, [4], "{media_type} with {engine}");
        }
    }
    for other in ["content-type: text/html\r\n", "content-type: text/event-streams\r\n", ""] {
        let server = Canned::start(vec![then_stay(&[&format!("HTTP/1.1 200 OK\r\n{other}\r\n")])]).await;
        for engine in ENGINES {
            let refused = open(&server, engine).await.err().unwrap();
            assert!(
                matches!(&refused, ClientError::Refused(why) if why.contains("expected text/event-stream")),
                "{refused}"
            );
        }
    }
}

#[tokio::test]
async fn reads_events_across_chunk_boundaries() {
    let data = format!("id: 4\ndata: {}\n", quote(4));
    let events = format!("{}{}", event(5), event(6));
    let (first, rest) = events.split_at(events.len() - 1);
    let parts = [CHUNKED, &chunk("\u{feff}"), &chunk(&data), &chunk(":\n\n"), &chunk(first), &chunk(rest)];
    let server = Canned::start(vec![then_stay(&parts)]).await;
    for engine in ENGINES {
        assert_eq!(sequences(&mut open(&server, engine).await.unwrap(), 3).await, [4, 5, 6], "{engine}");
    }
}

#[tokio::test]
async fn counts_comments_as_heartbeats_and_tolerates_invalid_utf8() {
    let mut script = then_stay(&[HEAD, ": caf"]);
    script.parts.push(b"\xe9\n\n:\n".to_vec());
    script.parts.push(format!("event: ping\ndata: {{}}\n\n{}", event(4)).into_bytes());
    let server = Canned::start(vec![script]).await;
    for engine in ENGINES {
        let mut client = open(&server, engine).await.unwrap();
        let (mut events, mut heartbeats) = (Vec::new(), 0);
        while events.is_empty() {
            let batch = next(&mut client).await.unwrap();
            heartbeats += batch.cost.heartbeats;
            assert_eq!(batch.cost.with_events, batch.events.len() as u64);
            events.extend(batch.events);
        }
        assert_eq!((heartbeats, events[0].sequence), (2, 4), "{engine}");
    }
}

#[tokio::test]
async fn keeps_the_last_event_id_across_reconnects() {
    let retry = "retry: 1\n";
    let without_id = format!("data: {}\n\n", quote(7));
    let scripts = vec![
        then_close(&[HEAD, retry, &event(4), "id: 777\n\n", "id: 778\ndata: not all of it\n"]),
        then_close(&[HEAD, &without_id]),
        then_close(&[HEAD, ":\n\n"]),
        then_close(&[HEAD, "id\n\n"]),
        then_stay(&[HEAD, &event(9)]),
    ];
    for engine in ENGINES {
        let server = Canned::start(scripts.clone()).await;
        let mut client = open(&server, engine).await.unwrap();
        assert_eq!(sequences(&mut client, 3).await, [4, 7, 9], "{engine}");
        let ids = [None, Some("777"), Some("777"), Some("777"), None].map(|id| id.map(str::to_owned));
        assert_eq!(sent(&server, "last-event-id"), ids, "{engine}");
    }
}

#[tokio::test]
async fn retries_a_busy_server_unless_the_policy_is_browser() {
    let scripts = vec![
        then_close(&[HEAD, "retry: 1\n", &event(4)]),
        then_close(&["HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n"]),
        then_close(&["HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"]),
        then_close(&["HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"]),
        then_stay(&[HEAD, &event(5)]),
    ];
    for engine in ENGINES {
        let server = Canned::start(scripts.clone()).await;
        let mut client = open(&server, engine).await.unwrap();
        assert_eq!(sequences(&mut client, 2).await, [4, 5], "{engine}");
        assert_eq!(server.requests().len(), 5);

        let server = Canned::start(scripts.clone()).await;
        let mut browser = subscribe(server.context(&[("client", engine), ("policy", "browser")])).await.unwrap();
        assert_eq!(sequences(&mut browser, 1).await, [4]);
        let lost = next(&mut browser).await.unwrap_err();
        assert!(matches!(&lost, ClientError::Refused(why) if why.starts_with("503")), "{engine}: {lost}");
    }
}

#[tokio::test]
async fn other_responses_are_final() {
    for (status, why) in [
        ("204 No Content\r\n\r\n", "204"),
        (
            "301 Moved Permanently\r\nlocation: /stream\r\ncontent-length: 0\r\n\r\n",
            "redirects are not followed (to /stream)",
        ),
        (
            "307 Temporary Redirect\r\nlocation: /stream\r\ncontent-length: 0\r\n\r\n",
            "redirects are not followed (to /stream)",
        ),
        ("401 Unauthorized\r\ncontent-length: 3\r\n\r\nwhy", "401 Unauthorized: why"),
        ("404 Not Found\r\n\r\n", "404"),
    ] {
        let server = Canned::start(vec![then_close(&["HTTP/1.1 ", status])]).await;
        for engine in ENGINES {
            for policy in ["retry", "browser"] {
                let refused = subscribe(server.context(&[("client", engine), ("policy", policy)])).await.err().unwrap();
                assert!(matches!(&refused, ClientError::Refused(found) if found.contains(why)), "{engine}: {refused}");
            }
        }
    }
}

#[tokio::test]
async fn an_endless_event_is_a_protocol_error() {
    let line = format!("data: {}\n", "x".repeat(60_000));
    let server = Canned::start(vec![then_stay(&[HEAD, &line.repeat(MESSAGE_LIMIT_BYTES / 50_000)])]).await;
    for engine in ENGINES {
        let broken = next(&mut open(&server, engine).await.unwrap()).await.unwrap_err();
        let limit = format!("larger than {MESSAGE_LIMIT_BYTES} bytes");
        let is_named = matches!(&broken, ClientError::Protocol(why) if why.contains(&limit));
        assert!(is_named, "{engine}: {broken}");
    }
}

#[tokio::test]
async fn ignores_events_without_data_or_with_an_unknown_name() {
    let stream = format!("event: cursor\nid: 9\n\nevent: x\ndata: no JSON\n\ndata\nevent: x\n\n{}", event(10));
    let server = Canned::start(vec![then_stay(&[HEAD, &stream])]).await;
    for engine in ENGINES {
        let batch = next(&mut open(&server, engine).await.unwrap()).await.unwrap();
        assert_eq!((batch.events.len(), batch.cost.with_events, batch.cost.resets), (1, 1, 0), "{engine}");
    }
}
