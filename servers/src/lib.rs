//! The systems under test: one reference server an approach, over one hub.
//!
//! `hub` holds the events, `fanout` wakes those who wait for them, `transport` accepts and meters connections and closes
//! those whose peer says nothing, `http` and `grpc` carry a router and the gRPC service over it, `heartbeat` ticks for
//! all idle connections, `trade` answers orders. An approach's file owns framing, flushing and its protocol's duties, and
//! nothing else. No server knows another, reads a clock for measuring, or knows that it is being measured.

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

/// How long a server waits for its connections to end by themselves after shutdown was asked for.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// What a server is given.
pub struct Context {
    /// Accepts and opens connections, and counts what crosses them.
    pub transport: Transport,
    /// Where the events are.
    pub hub: Arc<Hub>,
    /// Settings of the variant.
    pub params: Params,
    /// Cancelled when the server is to end; `Hub::close` is called just before.
    pub shutdown: CancellationToken,
}

/// Why a server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket cannot be used.
    #[error("cannot serve on {address}: {source}")]
    Socket {
        /// Where the server listens.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A setting of the variant is missing or unreadable.
    #[error(transparent)]
    Params(#[from] proto::ParamError),
    /// The protocol's own server failed.
    #[error("the server ended: {0}")]
    Protocol(String),
}
