//! Reports from result files: figures, the terminal's table and the page.
//!
//! `merge` turns trials into figures, `report` collects the figures of a run, and `table`, `page` and `export` render them.
//! No approach is known by name: all text about one comes from the result file.

pub mod advice;
mod bands;
mod claims;
pub mod compare;
pub mod cost;
pub mod difference;
mod encoding;
pub mod export;
mod front;
mod headline;
mod host_noise;
pub mod manifest;
pub mod merge;
pub mod page;
mod ranks;
mod report;
pub mod resolution;
mod rows;
pub mod saturation;
pub mod site;
mod slo;
mod sweep;
pub mod table;
pub mod validity;

pub use headline::describe;
