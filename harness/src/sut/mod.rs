//! The system under test: what runs inside a server process.
//!
//! `server` is the whole life of one, around the server of an approach. `publisher` puts the events into its hub when
//! they are due, and `delay_line` holds them back on their way, as a fault.

pub(crate) mod delay_line;
pub(crate) mod publisher;
pub(crate) mod server;
