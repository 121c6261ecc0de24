//! Scenarios: from a file to the trials of a run. Synchronous and pure, except for reading the file.
//!
//! `file` has the keys, and `read` reads them: `source` has the text and the overrides, `rules` checks what types cannot,
//! `numbers` parses numbers as people type them, and `error` reports a mistake with its place. `variants` selects the
//! approaches, and `plan` makes the trials.

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
