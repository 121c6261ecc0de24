//! The systems under test: one reference server per approach, all on the same hub.
//!
//! `hub` stores the events and `fanout` wakes the subscriptions that wait for them. `http` serves a router over the
//! connections of `net`, and `grpc` serves the gRPC service over them. `heartbeat` ticks for idle connections, `trade`
//! confirms orders, and `unfinished` limits messages that have arrived only in part.
//!
//! The file of an approach contains only framing, flushing and the duties of its protocol. A server does not know the
//! other servers, never reads a clock to measure something, and does not know that it is being measured.

mod context;
mod drain;
mod fanout;
mod grpc;
mod grpc_deadline;
mod grpc_front;
mod grpc_messages;
mod grpc_service;
mod grpc_trade;
mod grpc_upload;
mod heartbeat;
mod http;
mod hub;
mod subscription;
mod trade;
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

pub use context::{Context, ServeError};
pub use drain::DRAIN_TIMEOUT;
pub use hub::{Entry, Hub, Limits, Page, SymbolError, SymbolId, TooOld};
pub use subscription::{Ended, Subscription};
