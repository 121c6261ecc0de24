//! Responses as servers may write them, in one piece and byte by byte, against what is read of them.

use futures_util::TryStreamExt;
use hyper::Method;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

use super::*;

/// What a response came to.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Whole(u16, &'static str),
    Unreadable,
    CutOff,
}

/// Answers each request on each connection with this text, and closes where it is to.
async fn answer(mut stream: TcpStream, text: &'static str, close: bool, piece: usize) {
    let mut request = [0; 4_096];
    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        for piece in text.as_bytes().chunks(piece) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        if close {
            return;
        }
    }
}

/// A client of a server that answers with this text.
async fn client(text: &'static str, close: bool, piece: usize) -> Bare {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(answer(stream, text, close, piece));
        }
    });
    Bare::new(Endpoint::new(server))
}

async fn exchange(client: &mut Bare, reopened: &mut u64) -> Read {
    let request = Outgoing { method: Method::GET, target: "/", headers: &[], body: Bytes::new(), close: false };
    let read = async {
        let (status, _, body) = client.send(&request, reopened).await?;
        let body: Vec<Bytes> = body.try_collect().await?;
        Ok((status.as_u16(), String::from_utf8(body.concat()).unwrap().leak() as &str))
    };
    match read.await {
        Ok((status, body)) => Read::Whole(status, body),
        Err(ClientError::Protocol(_)) => Read::Unreadable,
        Err(_) => Read::CutOff,
    }
}

/// A text, whether the server closes after it, what is read of it, and whether the connection serves the next request.
const RESPONSES: &[(&str, bool, Read, bool)] = &[
    ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false, Read::Whole(200, "hello"), true),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, Read::Whole(200, ""), true),
    ("HTTP/1.1 204 No Content\r\nx-cursor: 7\r\n\r\n", false, Read::Whole(204, ""), true),
    ("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", false, Read::Whole(304, ""), true),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", false, Read::Whole(204, ""), true),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n2\r\n!!\r\n0\r\n\r\n",
        false,
        Read::Whole(200, "hello!!"),
        true,
    ),
    ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\nok", false, Read::Whole(200, "ok"), false),
    ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", false, Read::Whole(200, "ok"), false),
    ("HTTP/1.1 200 OK\r\n\r\nuntil the end", true, Read::Whole(200, "until the end"), false),
    ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", true, Read::CutOff, false),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", true, Read::CutOff, false),
    ("HTTP/1.1 200 OK\r\nconte", true, Read::CutOff, false),
    ("HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello", false, Read::Unreadable, false),
    ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!", false, Read::Unreadable, false),
    (
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        false,
        Read::Unreadable,
        false,
    ),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", false, Read::Unreadable, false),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n5\r\nhello\r\n0\r\n\r\n",
        false,
        Read::Unreadable,
        false,
    ),
    ("no HTTP at all\r\n\r\n", false, Read::Unreadable, false),
];

#[tokio::test]
async fn a_response_is_read_alike_however_it_arrives() {
    for (text, close, expected, serves_the_next) in RESPONSES {
        for piece in [1, 7, text.len()] {
            let mut client = client(text, *close, piece).await;
            let mut reopened = 0;
            for turn in 0..2 {
                assert_eq!(exchange(&mut client, &mut reopened).await, *expected, "{text:?} in {piece}, turn {turn}");
            }
            assert_eq!(reopened, u64::from(!serves_the_next), "{text:?} in {piece}");
        }
    }
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_the_next_response() {
    let text = "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
    let mut client = client(text, false, text.len()).await;
    let mut reopened = 0;
    for _ in 0..3 {
        assert_eq!(exchange(&mut client, &mut reopened).await, Read::Whole(204, ""));
    }
    assert_eq!(reopened, 2);
}

#[tokio::test]
async fn a_body_that_is_there_and_that_nobody_reads_frees_its_connection() {
    let text = "HTTP/1.1 410 Gone\r\ncontent-length: 4\r\n\r\ngone";
    let mut client = client(text, false, text.len()).await;
    let request = Outgoing { method: Method::GET, target: "/", headers: &[], body: Bytes::new(), close: false };
    let mut reopened = 0;
    for _ in 0..3 {
        drop(client.send(&request, &mut reopened).await.map_err(|error| error.to_string()).unwrap());
    }
    assert_eq!(reopened, 0);
}

#[test]
fn a_header_that_is_no_text_hides_no_other() {
    let head = Head(Bytes::from_static(b"HTTP/1.1 200 OK\r\nx: \xff\r\nETag:  \"7\" \r\n\r\n"));
    assert_eq!(head.get("etag"), Some("\"7\""));
    assert_eq!(head.get("x"), None);
    assert_eq!(head.map().len(), 1);
}
