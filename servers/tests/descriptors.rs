//! A server whose descriptors are taken by peers that say nothing still serves those that speak. It has a process of its
//! own, because the limit is the process's.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use futures_util::future::BoxFuture;
use proto::{Params, QuoteRequest, market_data_client::MarketDataClient};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use servers::{Context, Hub, Limits, ServeError, Transport};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Peers that say nothing, many more than there are descriptors left.
const SILENT: usize = 60;
/// Descriptors that are left for the server's connections.
const LEFT: u64 = 12;
/// A guard against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn silent_peers_make_room_for_one_that_speaks() {
    let transport = Transport::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("loopback has a free port");
    let address = transport.address();
    // The kernel completes their connections before anybody accepts them.
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(address).await.expect("it listens"));
    }
    let channel = tonic::transport::Endpoint::try_from(format!("http://{address}")).expect("an address");
    let channel = tokio::spawn(async move { channel.connect().await });
    // Its connection waits behind those of the others.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let limit = getrlimit(Resource::Nofile);
    let used = std::fs::read_dir("/proc/self/fd").expect("it is there").count() as u64;
    setrlimit(Resource::Nofile, Rlimit { current: Some(used + LEFT), ..limit }).expect("it is lower");
    let hub = Hub::new(&["BTC".into()], Limits::default());
    let shutdown = CancellationToken::new();
    let serve: BoxFuture<'static, Result<(), ServeError>> = Box::pin(servers::grpc_unary::serve(Context {
        transport,
        hub,
        params: Params(BTreeMap::new()),
        shutdown: shutdown.clone(),
    }));
    let running = tokio::spawn(serve);
    let served = tokio::time::timeout(PATIENCE, async {
        let mut client = MarketDataClient::new(channel.await.expect("no panic").expect("it connects"));
        client.get_quote(QuoteRequest { symbol: "BTC".into() }).await.expect("an answer").into_inner()
    });
    assert_eq!(served.await.expect("it is served").symbol, "BTC");
    drop(silent);
    shutdown.cancel();
    running.await.expect("no panic").expect("it ends well");
}
