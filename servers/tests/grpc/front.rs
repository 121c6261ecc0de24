//! Tests of what a gRPC server handles besides its methods: other media types, slow or silent peers, health checks and
//! reflection.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, Empty, StreamBody, combinators::BoxBody};
use hyper::{
    Request,
    body::Frame,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use servers::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{btc, connect, server::Server, start};

type Body = BoxBody<Bytes, Infallible>;

async fn channel(server: &Server) -> Channel {
    Endpoint::try_from(format!("http://{}", server.address)).unwrap().connect().await.unwrap()
}

/// Opens an HTTP/2 connection without keep-alive. Returns its sender, and a task that returns how the connection ends.
async fn http2(server: &Server) -> (SendRequest<Body>, JoinHandle<hyper::Result<()>>) {
    let stream = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn call(server: &Server, method: &str, media_type: &str, body: Body) -> Request<Body> {
    let request = Request::post(format!("http://{}/MarketData/{method}", server.address));
    request.header("content-type", media_type).header("te", "trailers").body(body).unwrap()
}

#[tokio::test]
async fn refuses_requests_that_are_not_grpc_with_415() {
    let server = start(Limits::default(), "shared");
    let (mut sender, _) = http2(&server).await;
    for media_type in ["text/plain", "application/grpcx", "application/grpc-web+proto", "application/grpc+json"] {
        let answer = sender.send_request(call(&server, "GetQuote", media_type, Empty::new().boxed())).await.unwrap();
        assert_eq!(answer.status(), 415, "{media_type}");
    }
}

#[tokio::test]
async fn reports_the_health_of_the_service() {
    let server = start(Limits::default(), "shared");
    let mut client = HealthClient::new(channel(&server).await);
    for service in ["", "MarketData"] {
        let answer = client.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
        assert_eq!(answer.status, ServingStatus::Serving as i32, "{service:?}");
    }
    let unknown = client.check(HealthCheckRequest { service: "Nothing".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

/// Sends the requests of a grpcurl without a `.proto` file.
#[tokio::test]
async fn serves_reflection() {
    let server = start(Limits::default(), "shared");
    let mut client = ServerReflectionClient::new(channel(&server).await);
    let ask = |message| ServerReflectionRequest { host: String::new(), message_request: Some(message) };
    let requests = stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("MarketData".into())),
    ]);
    let answers = client.server_reflection_info(requests).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.unwrap().message_response.unwrap()).collect().await;
    let [MessageResponse::ListServicesResponse(services), MessageResponse::FileDescriptorResponse(file)] =
        answers.as_slice()
    else {
        panic!("{answers:?}")
    };
    let names: Vec<&str> = services.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"MarketData") && names.contains(&"grpc.health.v1.Health"), "{names:?}");
    assert!(
        file.file_descriptor_proto[0].windows(9).any(|text| text == b"GetQuote\x12"),
        "the descriptor contains the method"
    );
}

/// Sends nothing, or only the preface without the SETTINGS frame.
#[tokio::test(start_paused = true)]
async fn disconnects_a_peer_that_does_not_complete_its_handshake() {
    let server = start(Limits::default(), "shared");
    for beginning in [&b""[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let mut rest = Vec::new();
        // The clock is paused: it advances while all tasks wait.
        let _ = stream.read_to_end(&mut rest).await;
        while server.meter.open_connections() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_without_calls_and_keeps_one_with_a_call() {
    let server = start(Limits::default(), "shared");
    let (_sender, idle) = http2(&server).await;
    let mut client = connect(&server).await;
    let mut quotes = client.subscribe_quotes(btc(None)).await.unwrap().into_inner();
    idle.await.unwrap().expect("the connection is closed gracefully");
    tokio::time::sleep(Duration::from_secs(1_000)).await;
    server.publish(1);
    assert_eq!(quotes.message().await.unwrap().unwrap().sequence, 1);
}

#[tokio::test(start_paused = true)]
async fn ends_a_call_whose_message_does_not_arrive() {
    let server = start(Limits::default(), "shared");
    let (mut sender, _) = http2(&server).await;
    let unfinished = BodyExt::boxed(StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>()));
    let answer = sender.send_request(call(&server, "GetQuote", "application/grpc", unfinished)).await.unwrap();
    let status = Status::from_header_map(answer.headers()).expect("a status");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn ends_a_stream_within_a_message_but_not_between_messages() {
    let server = start(Limits::default(), "shared");
    let (mut sender, _) = http2(&server).await;
    // An empty order is complete. A message that announces nine bytes and has one is not.
    let complete = Bytes::from_static(&[0, 0, 0, 0, 0]);
    let incomplete = Bytes::from_static(&[0, 0, 0, 0, 9, 10]);
    let parts = stream::iter([Ok::<_, Infallible>(Frame::data(complete))]).chain(stream::once(async {
        // Longer than a message may take, but no message is unfinished.
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Frame::data(incomplete))
    }));
    let parts = std::sync::Mutex::new(Box::pin(parts.chain(stream::pending())));
    let parts = stream::poll_fn(move |cx| parts.lock().unwrap().as_mut().poll_next(cx));
    let request = call(&server, "Trade", "application/grpc", BodyExt::boxed(StreamBody::new(parts)));
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    let status = Status::from_header_map(answer.trailers().expect("the response has trailers")).expect("a status");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(!answer.to_bytes().is_empty(), "the complete order was confirmed");
}
