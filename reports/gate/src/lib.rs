//! The regression gate: what it found, in one form for its three tiers, and who prints it.
//!
//! `exact` compares counts with a baseline, `paired` judges two builds by blocks of trials; what stands out of stored runs
//! is found by `history` in `reports`. Each makes an [`Outcome`] and nothing else; each surface prints an outcome and
//! computes nothing. Pure functions of what they are given: no process, no clock. A gate fails closed: what could not be
//! compared is [`Verdict::Invalid`], never a pass.

pub mod baseline;
pub mod budget;
pub mod counts;
pub mod differences;
pub mod exact;
mod outcome;
pub mod paired;
pub mod study;
pub mod surface;

pub use outcome::{Finding, Outcome, Tier, Verdict};
