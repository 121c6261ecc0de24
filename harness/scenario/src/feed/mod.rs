//! What is delivered: which event happens when, as a pure function of a specification. It reads no clock.
//!
//! `events` is the feed itself, `phases` says when its events count, and `sample` which of them have an entry of their
//! own.

mod events;
mod phases;
pub mod sample;

pub use events::{Feed, FeedEvent, FeedSpec};
pub use events::{exponential, uniform};
pub use phases::Phases;
pub use results::schema::Arrival;
