//! Renders the report of one run: `report/index.html`, a self-contained page; `report/report.json`, every number on it; and
//! forms for other programs.

mod advice;
mod article;
mod budget;
mod canvas;
mod chart;
mod claims;
mod complexity;
mod costs;
mod curves;
mod document;
mod dots;
mod downloads;
mod durations;
mod encoding;
pub(crate) mod index;
mod label_placement;
mod loads;
mod marks;
mod markup;
mod memory;
mod method;
mod overview;
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

/// Name of the report's directory in the result directory.
pub const DIRECTORY: &str = "report";

/// Name of the page.
const PAGE: &str = "index.html";
/// Name of the file with every number.
const DATA: &str = "report.json";

/// The written files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Every number on it.
    pub data: PathBuf,
}

/// Writes the report of a run into [`DIRECTORY`] beside its results, and replaces an existing one.
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

/// Writes the report of a run into a directory. Replaces only files that this tool wrote, unless `force` is set.
///
/// # Errors
/// A file is in the way that this tool did not write, or a file cannot be written.
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

/// Returns the names of the files of a report.
pub(crate) fn names(report: &Report) -> impl Iterator<Item = String> {
    [PAGE, DATA].map(str::to_owned).into_iter().chain(export::places(report))
}

/// Renders the files of a report, with their paths in the report's directory.
pub(crate) fn files(report: &Report) -> impl Iterator<Item = (String, String)> {
    let own = [(DATA, export::json as fn(&Report) -> String), (PAGE, sections::page)];
    let own = own.into_iter().map(move |(place, text)| (place.to_owned(), text(report)));
    own.chain(export::files(report))
}
