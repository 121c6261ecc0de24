//! Complexity of one half of an approach, measured on the source that ran, and the band it falls in.
//!
//! The source is parsed with `syn`, the parser of Rust's own macros: nesting, suspension points and names ask for a
//! tree of syntax, and what counts lines comes with it. The library for counting lines brings eighty crates and a C
//! compiler to count one language. Everything is a pure function of texts; which approach they are of is not asked.

mod band;
mod cognitive;
mod crates;
mod measure;
pub mod metrics;
mod names;
mod obligations;
mod syntax;

pub use band::{band, rule};
pub use measure::{Base, SourceFile, Unmeasured, base, measure};
