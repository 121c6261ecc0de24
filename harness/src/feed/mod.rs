//! What is delivered: which event happens when, as a pure function of a specification. It reads no clock.
//!
//! `events` is the feed itself, and `sample` says which of its events have an entry of their own.

mod events;
pub(crate) mod sample;

pub use events::{Arrival, Feed, FeedEvent, FeedSpec};
pub(crate) use events::{exponential, uniform};
