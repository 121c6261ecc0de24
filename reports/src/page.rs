//! The report of one run: `report/index.html`, one page that needs nothing else, `report/report.json`, every number on
//! it, and beside them the forms that other programs read.
//!
//! Prints a [`Report`]; computes nothing and knows no approach by name.

mod advice;
mod article;
mod canvas;
mod chart;
mod claims;
mod complexity;
mod curves;
mod document;
mod dots;
mod downloads;
mod index;
mod loads;
mod marks;
mod markup;
mod memory;
mod method;
mod others;
mod pareto;
mod percentiles;
mod places;
mod punctuality;
mod quantities;
mod responses;
mod ridgeline;
mod samples;
mod scale;
mod sections;
mod sweep;
mod sweep_chart;
mod take_away;
mod trust;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    export,
    gate::study::Study,
    report::Report,
    site::{Entry, History},
    store::Run,
};

/// Name of the directory that is made in the result directory.
pub const DIRECTORY: &str = "report";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Every number on it.
    pub data: PathBuf,
    /// Size of the page.
    pub page_bytes: usize,
}

/// Why a report was not written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file or its directory cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Writes the report of a run into `directory`, where its results are. One that is there is replaced, since it can be
/// made again at any time.
///
/// # Errors
/// A file cannot be written.
pub fn write(run: &Run, directory: &Path) -> Result<Written, ReportError> {
    write_report(&Report::with_advice(run), directory)
}

/// The same for figures that have been made.
pub(crate) fn write_report(report: &Report, directory: &Path) -> Result<Written, ReportError> {
    let directory = directory.join(DIRECTORY);
    fs::create_dir_all(&directory).map_err(|source| ReportError::Write { path: directory.clone(), source })?;
    let page = sections::page(report);
    let data = export::json(report);
    let written =
        Written { page: directory.join("index.html"), data: directory.join("report.json"), page_bytes: page.len() };
    put(&written.data, &data)?;
    put(&written.page, &page)?;
    for (place, text) in export::files(report) {
        put(&directory.join(place), &text)?;
    }
    Ok(written)
}

/// Writes a file and makes its directory.
fn put(path: &Path, text: &str) -> Result<(), ReportError> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text)).map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

/// The first page of a site of stored runs.
pub(crate) fn index(newest_first: &[Entry], histories: &[History<'_>], study: Option<&Study>) -> String {
    index::page(newest_first, histories, study)
}
