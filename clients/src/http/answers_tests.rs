//! Tests that all engines read responses alike, as servers and proxies may write them, in one piece and byte by byte.

use proptest::prelude::*;

use super::{
    canned_tests::{ENGINES, Read, client, read, server, whole},
    *,
};
use crate::line_end::counted;

/// Responses on connections that stay open, and the expected result of reading them.
pub(super) fn kept_answers() -> Vec<(String, Read)> {
    let fields = |count: usize, bytes: usize| -> String {
        (0..count).map(|index| format!("X-Proxy-{index}: {}\r\n", "v".repeat(bytes))).collect()
    };
    let answers = [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", whole(200, "hello")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", whole(200, "")),
        ("HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 2\r\n\r\nok", whole(200, "ok")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok", whole(200, "ok")),
        ("HTTP/1.1 200 OK\r\ncontent-length:\r\n 2\r\n\r\nok", whole(200, "ok")),
        ("HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\nok", whole(200, "ok")),
        ("HTTP/1.1 204 No Content\r\nx-cursor: 7\r\n\r\n", whole(204, "")),
        ("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", whole(204, "")),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", whole(304, "")),
        ("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n", whole(304, "")),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", whole(204, "")),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n\
             HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            whole(200, "ok"),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n2\r\n!!\r\n0\r\n\r\n",
            whole(200, "hello!!"),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;name=\"value\"\r\nhello\r\n0;last\r\nx-trailer: 1\r\n\r\n",
            whole(200, "hello"),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            whole(200, "hello"),
        ),
        ("HTTP/1.1 301 Moved Permanently\r\nlocation: /\r\ncontent-length: 4\r\n\r\nmove", whole(301, "move")),
        (
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            whole(307, ""),
        ),
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok", whole(503, "ok")),
    ];
    let mut answers: Vec<(String, Read)> = answers.map(|(text, read)| (text.to_owned(), read)).into();
    for (count, bytes) in [(100, 40), (120, 8), (1, 20_000), (100, 400)] {
        let text = format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\nok", fields(count, bytes));
        answers.push((text, whole(200, "ok")));
    }
    answers
}

/// Responses after which the server closes, and the expected result of reading them.
const LAST_ANSWERS: &[(&str, Option<(u16, &str)>)] = &[
    ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\nok", Some((200, "ok"))),
    ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", Some((200, "ok"))),
    ("HTTP/1.0 200 OK\r\n\r\nuntil the end", Some((200, "until the end"))),
    ("HTTP/1.1 200 OK\r\n\r\nuntil the end", Some((200, "until the end"))),
    ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", None),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", None),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", None),
    ("HTTP/1.1 200 OK\r\nconte", None),
    ("", None),
];

/// Responses that break the protocol, or use a coding that the request did not ask for.
const UNREADABLE: &[&str] = &[
    "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
    "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "no HTTP at all\r\n\r\n",
    "SSH-2.0-OpenSSH_9.9\r\n",
];

#[tokio::test]
async fn all_engines_read_the_same_whatever_the_piece_size() {
    let kept = kept_answers().into_iter().map(|(text, read)| (text, false, read));
    let last = LAST_ANSWERS
        .iter()
        .map(|(text, body)| (text.to_string(), true, body.map_or(Read::CutOff, |(status, body)| whole(status, body))));
    let unreadable = UNREADABLE.iter().map(|text| (text.to_string(), false, Read::Unreadable));
    for (text, close, expected) in kept.chain(last).chain(unreadable) {
        let shown = &text[..text.len().min(120)];
        for piece in [1, text.len().max(1)].into_iter().filter(|piece| *piece > 1 || text.len() < 300) {
            let (endpoint, _) = server(vec![text.clone(); if close { 1 } else { 2 }], close, piece).await;
            for engine in ENGINES {
                let mut client = client(engine, endpoint);
                for turn in 0..2 {
                    assert_eq!(read(&mut client).await, expected, "{engine}: {shown:?} in {piece}, turn {turn}");
                }
            }
        }
    }
}

#[tokio::test]
async fn rejects_an_endless_head() {
    let text = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1 << 20));
    let (endpoint, _) = server(vec![text], false, 1 << 20).await;
    for engine in ENGINES {
        assert_eq!(read(&mut client(engine, endpoint)).await, Read::Unreadable, "{engine}");
    }
}

#[tokio::test]
async fn an_unrequested_upgrade_is_a_refusal() {
    let text = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_owned();
    let (endpoint, _) = server(vec![text], false, 1_000).await;
    for engine in ENGINES {
        let response = client(engine, endpoint).get("/", &[], &mut Cost::default()).await.unwrap();
        assert!(matches!(response.failure().await, ClientError::Refused(_)), "{engine}");
    }
}

#[tokio::test]
async fn header_lookup_handles_case_folding_and_repeated_fields() {
    let text = "HTTP/1.1 204 No Content\r\nX-CURSOR: 7\r\nx-cursor: 8\r\netag:\t\"a\"  \r\nfolded: a \r\n\t b\r\n\r\n";
    let (endpoint, _) = server(vec![text.to_owned()], false, 1_000).await;
    for engine in ENGINES {
        let response = client(engine, endpoint).get("/", &[], &mut Cost::default()).await.unwrap();
        let values = ["x-cursor", "etag", "folded", "absent"].map(|name| response.header(name));
        assert_eq!(values, [Some("7"), Some("\"a\""), Some("a b"), None], "{engine}");
    }
}

#[tokio::test]
async fn tells_a_busy_server_from_one_that_refuses() {
    for (status, field, expected) in [
        ("503 Service Unavailable", "retry-after: 7", Some(Some(7))),
        (
            "429 Too Many Requests",
            "Retry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT",
            Some(Some(3)),
        ),
        ("502 Bad Gateway", "server: proxy", Some(None)),
        ("408 Request Timeout", "connection: close", Some(None)),
        ("301 Moved Permanently", "location: /elsewhere", None),
        ("401 Unauthorized", "retry-after: 7", None),
    ] {
        let text = format!("HTTP/1.1 {status}\r\n{field}\r\ncontent-length: 3\r\n\r\nwhy");
        let (endpoint, _) = server(vec![text], true, 1_000).await;
        for engine in ENGINES {
            let response = client(engine, endpoint).get("/", &[], &mut Cost::default()).await.unwrap();
            let found = match response.failure().await {
                ClientError::Busy { retry_after, .. } => Some(retry_after.map(|asked| asked.as_secs())),
                ClientError::Refused(_) => None,
                error => panic!("{error}"),
            };
            assert_eq!(found, expected, "{engine}: {status}");
        }
    }
}

#[tokio::test]
async fn rejects_a_body_over_the_limit() {
    for text in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n{}", "x".repeat(50_000)),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nc350\r\n{}\r\n0\r\n\r\n", "x".repeat(50_000)),
    ] {
        let (endpoint, _) = server(vec![text], false, 1_000).await;
        for engine in ENGINES {
            let response = client(engine, endpoint).get("/", &[], &mut Cost::default()).await.unwrap();
            let refused = super::read_whole(response.stream(), 40_000).await.unwrap_err();
            assert!(matches!(&refused, ClientError::Protocol(why) if why.contains("40000")), "{engine}: {refused}");
        }
    }
}

/// Reads the parts of a response as the bare engine does, and returns the length of the body.
fn read_parts<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Result<usize, ClientError> {
    let (mut unread, mut end, mut chunks, mut body) = (BytesMut::new(), head::HeadEnd::default(), None, 0);
    for part in parts {
        unread.extend_from_slice(part);
        if chunks.is_none() {
            let Some(length) = end.find(&unread)? else { continue };
            let (_, head, framing) = head::read(&mut unread, length)?;
            head.map();
            let framing::Framing::Chunked(found) = framing else { return Ok(0) };
            chunks = Some(found);
        }
        while let Some(chunks) = &mut chunks {
            let (part, ended) = chunks.take(&mut unread)?;
            body += part.len();
            if ended {
                return Ok(body);
            }
            if part.is_empty() {
                break;
            }
        }
    }
    Ok(body)
}

#[test]
fn searches_head_and_chunk_lines_once_whatever_the_part_size() {
    let fields = (0..100).map(|index| format!("x-{index}: {}\r\n", "v".repeat(400))).collect::<String>();
    let chunks = format!("5;{}\r\nhello\r\n", "e".repeat(4_000)).repeat(20);
    let text = format!("HTTP/1.1 200 OK\r\n{fields}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    for part in [1, 7, 1_000, text.len()] {
        counted::take();
        assert_eq!(read_parts(text.as_bytes().chunks(part)).unwrap(), 100);
        assert_eq!(counted::take(), text.len() - 20 * "hello\r\n".len(), "parts of {part}");
    }
}

proptest! {
    #[test]
    fn never_panics_on_arbitrary_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        at in 0_usize..200,
        part in 1_usize..40,
    ) {
        let text = b"HTTP/1.1 200 OK\r\nfolded: a\r\n b\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nt: u\r\n\r\n";
        let at = at.min(text.len());
        let inserted = [&text[..at], &bytes, &text[at..]].concat();
        let replaced = [&text[..at], &bytes, &text[(at + bytes.len()).min(text.len())..]].concat();
        for mutated in [inserted, replaced, bytes] {
            // The parts must give the same result as one piece.
            let (whole, parts) = (read_parts(std::iter::once(&mutated[..])), read_parts(mutated.chunks(part)));
            prop_assert_eq!(whole.is_ok(), parts.is_ok() || mutated.is_empty());
        }
    }
}
