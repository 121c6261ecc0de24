//! The context that a server starts with, and its errors.

use std::sync::Arc;

use net::Transport;
use proto::Params;
use tokio_util::sync::CancellationToken;

use crate::Hub;

/// The hub, sockets and settings that a server runs with.
pub struct Context {
    /// Accepts and opens connections, and counts their bytes.
    pub transport: Transport,
    /// Stores the events.
    pub hub: Arc<Hub>,
    /// The settings of the variant.
    pub params: Params,
    /// Whether HTTP/2 responses contain the date. Header compression makes its length depend on the time, so code that
    /// compares bytes between runs turns it off.
    pub has_dates: bool,
    /// Cancelled when the server must stop. `Hub::close` is called just before.
    pub shutdown: CancellationToken,
}

/// Why a server could not start or continue.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The server cannot listen on the address.
    #[error(transparent)]
    Listen(#[from] net::ListenError),
    /// A setting of the variant is missing or invalid.
    #[error(transparent)]
    Params(#[from] proto::ParamError),
    /// The protocol library failed.
    #[error("the server failed: {0}")]
    Protocol(String),
}
