//! The systems under test: one reference server per approach, all on the same hub.
//!
//! `hub` stores the events and `fanout` wakes the subscriptions that wait for them. `transport` accepts connections,
//! counts their bytes and closes connections whose peer stays silent. `http` serves a router over the transport, `grpc`
//! serves the gRPC service. `heartbeat` ticks for idle connections, and `trade` confirms orders. The file of an
//! approach contains only framing, flushing and the duties of its protocol. A server does not know the other servers,
//! never reads a clock to measure something, and does not know that it is being measured.

mod fanout;
mod grpc;
mod grpc_deadline;
mod grpc_front;
mod grpc_upload;
mod heartbeat;
mod http;
mod hub;
mod subscription;
mod trade;
mod transport;
mod unfinished;

pub mod conditional_get;
pub mod grpc_bidi;
pub mod grpc_stream;
pub mod grpc_unary;
pub mod grpc_web;
pub mod long_poll;
pub mod raw_tcp;
pub mod short_poll;
pub mod sse;
pub mod webhook;
pub mod websocket;

pub use hub::{Entry, Hub, Limits, Page, SymbolError, SymbolId, TooOld};
pub use subscription::{Ended, Subscription};
pub use transport::{Connection, Meter, Traffic, Transport};

use transport::drain;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use proto::Params;
use tokio_util::sync::CancellationToken;

/// How long a server waits for its connections to end after a shutdown request, before it closes them.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The hub, sockets and settings that a server runs with.
pub struct Context {
    /// Accepts and opens connections, and counts their bytes.
    pub transport: Transport,
    /// Stores the events.
    pub hub: Arc<Hub>,
    /// The settings of the variant.
    pub params: Params,
    /// Cancelled when the server must stop. `Hub::close` is called just before.
    pub shutdown: CancellationToken,
}

/// Why a server could not start or continue.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The server cannot listen on the address.
    #[error("cannot serve on {address}: {source}")]
    Socket {
        /// The address that the server listens on.
        address: SocketAddr,
        /// The error from the operating system.
        source: std::io::Error,
    },
    /// A setting of the variant is missing or invalid.
    #[error(transparent)]
    Params(#[from] proto::ParamError),
    /// The protocol library failed.
    #[error("the server failed: {0}")]
    Protocol(String),
}
