//! Tests when each engine reuses its connection and when it opens another.

use std::sync::atomic::Ordering;

use super::{
    answers_tests::kept_answers,
    canned_tests::{ENGINES, Read, client, get, read, server, whole},
    *,
};

#[tokio::test]
async fn reuses_the_connection_for_the_next_request() {
    for (text, _) in kept_answers() {
        let (endpoint, accepted) = server(vec![text.clone(); 2], false, text.len()).await;
        for (engines, engine) in (1..).zip(ENGINES) {
            let mut client = client(engine, endpoint);
            for _ in 0..2 {
                get(&mut client).await.unwrap();
            }
            assert_eq!(accepted.load(Ordering::SeqCst), engines, "{engine}: {text:?}");
        }
    }
}

#[tokio::test]
async fn replaces_an_idle_connection_that_the_server_closed_without_an_error() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned();
    // The server closes after the response, or only when the next request arrives.
    for answers in [vec![answer.clone()], vec![answer.clone(), String::new()]] {
        let (endpoint, accepted) = server(answers, true, 1_000).await;
        for (engines, engine) in (1..).zip(ENGINES) {
            let mut client = client(engine, endpoint);
            for turn in 0..3 {
                assert_eq!(read(&mut client).await, whole(200, "ok"), "{engine}, turn {turn}");
            }
            assert_eq!(accepted.load(Ordering::SeqCst), 3 * engines, "{engine}");
        }
    }
}

#[tokio::test]
async fn does_not_repeat_a_request_on_a_new_connection_or_a_post() {
    let (endpoint, accepted) = server(vec![String::new()], true, 1).await;
    for (engines, engine) in (1..).zip(ENGINES) {
        assert_eq!(read(&mut client(engine, endpoint)).await, Read::CutOff, "{engine}");
        assert_eq!(accepted.load(Ordering::SeqCst), engines, "{engine}");
    }
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned();
    let (endpoint, accepted) = server(vec![answer, String::new()], true, 1_000).await;
    for (engines, engine) in (1..).zip(ENGINES) {
        let mut client = client(engine, endpoint);
        assert_eq!(read(&mut client).await, whole(200, "ok"));
        let posted = client.post("/", &[], Bytes::from_static(b"x"), &mut Cost::default()).await;
        assert!(matches!(posted.map(|_| ()), Err(ClientError::Connection(_))), "{engine}");
        assert_eq!(accepted.load(Ordering::SeqCst), engines, "{engine}");
    }
}

#[tokio::test]
async fn values_from_a_server_cannot_inject_into_the_next_request() {
    let (endpoint, accepted) = server(vec![String::new()], true, 1).await;
    for engine in ENGINES {
        let mut client = client(engine, endpoint);
        for (target, id) in [("/?after=1\r\nx: y", "1"), ("/?after=1 2", "1"), ("/", "1\r\nx: y"), ("/", "\0")] {
            let refused = client.get(target, &[("last-event-id", id)], &mut Cost::default()).await;
            assert!(matches!(refused.map(|_| ()), Err(ClientError::Protocol(_))), "{engine}: {target:?} {id:?}");
        }
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_unrequested_response_is_not_taken_for_the_next_one() {
    let text = "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
    let (endpoint, _) = server(vec![text.to_owned()], false, text.len()).await;
    for engine in ENGINES {
        let mut client = client(engine, endpoint);
        for _ in 0..3 {
            assert_eq!(read(&mut client).await, whole(204, ""), "{engine}");
        }
    }
}

#[tokio::test]
async fn an_unread_body_that_has_arrived_frees_its_connection() {
    let text = "HTTP/1.1 410 Gone\r\ncontent-length: 4\r\n\r\ngone";
    let (endpoint, accepted) = server(vec![text.to_owned(); 3], false, text.len()).await;
    let mut client = client("bare", endpoint);
    for _ in 0..3 {
        drop(client.get("/", &[], &mut Cost::default()).await.unwrap());
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}
