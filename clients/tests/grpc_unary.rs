//! Tests when a gRPC unary client counts as subscribed, how long it waits for a response, and which statuses it
//! retries.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use bytes::Bytes;
use clients::{ClientError, Context, Orders, Subscription, Ticks};
use http_body_util::StreamBody;
use hyper::{
    HeaderMap, Request, Response,
    body::{Frame, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use net::Endpoint;
use proto::Quote;

const LIBRARIES: [&str; 2] = ["tonic", "hyper"];

async fn subscribe(
    library: &str,
    server: SocketAddr,
    after: Option<u64>,
) -> Result<Box<dyn Subscription>, ClientError> {
    clients::grpc_unary::subscribe(Context {
        endpoint: Endpoint::new(server),
        symbols: vec!["BTC".into()],
        after,
        params: proto::Params([("client".to_owned(), library.to_owned())].into()),
        ticks: Ticks::default(),
        orders: Orders::default(),
        seed: 1,
    })
    .await
}

/// The kernel completes a connection before the server accepts it. A trial that started at that point would measure the
/// server's backlog.
#[tokio::test]
async fn is_not_subscribed_before_the_server_has_responded() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    for library in LIBRARIES {
        for after in [None, Some(0)] {
            let subscribed = subscribe(library, deaf.local_addr().unwrap(), after);
            let subscribed = tokio::time::timeout(Duration::from_millis(200), subscribed).await;
            assert!(subscribed.is_err(), "{library} subscribed after {after:?} to a server that never accepted");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_a_server_that_does_not_respond() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    // tonic's channel has a timer of its own, which may end first.
    for library in LIBRARIES {
        let error =
            subscribe(library, deaf.local_addr().unwrap(), None).await.err().expect("the server never responds");
        let is_late = |reason: &str| reason.contains("in time") || reason.contains("Timeout expired");
        assert!(matches!(&error, ClientError::Connection(reason) if is_late(reason)), "{library}: {error}");
    }
}

/// The response to one call: how many extra header fields it has, the status, and the pushback in milliseconds.
type Answer = (usize, &'static str, Option<&'static str>);

/// Starts a server that sends one of these responses per call, in order, and repeats the last one.
async fn canned(answers: &'static [Answer]) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        while let Ok((stream, _)) = listener.accept().await {
            let calls = std::sync::Arc::clone(&calls);
            let service = service_fn(move |_: Request<Incoming>| {
                let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let answer = answers[call.min(answers.len() - 1)];
                async move { Ok::<_, Infallible>(respond(answer, call as u64)) }
            });
            let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    address
}

type Body = StreamBody<futures_util::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

fn respond((fields, status, pushback): Answer, sequence: u64) -> Response<Body> {
    let message = Quote { symbol: "BTC".into(), sequence, ..Quote::default() }.to_protobuf();
    let prefix = [&[0], &u32::try_from(message.len()).unwrap().to_be_bytes()[..]].concat();
    let mut trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())]);
    if let Some(milliseconds) = pushback {
        trailers.insert("grpc-retry-pushback-ms", milliseconds.parse().unwrap());
    }
    let mut frames = vec![Ok(Frame::trailers(trailers))];
    if status == "0" {
        frames.insert(0, Ok(Frame::data(Bytes::from([prefix, message.to_vec()].concat()))));
    }
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)));
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    for index in 0..fields {
        let name: hyper::header::HeaderName = format!("x-proxy-{index}").parse().unwrap();
        response.headers_mut().insert(name, "v".repeat(200).parse().unwrap());
    }
    response
}

#[tokio::test]
async fn reads_a_response_with_many_header_fields() {
    let server = canned(&[(100, "0", None)]).await;
    for library in LIBRARIES {
        let mut client = subscribe(library, server, None).await.unwrap();
        assert!(!client.next().await.unwrap().events.is_empty(), "{library}");
    }
}

#[tokio::test]
async fn repeats_a_call_unless_the_pushback_forbids_it() {
    // UNAVAILABLE without and with a pushback, then RESOURCE_EXHAUSTED.
    let passing: &[Answer] =
        &[(0, "0", None), (0, "14", None), (0, "14", Some("1")), (0, "8", Some("0")), (0, "0", None)];
    for library in LIBRARIES {
        let mut client = subscribe(library, canned(passing).await, None).await.unwrap();
        let batch = client.next().await.unwrap();
        assert_eq!((batch.events[0].sequence, batch.cost.errors), (4, 3), "{library}");

        let forbidding = canned(&[(0, "0", None), (0, "14", Some("-1"))]).await;
        let mut client = subscribe(library, forbidding, None).await.unwrap();
        let refused = client.next().await.unwrap_err();
        assert!(matches!(refused, ClientError::Refused(_)), "{library}: {refused}");
        let refused = subscribe(library, canned(&[(0, "16", None)]).await, None).await.err().unwrap();
        assert!(matches!(&refused, ClientError::Refused(why) if why.starts_with("Unauthenticated")), "{refused}");
    }
}
