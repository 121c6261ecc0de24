//! Tests of gRPC features that the conformance cases do not cover: statuses and their metadata, deadlines,
//! acknowledgements and frames. The client is tonic's channel, not the reference client.

mod front;
mod server;
mod web;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, Full};
use hyper::{Request as HttpRequest, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use proto::{
    Cursor, Epoch, FollowRequest, Quote, QuoteRequest, SubscribeRequest, TradeOrder, follow_request::Action,
    market_data_client::MarketDataClient, wire::CURSOR_HEADER,
};
use server::Server;
use servers::{DRAIN_TIMEOUT, Limits};
use tonic::{
    Code, Request, Status, Streaming,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

/// Timeout that guards against hanging. Longer than any step takes on any machine.
const HANG_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts the server that has every method.
fn start(limits: Limits, codec: &str) -> Server {
    Server::start(|context| Box::pin(servers::grpc_bidi::serve(context)), limits, &[("codec", codec)])
}

async fn connect(server: &Server) -> MarketDataClient<Channel> {
    let endpoint = Endpoint::try_from(format!("http://{}", server.address)).unwrap();
    MarketDataClient::new(endpoint.connect().await.unwrap())
}

fn btc(after: Option<u64>) -> SubscribeRequest {
    SubscribeRequest { symbols: vec!["BTC".into()], after, epoch: None }
}

fn follow(actions: impl Stream<Item = Action> + Send + 'static) -> impl Stream<Item = FollowRequest> + Send + 'static {
    actions.map(|action| FollowRequest { action: Some(action) })
}

/// Reads all messages, and the status that ends the stream.
async fn read_to_end<T>(mut messages: Streaming<T>) -> (Vec<T>, Status) {
    let mut read = Vec::new();
    loop {
        match tokio::time::timeout(HANG_TIMEOUT, messages.message()).await.expect("the stream continues or ends") {
            Ok(Some(message)) => read.push(message),
            Ok(None) => return (read, Status::ok("")),
            Err(status) => return (read, status),
        }
    }
}

fn cursor(metadata: &MetadataMap) -> Option<&str> {
    metadata.get(CURSOR_HEADER)?.to_str().ok()
}

#[tokio::test]
async fn a_deadline_ends_open_streams() {
    let server = start(Limits::default(), "shared");
    let mut client = connect(&server).await;
    let timed = |message| {
        let mut request = Request::new(message);
        request.set_timeout(Duration::from_millis(100));
        request
    };
    let quotes = client.subscribe_quotes(timed(btc(Some(0)))).await.unwrap().into_inner();
    server.publish(3);
    let (quotes, status) = read_to_end(quotes).await;
    assert_eq!((quotes.len(), status.code()), (3, Code::DeadlineExceeded));
    let silent = stream::pending::<TradeOrder>();
    let mut request = Request::new(silent);
    request.set_timeout(Duration::from_millis(100));
    let confirmations = client.trade(request).await.unwrap().into_inner();
    assert_eq!(read_to_end(confirmations).await.1.code(), Code::DeadlineExceeded);
    let mut malformed = Request::new(btc(None));
    malformed.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
    assert_eq!(client.subscribe_quotes(malformed).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_status_for_a_cursor_that_is_too_old_has_the_current_cursor() {
    let server = start(Limits { replay_events: 4, ..Limits::default() }, "shared");
    server.publish(10);
    let quotes = connect(&server).await.subscribe_quotes(btc(Some(1))).await.unwrap().into_inner();
    let (_, status) = read_to_end(quotes).await;
    let head = server.hub.cursor(10).to_string();
    assert_eq!((status.code(), cursor(status.metadata())), (Code::OutOfRange, Some(head.as_str())));
}

#[tokio::test]
async fn the_response_metadata_has_the_cursor_that_the_messages_start_after() {
    let server = start(Limits::default(), "shared");
    server.publish(10);
    let mut client = connect(&server).await;
    for (after, begins) in [(None, 10), (Some(3), 3)] {
        let begins = server.hub.cursor(begins).to_string();
        let answer = client.subscribe_quotes(btc(after)).await.unwrap();
        assert_eq!(cursor(answer.metadata()), Some(begins.as_str()));
        let answer = client.follow_quotes(follow(stream::iter([Action::Subscribe(btc(after))]))).await.unwrap();
        assert_eq!(cursor(answer.metadata()), Some(begins.as_str()));
    }
}

#[tokio::test]
async fn a_cursor_of_another_log_is_too_old_and_a_malformed_one_is_invalid() {
    let server = start(Limits::default(), "shared");
    server.publish(10);
    let mut client = connect(&server).await;
    let mut request = btc(None);
    request.start_after(Cursor { epoch: Some(Epoch::new(1)), ..server.hub.cursor(3) });
    let (quotes, status) = read_to_end(client.subscribe_quotes(request.clone()).await.unwrap().into_inner()).await;
    let head = server.hub.cursor(10).to_string();
    assert_eq!((quotes.len(), status.code(), cursor(status.metadata())), (0, Code::OutOfRange, Some(head.as_str())));
    request.epoch = Some("soon".into());
    let status = client.subscribe_quotes(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn refuses_invalid_requests_with_the_reason() {
    let server = start(Limits::default(), "shared");
    let mut client = connect(&server).await;
    let unknown = SubscribeRequest { symbols: vec!["BTC".into(), "DOGE".into()], ..SubscribeRequest::default() };
    let status = client.get_quote(QuoteRequest { symbol: "DOGE".into() }).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "unknown symbol `DOGE`"));
    let status = client.subscribe_quotes(unknown).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "unknown symbol `DOGE`"));
    let status = client.subscribe_quotes(SubscribeRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "name at least one symbol"));
    let status = client.follow_quotes(follow(stream::iter([Action::Acknowledge(1)]))).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "the first message must subscribe"));
    for nonsense in [Action::Subscribe(btc(None)), Action::Acknowledge(1)] {
        let actions = stream::iter([Action::Subscribe(btc(None)), nonsense]);
        let quotes = client.follow_quotes(follow(actions)).await.unwrap().into_inner();
        assert_eq!(read_to_end(quotes).await.1.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_streaming_server_has_the_methods_of_the_article_and_no_others() {
    let settings = [("codec", "shared")];
    let server = Server::start(|context| Box::pin(servers::grpc_stream::serve(context)), Limits::default(), &settings);
    let mut client = connect(&server).await;
    assert_eq!(client.get_quote(QuoteRequest { symbol: "BTC".into() }).await.unwrap().into_inner().symbol, "BTC");
    server.publish(1);
    let mut quotes = client.subscribe_quotes(btc(Some(0))).await.unwrap().into_inner();
    assert_eq!(quotes.message().await.unwrap().unwrap().sequence, 1);
    let order = TradeOrder { symbol: "BTC".into(), quantity: 1, side: "BUY".into(), ..TradeOrder::default() };
    let mut confirmations = client.trade(stream::iter([order])).await.unwrap().into_inner();
    assert_eq!(confirmations.message().await.unwrap().unwrap().status, "FILLED");
    let status = client.follow_quotes(follow(stream::iter([Action::Subscribe(btc(None))]))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn stops_sending_without_acknowledgements_and_ends_the_call_when_too_far_behind() {
    let server = start(Limits::default(), "shared");
    let mut client = connect(&server).await;
    let (acknowledge, actions) = tokio::sync::mpsc::channel(4);
    acknowledge.send(Action::Subscribe(btc(Some(0)))).await.unwrap();
    let actions = stream::unfold(actions, |mut actions| async { Some((actions.recv().await?, actions)) });
    let mut quotes = client.follow_quotes(follow(actions)).await.unwrap().into_inner();
    for last in [512, 1_024] {
        server.publish(512);
        while quotes.message().await.unwrap().unwrap().sequence < last {}
    }
    // The limit is reached: the next events must wait for an acknowledgement.
    server.publish(512);
    assert!(tokio::time::timeout(Duration::from_millis(100), quotes.message()).await.is_err());
    acknowledge.send(Action::Acknowledge(1_024)).await.unwrap();
    for last in [1_536, 2_048] {
        while quotes.message().await.unwrap().unwrap().sequence < last {}
        server.publish(512);
    }
    // The limit is reached again. Without an acknowledgement, the client falls further behind than the queue limit.
    server.publish(1_024);
    let (quotes, status) = read_to_end(quotes).await;
    let last = server.hub.cursor(2_048).to_string();
    let expected = (0, Code::ResourceExhausted, Some(last.as_str()));
    assert_eq!((quotes.len(), status.code(), cursor(status.metadata())), expected);
}

#[tokio::test]
async fn a_shutdown_ends_every_stream_as_unavailable() {
    let server = start(Limits::default(), "shared");
    let mut client = connect(&server).await;
    let quotes = client.subscribe_quotes(btc(None)).await.unwrap().into_inner();
    let follow = follow(stream::iter([Action::Subscribe(btc(None))]).chain(stream::pending()));
    let followed = client.follow_quotes(follow).await.unwrap().into_inner();
    let confirmations = client.trade(stream::pending()).await.unwrap().into_inner();
    server.shut_down();
    assert_eq!(read_to_end(quotes).await.1.code(), Code::Unavailable);
    assert_eq!(read_to_end(followed).await.1.code(), Code::Unavailable);
    assert_eq!(read_to_end(confirmations).await.1.code(), Code::Unavailable);
    // The client is still connected. It gets a GOAWAY, so no connection must be cut.
    tokio::time::timeout(DRAIN_TIMEOUT / 2, server.running).await.expect("the server ends").unwrap().unwrap();
}

#[tokio::test]
async fn confirms_orders_until_the_client_closes_its_side() {
    let server = start(Limits::default(), "shared");
    let order =
        |side: &str| TradeOrder { symbol: "BTC".into(), quantity: 1, side: side.into(), ..TradeOrder::default() };
    let orders = stream::iter([order("BUY"), order("HOLD")]);
    let confirmations = connect(&server).await.trade(orders).await.unwrap().into_inner();
    let (confirmations, status) = read_to_end(confirmations).await;
    assert_eq!((confirmations.len(), status.code()), (2, Code::Ok));
    assert_eq!([confirmations[0].status.as_str(), confirmations[1].status.as_str()], ["FILLED", "REJECTED"]);
}

#[tokio::test]
async fn both_codecs_send_the_same_number_of_bytes() {
    let mut bytes = Vec::new();
    for codec in ["shared", "prost"] {
        let server = start(Limits::default(), codec);
        let mut quotes = connect(&server).await.subscribe_quotes(btc(Some(0))).await.unwrap().into_inner();
        for sequence in 1..=20 {
            server.publish(1);
            assert_eq!(quotes.message().await.unwrap().unwrap().sequence, sequence);
        }
        bytes.push(server.meter.traffic().server_to_client_bytes);
    }
    assert_eq!(bytes[0], bytes[1]);
}

#[tokio::test]
async fn sends_each_page_in_one_frame() {
    let server = start(Limits { batch_events: 4, ..Limits::default() }, "shared");
    server.publish(10);
    let stream = TokioIo::new(tokio::net::TcpStream::connect(server.address).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let message = btc(Some(0)).encode_to_vec();
    let prefix = [&[0], u32::try_from(message.len()).unwrap().to_be_bytes().as_slice()].concat();
    let body = Full::new(Bytes::from([prefix, message].concat()));
    let request = HttpRequest::post(format!("http://{}/MarketData/SubscribeQuotes", server.address));
    let request = request.header("content-type", "application/grpc").header("te", "trailers").body(body).unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    let one = 5 + Quote { symbol: "BTC".into(), sequence: 1, symbol_sequence: 1, ..Quote::default() }.encoded_len();
    for events in [4, 4, 2] {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(frame.len(), events * one);
    }
}
