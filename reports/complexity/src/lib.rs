//! Measures the complexity of one half of an approach on the source that ran, and assigns a band.
//!
//! The source is parsed with `syn`, because nesting and imports need a syntax tree, which then also gives the lines. The
//! library for counting lines needs eighty crates and a C compiler to count one language. Everything here is a pure
//! function of texts and does not know which approach they belong to.

mod band;
mod cognitive;
mod crates;
mod imports;
mod measure;
pub mod metrics;
mod syntax;

pub use band::{band, rule};
pub use measure::{Base, SourceFile, Unmeasured, base, measure};
