//! What numbers say: intervals, tests against chance, the rule of a difference, and chance that repeats.
//!
//! Pure functions over numbers and histograms. Knows nothing of approaches, records or trials.

pub mod difference;
pub mod inference;
pub mod random;
pub mod signed_rank;
