//! Everything that is made of result files: figures, the terminal table and the page.
//!
//! It knows no approach by name, no server, no client and no clock. What it prints about an approach it read
//! in the result file. One direction: store, merge, report (the figures of a run), and then table, page and
//! `report.json`, which print those figures and compute none.

pub mod advice;
mod bands;
mod claims;
pub mod compare;
pub mod difference;
pub mod export;
mod front;
mod headline;
mod host_noise;
pub mod manifest;
pub mod merge;
pub mod page;
mod ranks;
mod report;
mod rows;
pub mod saturation;
pub mod site;
mod slo;
mod sweep;
pub mod table;
pub mod validity;

pub use headline::describe;
