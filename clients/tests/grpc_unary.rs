//! When a gRPC unary client counts as subscribed, and how long it waits for an answer.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use clients::{ClientError, Context, Endpoint, Orders, Subscription, Ticks};

async fn subscribe(server: SocketAddr, after: Option<u64>) -> Result<Box<dyn Subscription>, ClientError> {
    clients::grpc_unary::subscribe(Context {
        endpoint: Endpoint::new(server),
        symbols: vec!["BTC".into()],
        after,
        params: proto::Params::default(),
        ticks: Ticks::default(),
        orders: Orders::default(),
        seed: 1,
    })
    .await
}

/// The system completes a connection that the server has not taken yet; a trial that began on its word would measure
/// the server's backlog.
#[tokio::test]
async fn a_client_is_not_subscribed_before_the_server_has_answered() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    for after in [None, Some(0)] {
        let subscribed = subscribe(deaf.local_addr().unwrap(), after);
        let subscribed = tokio::time::timeout(Duration::from_millis(200), subscribed).await;
        assert!(subscribed.is_err(), "subscribed after {after:?} to a server that never accepted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_waited_for_forever() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = subscribe(deaf.local_addr().unwrap(), None).await.err().expect("nobody has answered");
    assert!(matches!(&error, ClientError::Connection(reason) if reason.contains("in time")), "{error}");
}
