//! The end of a server: waits for its connections.

use std::time::Duration;

use net::Transport;
use tokio_util::task::TaskTracker;

/// How long a server waits for its connections to end after a shutdown request, before it closes them.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Waits for the tasks of a server's connections to end. Cuts connections that are still open after the drain timeout.
pub(crate) async fn drain(connections: TaskTracker, transport: &Transport) {
    connections.close();
    if tokio::time::timeout(DRAIN_TIMEOUT, connections.wait()).await.is_err() {
        transport.meter().cut();
        connections.wait().await;
    }
}
