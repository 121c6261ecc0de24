//! The subscribers: one reference client per approach, each written as a careful team would deploy it.
//!
//! Each client file handles the duties of its protocol: cursor, reconnect, resume and backoff. It decodes the events
//! into batches and counts their cost. A client never reads a clock to measure, never sees a recorder, and does not
//! know about other clients: the caller passes in the poll schedule and the orders. Rare work, such as reconnecting, is
//! a boxed future, which keeps the future of a waiting client small.

mod arrival;
mod event_log;
mod grpc;
mod grpc_call;
mod grpc_channel;
mod grpc_web_frames;
mod http;
mod line_end;
mod newest;
mod retry;
mod subscription;

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

pub use subscription::{Batch, ClientError, Context, Cost, Orders, Subscription, Ticks};
