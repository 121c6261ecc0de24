//! When a gRPC unary client counts as subscribed.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use clients::{ClientError, Context, Endpoint, Orders, Subscription, Ticks};

async fn subscribe(server: SocketAddr, after: Option<u64>) -> Result<Box<dyn Subscription>, ClientError> {
    clients::grpc_unary::subscribe(Context {
        endpoint: Endpoint { server, source: None },
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
