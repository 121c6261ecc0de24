//! The subscribers: one reference client an approach, each what a careful team would deploy.
//!
//! A client file owns its protocol's duties: cursor, reconnect, resume, backoff. It turns what arrives into batches and
//! says what they cost. It never reads a clock for measuring, never sees a recorder, and does not know that it is one
//! of many: the poll schedule and the orders it sends are given to it. What a client seldom does, such as coming back,
//! is a boxed future, so that the one it waits in is small.

mod arrival;
mod connect;
mod event_log;
mod grpc;
mod grpc_call;
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

pub use connect::Endpoint;
pub use subscription::{Batch, ClientError, Context, Cost, Orders, Subscription, Ticks};
