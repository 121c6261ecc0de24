//! Scenarios: from a file to the trials of a run. Synchronous and pure, but for the one file that is read.
//!
//! `file` is what may be written, key by key, and `read` reads it: `source` has the text and the values laid over it,
//! `rules` say what the types cannot, `numbers` are as people type them, and `error` tells a mistake with its place.
//! `variants` says which approaches take part, and `plan` makes the trials.

pub mod error;
mod file;
pub(crate) mod numbers;
pub mod plan;
mod read;
pub(crate) mod rules;
pub mod source;
pub mod variants;

pub use file::{All, HubLimits, LoadKeys, MachineKeys, OneOrMany, Properties, Scenario, Selection, WindowKeys};
pub use read::{LIBRARY, Loaded, load, parse};
