//! A server of one approach on a free port, and its hub.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use futures_util::future::BoxFuture;
use net::{Meter, Transport};
use proto::{Params, Quote};
use servers::{Context, Hub, Limits, ServeError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) hub: Arc<Hub>,
    pub(crate) meter: Meter,
    pub(crate) running: JoinHandle<Result<(), ServeError>>,
    shutdown: CancellationToken,
}

impl Server {
    pub(crate) fn start(
        serve: fn(Context) -> BoxFuture<'static, Result<(), ServeError>>,
        limits: Limits,
        params: &[(&str, &str)],
    ) -> Self {
        let transport = Transport::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("loopback has a free port");
        let (address, meter) = (transport.address(), transport.meter());
        let hub = Hub::new(&["BTC".into(), "ETH".into()], limits);
        let shutdown = CancellationToken::new();
        let text = |text: &str| text.to_owned();
        let params = Params(params.iter().map(|(name, value)| (text(name), text(value))).collect::<BTreeMap<_, _>>());
        let context = Context { transport, hub: Arc::clone(&hub), params, has_dates: true, shutdown: shutdown.clone() };
        Self { address, hub, meter, running: tokio::spawn(serve(context)), shutdown }
    }

    /// Publishes this many events of BTC.
    pub(crate) fn publish(&self, count: u64) {
        for _ in 0..count {
            let sequence = self.hub.head() + 1;
            self.hub.publish(Quote { symbol: "BTC".into(), sequence, symbol_sequence: sequence, ..Quote::default() });
        }
    }

    pub(crate) fn shut_down(&self) {
        self.hub.close();
        self.shutdown.cancel();
    }
}
