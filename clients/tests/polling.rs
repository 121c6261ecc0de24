//! Tests the polling clients against a server that is busy, closes connections, and sends unusual cursors.

mod canned;

use canned::{Canned, next, quote, sequences, then_close, then_stay};
use clients::{ClientError, Context, Subscription};
use futures_util::future::BoxFuture;

type Subscribe = fn(Context) -> BoxFuture<'static, Result<Box<dyn Subscription>, ClientError>>;

const CLIENTS: [(&str, Subscribe); 2] = [
    ("short-poll", |context| Box::pin(clients::short_poll::subscribe(context))),
    ("long-poll", |context| Box::pin(clients::long_poll::subscribe(context))),
];
const ENGINES: [&str; 3] = ["bare", "hyper", "reqwest"];

fn page(cursor: &str, sequence: u64) -> String {
    let body = format!(r#"{{"cursor":"{cursor}","has_more":false,"events":[{}]}}"#, quote(sequence));
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn retries_after_busy_and_truncated_responses_but_not_after_a_refusal() {
    let (first, second) = (page("3-1", 4), page("3-2", 5));
    let scripts = vec![
        then_close(&[&first]),
        then_close(&["HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n"]),
        then_close(&["HTTP/1.1 502 Bad Gateway\r\ncontent-encoding: gzip\r\n\r\nx"]),
        then_close(&["HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"]),
        then_close(&["HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n"]),
        then_close(&[&second[..second.len() - 9]]),
        then_close(&[&second]),
        then_close(&["HTTP/1.1 302 Found\r\nlocation: /events\r\ncontent-length: 0\r\n\r\n"]),
    ];
    for (name, subscribe) in CLIENTS {
        for engine in ENGINES {
            let server = Canned::start(scripts.clone()).await;
            let mut client = subscribe(server.context(&[("client", engine), ("hold", "1s")])).await.unwrap();
            assert_eq!(sequences(&mut client, 1).await, [4], "{name} with {engine}");
            let batch = next(&mut client).await.unwrap();
            assert_eq!((batch.events[0].sequence, batch.cost.errors), (5, 5), "{name} with {engine}");
            let refused = next(&mut client).await.unwrap_err();
            let is_named = matches!(&refused, ClientError::Refused(why) if why.contains("redirects are not followed"));
            assert!(is_named, "{name} with {engine}: {refused}");
        }
    }
}

#[tokio::test]
async fn sends_a_cursor_back_whatever_characters_it_has() {
    let scripts = vec![then_close(&[&page("a&b=c d#é/%", 4)]), then_stay(&[&page("6", 5)])];
    for (name, subscribe) in CLIENTS {
        let server = Canned::start(scripts.clone()).await;
        let mut client = subscribe(server.context(&[("client", "bare"), ("hold", "1s")])).await.unwrap();
        assert_eq!(sequences(&mut client, 2).await, [4, 5], "{name}");
        let second = &server.requests()[1];
        assert!(second.contains("after=a%26b%3dc%20d%23%c3%a9%2f%25"), "{name}: {second}");
    }
}
