//! Measures the complexity of one half of an approach on the source that ran, and assigns a band.
//!
//! The source is parsed with `syn`, because nesting and imports need a syntax tree. It also counts lines: the library for that
//! needs eighty crates and a C compiler.

mod band;
mod cognitive;
mod crates;
mod imports;
mod measure;
pub mod metrics;
mod syntax;

pub use band::{band, rule};
pub use measure::{Base, SourceFile, Unmeasured, base, measure};
