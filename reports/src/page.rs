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
mod durations;
pub(crate) mod index;
mod label_placement;
mod loads;
mod marks;
mod markup;
mod memory;
mod method;
mod pareto;
mod percentiles;
mod punctuality;
mod quantities;
mod responses;
mod ridgeline;
mod samples;
mod scale;
mod sections;
mod size_limit;
mod sweep;
mod sweep_chart;
mod takeaway;
pub(crate) mod trends;
mod trust;

use std::path::{Path, PathBuf};

use results::{replace, store::Run};

use crate::{
    export,
    manifest::{self, Manifest, WriteError},
    report::Report,
};

/// Name of the directory that is made in the result directory.
pub const DIRECTORY: &str = "report";

/// Name of the page in it.
const PAGE: &str = "index.html";
/// Name of the file with every number.
const DATA: &str = "report.json";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Every number on it.
    pub data: PathBuf,
}

/// Writes the report of a run into the directory named [`DIRECTORY`] beside its results. One that is there is replaced,
/// since it can be made again at any time.
///
/// # Errors
/// A file cannot be written, or a link is in its place.
pub fn write(run: &Run, directory: &Path) -> Result<Written, WriteError> {
    let report = Report::with_advice(run);
    for (place, text) in files(&report) {
        let name = format!("{DIRECTORY}/{place}");
        manifest::folders(directory, &name)?;
        let path = directory.join(name);
        replace::file(&path, text).map_err(|source| WriteError::Write { path, source })?;
    }
    Ok(written(&directory.join(DIRECTORY)))
}

/// Writes the report of a run into a directory of its own, where only what this tool wrote is replaced, unless `force` is
/// set.
///
/// # Errors
/// A file is there that this tool did not write, or a file cannot be written.
pub fn write_into(run: &Run, directory: &Path, force: bool) -> Result<Written, WriteError> {
    let report = Report::with_advice(run);
    let manifest = Manifest::open(directory, names(&report).collect(), force)?;
    files(&report).try_for_each(|(place, text)| manifest.put(&place, text))?;
    manifest.finish()?;
    Ok(written(directory))
}

fn written(directory: &Path) -> Written {
    Written { page: directory.join(PAGE), data: directory.join(DATA) }
}

/// Names of the files of a report.
pub(crate) fn names(report: &Report) -> impl Iterator<Item = String> {
    [PAGE, DATA].map(str::to_owned).into_iter().chain(export::places(report))
}

/// The files of a report, each with its place in the report's directory.
pub(crate) fn files(report: &Report) -> impl Iterator<Item = (String, String)> {
    let own = [(DATA, export::json as fn(&Report) -> String), (PAGE, sections::page)];
    let own = own.into_iter().map(move |(place, text)| (place.to_owned(), text(report)));
    own.chain(export::files(report))
}
