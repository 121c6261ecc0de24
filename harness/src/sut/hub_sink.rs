//! The sink that publishes events in the hub of our server. Faults of single events are injected here, so the hub has
//! no code for them.

use std::{panic::panic_any, sync::Arc};

use servers::Hub;
use tokio::runtime::Handle;

use super::publisher::{Fate, Outgoing};

/// Publishes events in a hub.
#[derive(Clone)]
pub(crate) struct HubSink {
    hub: Arc<Hub>,
    /// The runtime that the server's tasks run in.
    runtime: Handle,
}

impl HubSink {
    /// Creates the sink of a hub whose server runs in the current runtime.
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, runtime: Handle::current() }
    }

    /// Publishes the event, or injects its fault.
    pub(crate) fn accept(&self, event: Outgoing) {
        match event.fate {
            Fate::Published => self.hub.publish(event.quote),
            Fate::Lost => {}
            Fate::Breaking => {
                self.runtime.spawn(async { panic_any("injected fault") });
                self.hub.publish(event.quote);
            }
        }
    }
}
