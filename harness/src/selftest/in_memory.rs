//! An approach without sockets, for the self-test only: its clients read the hub directly, in one process. It uses only the
//! parts that every approach shares: publisher, hub, worker and recorder. It is in no registry, so no run can measure it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use approaches::registry::{Approach, Facts, PUSH, Source};
use clients::{Batch, ClientError, Cost};
use futures_util::future::BoxFuture;
use servers::{Ended, Hub, ServeError};

/// The approach.
pub(super) static IN_MEMORY: Approach = Approach {
    name: "in memory",
    facts: Facts { summary: "clients read the server's memory", ..PUSH },
    settings: &[],
    serve,
    subscribe,
    server_source: SOURCE,
    client_source: SOURCE,
};

const SOURCE: Source =
    Source { path: "harness/src/selftest/in_memory.rs", text: include_str!("in_memory.rs"), parts: &[] };

/// The hubs of this process, by the port of their server.
static HUBS: Mutex<BTreeMap<u16, Arc<Hub>>> = Mutex::new(BTreeMap::new());

/// Registers the hub. Clients can find it when this returns.
fn serve(context: servers::Context) -> BoxFuture<'static, Result<(), ServeError>> {
    let port = context.transport.address().port();
    HUBS.lock().expect("no holder panics").insert(port, Arc::clone(&context.hub));
    Box::pin(async move {
        context.shutdown.cancelled().await;
        HUBS.lock().expect("no holder panics").remove(&port);
        Ok(())
    })
}

fn subscribe(context: clients::Context) -> BoxFuture<'static, Result<Box<dyn clients::Subscription>, ClientError>> {
    Box::pin(async move {
        let hub = HUBS.lock().expect("no holder panics").get(&context.endpoint.server.port()).cloned();
        let hub = hub.ok_or_else(|| ClientError::Refused("there is no such hub in this process".into()))?;
        let symbols = hub.resolve(context.symbols.iter().map(String::as_str)).map_err(refused)?;
        let subscription = hub.subscribe(symbols, context.after.map(Into::into));
        let subscription: Box<dyn clients::Subscription> = Box::new(InMemory(subscription));
        Ok(subscription)
    })
}

struct InMemory(servers::Subscription);

impl clients::Subscription for InMemory {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let page = self.0.next().await.map_err(|ended: Ended| refused(ended))?;
            let cost = Cost { with_events: page.entries.len() as u64, ..Cost::default() };
            let events = page.entries.iter().map(|entry| entry.quote.clone()).collect();
            Ok(Batch { events, cost, ..Batch::default() })
        })
    }
}

fn refused(error: impl std::error::Error) -> ClientError {
    ClientError::Refused(error.to_string())
}
