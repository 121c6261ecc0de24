//! The published site: an index of stored runs with their trends, and the page of each run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use results::store::{FILE_NAME, Run};

use crate::{
    manifest::{Manifest, WriteError},
    page::{
        self, index,
        trends::{Entry, INDEX, histories},
    },
    report::Report,
};

/// A stored run with its name.
#[derive(Debug)]
pub struct Stored {
    /// Name of its directory, which becomes part of its address.
    pub name: String,
    /// Its result file.
    pub results: PathBuf,
    /// The run.
    pub run: Run,
}

/// Writes the site into `directory`: `index.html`, and the page, figures and result file of each run, the newest first.
/// Returns the path of the index.
///
/// Only files that the site wrote before are replaced or removed. Result files are neither, not even copied ones.
///
/// # Errors
/// A file is in the way that the site did not write, a file cannot be written, or a result file is gone.
pub fn write(stored: Vec<Stored>, directory: &Path) -> Result<PathBuf, WriteError> {
    let made = stored.into_iter().map(|Stored { name, results, run }| {
        let report = Report::with_advice(&run);
        (results, Entry { name, report })
    });
    let (results, mut entries): (Vec<PathBuf>, Vec<Entry>) = made.unzip();
    let names = entries.iter().flat_map(|entry| {
        let of_page = page::names(&entry.report).map(|place| entry.place(&format!("{}/{place}", page::DIRECTORY)));
        of_page.chain([entry.place(FILE_NAME)])
    });
    let manifest = Manifest::open(directory, names.chain([INDEX.to_owned()]).collect(), false)?;
    for (source, entry) in results.iter().zip(&entries) {
        for (place, text) in page::files(&entry.report) {
            manifest.put(&entry.place(&format!("{}/{place}", page::DIRECTORY)), text)?;
        }
        let bytes = fs::read(source).map_err(|error| WriteError::Write { path: source.clone(), source: error })?;
        manifest.put(&entry.place(FILE_NAME), bytes)?;
    }
    entries.sort_by(|a, b| (&b.report.run.started, &b.name).cmp(&(&a.report.run.started, &a.name)));
    manifest.put(INDEX, index::page(&entries, &histories(&entries)))?;
    manifest.finish()?;
    Ok(directory.join(INDEX))
}
