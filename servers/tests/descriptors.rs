//! A server whose file descriptors are used up by silent peers still serves other clients. The test has its own
//! process, because the limit applies to the process.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use futures_util::future::BoxFuture;
use net::Transport;
use proto::{Params, QuoteRequest, market_data_client::MarketDataClient};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use servers::{Context, Hub, Limits, ServeError};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Number of silent peers. Far more than the remaining file descriptors.
const SILENT: usize = 60;
/// File descriptors that remain for the server's connections.
const REMAINING: u64 = 12;
/// Timeout that guards against hanging.
const HANG_TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn serves_a_client_when_silent_peers_use_all_descriptors() {
    let transport = Transport::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("loopback has a free port");
    let address = transport.address();
    // The kernel completes these connections before the server accepts them.
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(address).await.expect("the transport listens"));
    }
    let channel = tonic::transport::Endpoint::try_from(format!("http://{address}")).expect("an address");
    let channel = tokio::spawn(async move { channel.connect().await });
    // This connection waits in the backlog behind the silent ones.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let limit = getrlimit(Resource::Nofile);
    let used = std::fs::read_dir("/proc/self/fd").expect("procfs is mounted").count() as u64;
    setrlimit(Resource::Nofile, Rlimit { current: Some(used + REMAINING), ..limit })
        .expect("lowering the limit is allowed");
    let hub = Hub::new(&["BTC".into()], Limits::default());
    let shutdown = CancellationToken::new();
    let serve: BoxFuture<'static, Result<(), ServeError>> = Box::pin(servers::grpc_unary::serve(Context {
        transport,
        hub,
        params: Params(BTreeMap::new()),
        has_dates: true,
        shutdown: shutdown.clone(),
    }));
    let running = tokio::spawn(serve);
    let served = tokio::time::timeout(HANG_TIMEOUT, async {
        let mut client = MarketDataClient::new(channel.await.expect("no panic").expect("the client connects"));
        client.get_quote(QuoteRequest { symbol: "BTC".into() }).await.expect("an answer").into_inner()
    });
    assert_eq!(served.await.expect("the server answers").symbol, "BTC");
    drop(silent);
    shutdown.cancel();
    running.await.expect("no panic").expect("the server ends without an error");
}
