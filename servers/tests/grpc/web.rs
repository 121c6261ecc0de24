//! Tests of the gRPC-Web features that a browser needs, byte for byte: CORS, and the status in the body.

use prost::Message;
use proto::{SubscribeRequest, wire::CURSOR_HEADER};
use servers::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic_health::pb::HealthCheckRequest;

use crate::server::Server;

fn start(limits: Limits) -> Server {
    Server::start(|context| Box::pin(servers::grpc_web::serve(context)), limits, &[])
}

/// Sends a request, and reads the response until the server closes the connection.
async fn exchange(server: &Server, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).to_lowercase()
}

fn message(symbol: &str, after: u64) -> Vec<u8> {
    framed(&SubscribeRequest { symbols: vec![symbol.into()], after: Some(after), epoch: None }.encode_to_vec())
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&[0], u32::try_from(message.len()).unwrap().to_be_bytes().as_slice(), message].concat()
}

const POST: &str = "POST /MarketData/SubscribeQuotes HTTP/1.1\r\norigin: http://elsewhere.example\r\n\
                    content-type: application/grpc-web+proto";

#[tokio::test]
async fn allows_requests_from_other_origins() {
    let server = start(Limits::default());
    let preflight = "OPTIONS /MarketData/SubscribeQuotes HTTP/1.1\r\norigin: http://elsewhere.example\r\n\
                     access-control-request-method: POST\r\naccess-control-request-headers: content-type,x-grpc-web";
    let answer = exchange(&server, preflight, b"").await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    for header in
        ["access-control-allow-origin: *", "access-control-allow-methods: *", "access-control-allow-headers: *"]
    {
        assert!(answer.contains(header), "{answer}");
    }
}

#[tokio::test]
async fn the_status_is_the_last_frame_of_the_body() {
    let server = start(Limits { replay_events: 4, ..Limits::default() });
    server.publish(10);
    let answer = exchange(&server, POST, &message("BTC", 1)).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("http/1.1 200") && !head.contains("\ngrpc-status"), "{head}");
    assert!(head.contains(&format!("\n{CURSOR_HEADER}: {}", server.hub.cursor(1))), "{head}");
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    assert!(
        body.contains("grpc-status:11\r\n") && body.contains(&format!("{CURSOR_HEADER}:{}\r\n", server.hub.cursor(10))),
        "{body:?}"
    );
}

#[tokio::test]
async fn a_call_that_is_refused_at_once_has_its_status_in_the_headers() {
    let server = start(Limits::default());
    let answer = exchange(&server, POST, &message("DOGE", 1)).await;
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\ngrpc-status: 3"), "{head}");
    assert!(head.contains("access-control-expose-headers: grpc-status,grpc-message"), "{head}");
}

#[tokio::test]
async fn reports_the_health_of_the_service() {
    let server = start(Limits::default());
    let head = POST.replace("/MarketData/SubscribeQuotes", "/grpc.health.v1.Health/Check");
    for (service, status) in [("MarketData", "grpc-status:0"), ("Unknown", "grpc-status: 5")] {
        let request = HealthCheckRequest { service: service.into() }.encode_to_vec();
        let answer = exchange(&server, &head, &framed(&request)).await;
        assert!(answer.starts_with("http/1.1 200") && answer.contains(status), "{answer:?}");
        // Field 1 of the response, an enumeration: serving.
        assert_eq!(answer.contains("\0\0\0\0\u{2}\u{8}\u{1}"), service == "MarketData", "{answer:?}");
    }
}

#[tokio::test]
async fn accepts_only_the_media_types_of_grpc_web() {
    let server = start(Limits { replay_events: 4, ..Limits::default() });
    server.publish(10);
    for refused in
        ["application/json", "application/grpc-web+json", "application/grpc-web-text+json", "application/grpc"]
    {
        let answer = exchange(&server, &POST.replace("application/grpc-web+proto", refused), b"{}").await;
        assert!(answer.starts_with("http/1.1 415") && answer.contains("with content-type"), "{refused}: {answer}");
    }
    for accepted in ["application/grpc-web", "application/grpc-web+proto; charset=utf-8", "Application/gRPC-Web"] {
        let answer = exchange(&server, &POST.replace("application/grpc-web+proto", accepted), &message("BTC", 1)).await;
        assert!(answer.starts_with("http/1.1 200") && answer.contains("grpc-status:11"), "{accepted}: {answer}");
    }
}
