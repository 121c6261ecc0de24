//! A server that sends the bytes that a test specifies and records the requests.

#![allow(dead_code, reason = "no test binary uses all of it")]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use clients::{Batch, ClientError, Context, Orders, Subscription, Ticks};
use net::Endpoint;
use proto::{Params, Quote};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Timeout that guards against hanging.
const GUARD: Duration = Duration::from_secs(60);

/// The response on one connection.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) parts: Vec<Vec<u8>>,
    /// Whether the connection stays open after the last part, until the client closes it.
    pub(crate) stays: bool,
}

/// Returns a script that sends these parts and closes the connection.
pub(crate) fn then_close(parts: &[&str]) -> Script {
    Script { parts: parts.iter().map(|part| part.as_bytes().to_vec()).collect(), stays: false }
}

/// Returns a script that sends these parts and keeps the connection open.
pub(crate) fn then_stay(parts: &[&str]) -> Script {
    Script { stays: true, ..then_close(parts) }
}

/// The address of a running server, and the head of each request that it received.
pub(crate) struct Canned {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    /// Starts a server that plays the next script on each connection, and repeats the last one.
    pub(crate) async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let canned = Self { address: listener.local_addr().unwrap(), requests: Arc::default() };
        let requests = Arc::clone(&canned.requests);
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (script, requests) = (scripts[turn.min(scripts.len() - 1)].clone(), Arc::clone(&requests));
                tokio::spawn(async move {
                    let mut request = vec![0; 65_536];
                    let Ok(read @ 1..) = stream.read(&mut request).await else { return };
                    requests.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).to_lowercase());
                    for part in &script.parts {
                        if stream.write_all(part).await.is_err() {
                            return;
                        }
                        tokio::task::yield_now().await;
                    }
                    while script.stays && stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
                });
            }
        });
        canned
    }

    /// Returns the requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the context of a client of this server with these settings.
    pub(crate) fn context(&self, params: &[(&str, &str)]) -> Context {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Context {
            endpoint: Endpoint::new(self.address),
            symbols: vec!["BTC".into()],
            after: Some(3),
            params: Params(params.collect::<BTreeMap<_, _>>()),
            ticks: Ticks::default(),
            orders: Orders::default(),
            seed: 1,
        }
    }
}

/// Waits for the next batch.
pub(crate) async fn next(subscription: &mut Box<dyn Subscription>) -> Result<Batch, ClientError> {
    tokio::time::timeout(GUARD, subscription.next()).await.expect("the client must not hang")
}

/// Reads until at least `count` events have arrived, and returns their sequence numbers.
pub(crate) async fn sequences(subscription: &mut Box<dyn Subscription>, count: usize) -> Vec<u64> {
    let mut sequences = Vec::new();
    while sequences.len() < count {
        sequences.extend(next(subscription).await.unwrap().events.iter().map(|quote| quote.sequence));
    }
    sequences
}

/// Returns a quote with this sequence number in JSON.
pub(crate) fn quote(sequence: u64) -> String {
    let quote = Quote { symbol: "BTC".into(), sequence, ..Quote::default() };
    String::from_utf8(quote.to_json().to_vec()).unwrap()
}
