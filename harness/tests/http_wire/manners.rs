//! Behaviour that all HTTP servers share: towards people, pages of other origins, proxies, and clients that close their
//! write side.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{PATIENCE, ask, assert_has, get, read_until, send, start};

/// Approaches that a browser can use without a library, each with a path.
const OF_BROWSERS: [(&str, &str); 4] = [
    ("short-poll", "/events?symbols=BTC&after=0"),
    ("conditional-get", "/quotes/BTC"),
    ("long-poll", "/events?symbols=BTC&after=0"),
    ("sse", "/stream?symbols=BTC&after=0"),
];

#[tokio::test]
async fn every_server_lists_its_paths() {
    for name in ["short-poll", "conditional-get", "long-poll", "sse", "websocket", "grpc-web", "webhook"] {
        let fixture = start(name);
        let (head, body) = get(&fixture, "/", "").await;
        assert_has(&head, &["HTTP/1.1 200 OK", "content-type: text/plain; charset=utf-8"]);
        let url = format!("http://{}/", fixture.address);
        assert!(body.starts_with(&format!("{name}: ")) && body.contains("curl ") && body.contains(&url), "{body}");
        assert!(
            !body.contains("localhost:8080"),
            "an example shows the default address of `serve` instead of this server's: {body}"
        );
        let (head, rest) = ask(&fixture, "HEAD", "/", "").await;
        assert_has(&head, &["HTTP/1.1 200 OK", &format!("content-length: {}", body.len())]);
        assert_eq!(rest, "");
        let (head, rest) = get(&fixture, "/elsewhere", "").await;
        assert_has(&head, &["HTTP/1.1 404 Not Found"]);
        assert!(rest.contains("/elsewhere") && rest.contains("`GET /`"), "{rest}");
        let (head, _) = ask(&fixture, "DELETE", "/", "").await;
        assert_has(&head, &["HTTP/1.1 405 Method Not Allowed", "allow: GET,HEAD"]);
    }
}

#[tokio::test]
async fn a_grpc_server_explains_itself_over_http_1() {
    for name in ["grpc-unary", "grpc-stream", "grpc-bidi"] {
        let fixture = start(name);
        // The server closes the connection by itself.
        let mut stream = send(&fixture, "GET", "/", "").await;
        let mut answer = String::new();
        tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an end in time").unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a complete head");
        let length = format!("content-length: {}", body.len());
        assert_has(head, &["HTTP/1.1 200 OK", "content-type: text/plain; charset=utf-8", &length, "connection: close"]);
        let example = format!("{} MarketData/", fixture.address);
        assert!(body.starts_with(&format!("{name}: ")) && body.contains(&example), "{body}");
        let (head, rest) = ask(&fixture, "POST", "/MarketData/GetQuote", "content-length: 3\r\n\r\nabc").await;
        assert_has(&head, &["HTTP/1.1 404 Not Found"]);
        assert!(rest.contains("`GET /`"), "{rest}");
        let (head, _) = ask(&fixture, "DELETE", "/", "").await;
        assert_has(&head, &["HTTP/1.1 405 Method Not Allowed"]);
    }
}

#[tokio::test]
async fn a_request_that_is_not_grpc_web_is_told_why() {
    let fixture = start("grpc-web");
    let (head, body) = ask(&fixture, "POST", "/MarketData/GetQuote", "content-length: 0\r\n").await;
    assert_has(&head, &["HTTP/1.1 415 Unsupported Media Type"]);
    assert!(body.contains("application/grpc-web+proto"), "{body}");
}

#[tokio::test]
async fn pages_of_other_origins_may_read_browser_approaches() {
    for (name, target) in OF_BROWSERS {
        let mut fixture = start(name);
        fixture.publish(1);
        let asked = "if-none-match,last-event-id,cache-control";
        let preflight = format!(
            "origin: http://page.example\r\naccess-control-request-method: GET\r\naccess-control-request-headers: {asked}\r\n"
        );
        let (head, _) = ask(&fixture, "OPTIONS", target, &preflight).await;
        assert_has(&head, &["HTTP/1.1 200 OK", "access-control-allow-origin: *"]);
        assert_has(
            &head,
            &[&format!("access-control-allow-headers: {asked}"), "access-control-allow-methods: GET,HEAD"],
        );
        let mut stream = send(&fixture, "GET", target, "origin: http://page.example\r\n").await;
        let head = read_until(&mut stream, "\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert_has(&head, &["access-control-allow-origin: *"]);
        assert_has(&head, &["access-control-expose-headers: x-cursor,etag,retry-after"]);
        let mut stream = send(&fixture, "GET", target, "").await;
        let head = read_until(&mut stream, "\r\n\r\n").await;
        assert!(!head.contains("access-control") && !head.contains("vary"), "{name}: {head}");
    }
}

#[tokio::test]
async fn a_request_without_symbols_is_refused_with_the_reason() {
    for (name, path) in [("short-poll", "/events"), ("long-poll", "/events"), ("sse", "/stream")] {
        let fixture = start(name);
        for query in ["", "?symbols=", "?symbols=,", "?after=0"] {
            let (head, body) = get(&fixture, &format!("{path}{query}"), "").await;
            assert_has(&head, &["HTTP/1.1 400 Bad Request"]);
            assert_eq!(body, "name at least one symbol", "{name} {query}");
        }
    }
}

#[tokio::test]
async fn other_methods_are_answered_as_http_requires() {
    for (name, target) in OF_BROWSERS {
        let mut fixture = start(name);
        fixture.publish(1);
        let (head, _) = ask(&fixture, "POST", target, "content-length: 0\r\n").await;
        assert_has(&head, &["HTTP/1.1 405 Method Not Allowed", "allow: GET,HEAD"]);
        let (head, body) = ask(&fixture, "HEAD", target, "").await;
        assert_has(&head, &["HTTP/1.1 200 OK"]);
        assert!(body.is_empty() && !head.contains("content-length: 0"), "{name}: {head}");
        // `%42TC` decodes to `BTC`, and an unknown field is ignored.
        let target = target.replace("BTC", "%42TC") + if target.contains('?') { "&unknown=1" } else { "?unknown=1" };
        let mut stream = send(&fixture, "GET", &target, "").await;
        assert!(read_until(&mut stream, "\"sequence\":1,").await.starts_with("HTTP/1.1 200 OK"));
    }
}

#[tokio::test]
async fn a_client_that_closes_its_write_side_is_answered() {
    for (name, target) in OF_BROWSERS {
        let mut fixture = start(name);
        let mut stream = send(&fixture, "GET", &target.replace("&after=0", "&after=0&hold=100ms"), "").await;
        stream.shutdown().await.unwrap();
        let head = read_until(&mut stream, "\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 20"), "{name}: {head}");
        if head.contains("text/event-stream") {
            fixture.publish(1);
            read_until(&mut stream, "\"sequence\":1,").await;
            continue;
        }
        let rest = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        rest.expect("the connection closes after the response").unwrap();
    }
}

#[tokio::test]
async fn reads_a_head_with_many_fields() {
    let fixture = start("short-poll");
    let fields: String = (0..95).map(|number| format!("x-proxy-{number}: {}\r\n", "x".repeat(100))).collect();
    let (head, _) = get(&fixture, "/events?symbols=BTC", &fields).await;
    assert_has(&head, &["HTTP/1.1 204 No Content"]);
}

#[tokio::test]
async fn an_empty_last_event_id_is_ignored_and_a_malformed_one_refused() {
    let mut fixture = start("sse");
    fixture.publish(7);
    for field in ["last-event-id:\r\n", "last-event-id: \r\n"] {
        let mut stream = send(&fixture, "GET", "/stream?symbols=BTC&after=1", field).await;
        read_until(&mut stream, "\"sequence\":7,").await;
    }
    let (head, _) = get(&fixture, "/stream?symbols=BTC", "last-event-id: caf\u{e9}\r\n").await;
    assert_has(&head, &["HTTP/1.1 400 Bad Request"]);
}

#[tokio::test]
async fn a_request_with_several_hosts_is_refused() {
    for name in ["short-poll", "conditional-get", "long-poll", "sse", "websocket", "grpc-web", "webhook", "grpc-unary"]
    {
        let fixture = start(name);
        let body = "content-length: 2\r\n\r\n{}";
        let upgrade = "GET /stream HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        for (request, status, reason) in [
            ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "no Host field"),
            ("GET http://a/ HTTP/1.1\r\n\r\n", "400 Bad Request", "no Host field"),
            (upgrade, "400 Bad Request", "no Host field"),
            (&format!("POST /subscriptions HTTP/1.1\r\n{body}"), "400 Bad Request", "no Host field"),
            ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", "400 Bad Request", "several Host fields"),
            ("GET / HTTP/1.0\r\nhost: a\r\nHost: b\r\n\r\n", "400 Bad Request", "several Host fields"),
            ("GET / HTTP/1.1\r\nhost:\r\n\r\n", "200 OK", name),
            ("GET / HTTP/1.0\r\n\r\n", "200 OK", name),
        ] {
            let mut stream = TcpStream::connect(fixture.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = read_until(&mut stream, reason).await;
            assert!(answer.get(9..).is_some_and(|rest| rest.starts_with(status)), "{name}: {request}: {answer}");
        }
    }
}

#[tokio::test]
async fn responses_repeat_no_control_characters() {
    let fixture = start("long-poll");
    for (target, shown) in [
        ("/\u{202e}", r"/\u{202e} does not exist"),
        ("/events?symbols=a%E2%80%AE%1B%0A", r"unknown symbol `a\u{202e}\u{1b}\n`"),
        ("/events?symbols=BTC&hold=%1B", r"\u{1b}"),
        ("/events?symbols=BTC&limit=%1B", ""),
    ] {
        let (head, body) = get(&fixture, target, "").await;
        assert!(head.starts_with("HTTP/1.1 4") && body.contains(shown), "{head} {body}");
        assert!(!body.contains(['\u{202e}', '\u{1b}']), "{body:?}");
    }
    let (head, body) = get(&start("conditional-get"), "/quotes/%E2%80%AE", "").await;
    assert!(head.starts_with("HTTP/1.1 404") && body == r"unknown symbol `\u{202e}`", "{head} {body}");
}
