//! The system under test: what runs inside a server process.
//!
//! `server` runs the server of an approach from start to end. `publisher` hands each event to a sink when it is due:
//! `hub_sink`, or as a fault `delay_line`, which holds events back before they reach the hub.

pub(crate) mod delay_line;
pub(crate) mod hub_sink;
pub(crate) mod publisher;
pub(crate) mod server;
