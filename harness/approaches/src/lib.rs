//! The approaches, and the conformance suite that examines them. Nothing here measures.
//!
//! Only `registry` knows an approach by name. `conformance` runs the same cases for every approach and setting.

pub mod conformance;
pub mod registry;
