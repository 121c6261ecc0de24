//! The regression gate: judges what was measured, and prints the outcome.
//!
//! `exact` compares counts with a baseline, and `paired` judges two builds by blocks of trials. Both return an [`Outcome`];
//! each surface prints an outcome and computes nothing. Everything here is a pure function: no process, no clock. A gate
//! fails closed: if something could not be compared, the verdict is [`Verdict::Invalid`], never a pass.

pub mod baseline;
pub mod budget;
pub mod counts;
pub mod differences;
pub mod exact;
mod outcome;
pub mod paired;
pub mod surface;

pub use outcome::{Finding, Outcome, Tier, Verdict};
