//! Result files: their schema, how they are written, read and checked, and what every record and report needs of
//! numbers and text.
//!
//! A leaf: it knows no approach by name, no server, no client and no clock, and nothing of what is reported.

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
