//! Everything that is read from result files: their schema, the store, statistics, the terminal table and the page.
//!
//! A leaf: it knows no approach by name, no server, no client and no clock. What it prints about an approach it read
//! in the result file.

pub mod complexity;
mod parse;
pub mod schema;
pub mod statistics;
pub mod store;
mod validate;
