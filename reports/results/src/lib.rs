//! Result files: their schema, writing, reading and validation, and shared functions for numbers and text.

pub mod append;
pub mod format;
pub mod input;
mod parse;
pub mod replace;
pub mod sanitize;
pub mod schema;
pub mod statistics;
pub mod store;
pub mod theory;
pub mod unique;
mod validate;
