//! The processes of a run and their messages.
//!
//! `message` defines the messages, and `moments` sums inside them. `process` is the child's side, and `child` the
//! coordinator's. `last_words` explains why a process died, `panics` counts its panics, and `interruption` handles the
//! signals that end it.

pub(crate) mod child;
pub(crate) mod interruption;
pub(crate) mod last_words;
pub(crate) mod message;
pub(crate) mod moments;
pub(crate) mod panics;
pub(crate) mod process;
