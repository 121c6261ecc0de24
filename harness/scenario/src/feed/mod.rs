//! The feed: events and their times, as a pure function of a specification. It reads no clock.
//!
//! `events` is the feed itself, `phases` has the window in which events count, and `sample` selects the events with an entry
//! of their own.

mod events;
mod phases;
pub mod sample;

pub use events::{Feed, FeedEvent, FeedSpec, exponential, uniform};
pub use phases::Phases;
pub use results::schema::Arrival;
