//! Everything that is read from result files: their schema, the store, statistics, the terminal table and the page.
//!
//! A leaf: it knows no approach by name, no server, no client and no clock. What it prints about an approach it read
//! in the result file. One direction: store, merge, report (the figures of a run), and then table, page and
//! `report.json`, which print those figures and compute none.

pub mod advice;
pub mod append;
mod bands;
mod claims;
pub mod compare;
pub mod complexity;
pub mod difference;
pub mod export;
pub mod format;
pub mod gate;
pub mod inference;
pub mod input;
mod lists;
pub mod manifest;
pub mod merge;
mod objective;
pub mod page;
mod parse;
pub mod plain;
pub mod replace;
mod report;
pub mod saturation;
pub mod schema;
pub mod site;
pub mod statistics;
pub mod store;
pub mod study;
mod surroundings;
mod sweep;
pub mod table;
pub mod theory;
mod validate;
mod validity;
mod verdict;
