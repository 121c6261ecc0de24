//! Coordinator, load generator and instrument. The only crate that knows every other.

pub mod conformance;
pub mod registry;
