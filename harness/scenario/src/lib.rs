//! Turns a scenario file into the trials of a run, and says which event happens when. Reads the file and no clock.
//!
//! `file` has the keys, and `read` reads them: `source` has the text and the overrides, `rules` checks what types cannot,
//! `numbers` parses numbers as people type them, and `error` reports a mistake with its place. `variants` selects the
//! approaches, and `plan` makes the trials. `feed` computes the events of a trial, and `faults` lists what a scenario can
//! break on purpose.

pub mod error;
pub mod faults;
pub mod feed;
mod file;
pub mod numbers;
pub mod plan;
mod read;
pub mod rules;
pub mod source;
pub mod variants;

pub use file::{
    All, CostKeys, HubLimits, LoadKeys, MachineKeys, OneOrMany, Properties, Scenario, Selection, WindowKeys,
};
pub use read::{LIBRARY, Loaded, load, parse};
