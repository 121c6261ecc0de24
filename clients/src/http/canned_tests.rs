//! A server that sends the responses that a test specifies, and a client with each engine.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use net::Endpoint;
use proto::Params;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{Orders, Ticks};

pub(super) const ENGINES: [&str; 3] = ["bare", "hyper", "reqwest"];

/// The result of reading a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    Whole(u16, String),
    Unreadable,
    CutOff,
}

/// Starts a server that sends the same responses on each connection, one per request, in pieces of `piece` bytes. With
/// `close` it closes the connection after the last one. Returns its address and the number of accepted connections.
pub(super) async fn server(answers: Vec<String>, close: bool, piece: usize) -> (Endpoint, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (server, accepted) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let connections = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            stream.set_nodelay(true).unwrap();
            let answers = answers.clone();
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                for answer in &answers {
                    if !stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        return;
                    }
                    for piece in answer.as_bytes().chunks(piece) {
                        if stream.write_all(piece).await.is_err() {
                            return;
                        }
                        tokio::task::yield_now().await;
                    }
                }
                // Stays open until the client closes.
                while !close && stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    (Endpoint::new(server), accepted)
}

pub(super) fn client(engine: &str, endpoint: Endpoint) -> HttpClient {
    let params = Params(BTreeMap::from([("client".to_owned(), engine.to_owned())]));
    let context = Context {
        endpoint,
        symbols: Vec::new(),
        after: None,
        params,
        ticks: Ticks::default(),
        orders: Orders::default(),
        seed: 1,
    };
    HttpClient::new(&context).unwrap()
}

pub(super) async fn get(client: &mut HttpClient) -> Result<(u16, String), ClientError> {
    let response = client.get("/", &[], &mut Cost::default()).await?;
    let status = response.status.as_u16();
    Ok((status, String::from_utf8(response.bytes().await?.to_vec()).unwrap()))
}

pub(super) async fn read(client: &mut HttpClient) -> Read {
    match get(client).await {
        Ok((status, body)) => Read::Whole(status, body),
        Err(ClientError::Protocol(_)) => Read::Unreadable,
        Err(ClientError::Connection(_)) => Read::CutOff,
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn whole(status: u16, body: &str) -> Read {
    Read::Whole(status, body.to_owned())
}
