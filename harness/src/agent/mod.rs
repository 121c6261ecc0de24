//! The processes of a run, and how they speak to each other.
//!
//! `message` is what is said, with the sums of `moments` in it; `process` is the side of a child, and `child` that of the
//! coordinator. `last_words` is why a process died, `panics` counts its panics, and `interruption` handles the signals
//! that end it.

pub(crate) mod child;
pub(crate) mod interruption;
pub(crate) mod last_words;
pub(crate) mod message;
pub(crate) mod moments;
pub(crate) mod panics;
pub(crate) mod process;
