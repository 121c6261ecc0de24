//! The published site: an index of stored runs with their trends, and the page of each. A pure function of the runs and
//! their names, so that whoever has the stored files gets the same site.
//!
//! Runs are compared over time only with their like: the same scenario under the same load. What is compared is what
//! survives another day and another machine: counts, and ratios to the floor of the same run.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    gate::study::Study,
    merge::Merged,
    page::{self, ReportError},
    report::{LoadPoint, Report, Row},
    schema::Load,
    store::{FILE_NAME, Run},
};

/// Name of the directory of the runs' pages.
const RUNS: &str = "runs";

/// A run that is kept, under a name of its own.
#[derive(Debug)]
pub struct Stored {
    /// Name of its directory, which becomes part of its address.
    pub name: String,
    /// Where its result file is.
    pub directory: PathBuf,
    /// The run.
    pub run: Run,
}

/// A run as the index and the trends know it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) report: Report,
}

impl Entry {
    /// Where its page is, from the index.
    pub(crate) fn address(&self) -> String {
        format!("{RUNS}/{}/{}/index.html", self.name, page::DIRECTORY)
    }
}

/// The runs of one scenario under one load, from the first.
#[derive(Debug)]
pub(crate) struct History<'a> {
    pub(crate) scenario: &'a str,
    pub(crate) load: &'a Load,
    pub(crate) runs: Vec<(&'a Entry, &'a LoadPoint)>,
}

/// What is followed from run to run.
#[derive(Debug)]
pub(crate) struct Metric {
    /// Name, as a heading begins.
    pub(crate) title: &'static str,
    /// For names on the page; one of its own.
    pub(crate) id: &'static str,
    /// The figure of a row beside the floor of its run; none where there is none.
    pub(crate) of: fn(&Row, Option<&Row>) -> Option<f64>,
    /// As a reader sees it.
    pub(crate) text: fn(f64) -> String,
}

/// Absolute times are not among them: they are of a machine and its day.
pub(crate) const METRICS: [Metric; 5] = [
    Metric { title: "Median latency over the floor's", id: "latency", of: |row, _| row.times_floor, text: times },
    Metric {
        title: "Processor time of the server for an event, over the floor's",
        id: "server-cpu",
        of: |row, floor| over_floor(row, floor, |merged| merged.cpu.server_us_per_event),
        text: times,
    },
    Metric {
        title: "Processor time of the clients for an event, over the floor's",
        id: "client-cpu",
        of: |row, floor| over_floor(row, floor, |merged| merged.cpu.client_us_per_event),
        text: times,
    },
    Metric {
        title: "Bytes for an event",
        id: "bytes",
        of: |row, _| row.merged.as_ref()?.bytes_per_event,
        text: crate::format::bytes,
    },
    Metric {
        title: "Memory of the server for a client",
        id: "memory",
        of: |row, _| Some(row.merged.as_ref()?.memory.server_bytes),
        text: crate::format::bytes,
    },
];

fn times(ratio: f64) -> String {
    format!("{} ×", crate::format::significant(ratio))
}

fn over_floor(row: &Row, floor: Option<&Row>, of: fn(&Merged) -> Option<f64>) -> Option<f64> {
    let (own, floor) = (of(row.merged.as_ref()?)?, of(floor?.merged.as_ref()?)?);
    (floor > 0.0).then(|| own / floor)
}

/// Writes the site into `directory`: `index.html`, and of each run its page, its figures and its result file. Runs are
/// listed by when they started, the newest first. With it, where there is one, the gate's study of itself. Gives the
/// index's path. What a site had there before is replaced, the runs that are no longer given among it.
///
/// # Errors
/// A file cannot be written, or a result file that was read is gone.
pub fn write(stored: Vec<Stored>, study: Option<&Study>, directory: &Path) -> Result<PathBuf, ReportError> {
    remove_runs(&directory.join(RUNS), &stored)?;
    let mut entries = Vec::new();
    for Stored { name, directory: source, run } in stored {
        let target = directory.join(RUNS).join(&name);
        let report = Report::with_advice(&run);
        page::write_report(&report, &target)?;
        let file = target.join(FILE_NAME);
        // A file that is copied onto itself is emptied.
        if !is_same(&source, &target) {
            fs::copy(source.join(FILE_NAME), &file).map_err(|source| ReportError::Write { path: file, source })?;
        }
        entries.push(Entry { name, report });
    }
    entries.sort_by(|a, b| (&b.report.run.started, &b.name).cmp(&(&a.report.run.started, &a.name)));
    let index = directory.join("index.html");
    let html = page::index(&entries, &histories(&entries), study);
    fs::write(&index, html).map_err(|source| ReportError::Write { path: index.clone(), source })?;
    Ok(index)
}

/// Removes the runs that a site wrote here before: directories with a result file and a page, and nothing else. One that
/// a run is about to be read from stays.
fn remove_runs(runs: &Path, stored: &[Stored]) -> Result<(), ReportError> {
    let Ok(entries) = fs::read_dir(runs) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        // What is linked to is no part of the site.
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_written = path.join(FILE_NAME).is_file() && path.join(page::DIRECTORY).join("index.html").is_file();
        let is_read = stored.iter().any(|one| is_same(&one.directory, &path));
        if is_directory && is_written && !is_read {
            fs::remove_dir_all(&path).map_err(|source| ReportError::Write { path, source })?;
        }
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// Runs that are of one kind, at least two of each, from the first; without those in which faults were injected.
fn histories(newest_first: &[Entry]) -> Vec<History<'_>> {
    let mut kinds: BTreeMap<(&str, String), History<'_>> = BTreeMap::new();
    for entry in newest_first.iter().rev().filter(|entry| entry.report.faults.is_none()) {
        let scenario = entry.report.run.scenario_name.as_str();
        for point in &entry.report.loads {
            let kind = serde_json::to_string(&point.load.without_orders()).expect("plain data can be written");
            let history = kinds.entry((scenario, kind));
            history
                .or_insert_with(|| History { scenario, load: &point.load, runs: Vec::new() })
                .runs
                .push((entry, point));
        }
    }
    kinds.into_values().filter(|history| history.runs.len() > 1).collect()
}
