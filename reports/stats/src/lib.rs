//! Statistics: intervals, significance tests, the rule for differences, and seeded random numbers. Pure functions of numbers
//! and histograms.

pub mod detectable;
pub mod difference;
pub mod inference;
pub mod least_squares;
pub mod line;
pub mod random;
pub mod signed_rank;
