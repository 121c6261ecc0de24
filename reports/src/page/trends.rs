//! Stored runs as the first page of a site lists them, and what is followed from run to run.
//!
//! Runs are compared over time only with their like: the same scenario under the same load. What is compared is what
//! survives another day and another machine: counts, and ratios to the floor of the same run.

use std::collections::BTreeMap;

use results::schema::Load;

use super::DIRECTORY;
use crate::{
    merge::Merged,
    report::Report,
    rows::{LoadPoint, Row},
};

/// Name of the directory of the runs' pages.
const RUNS: &str = "runs";

/// Name of the first page, and of each run's.
pub(crate) const INDEX: &str = "index.html";

/// A run as the index and the trends know it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) report: Report,
}

impl Entry {
    /// Where its page is, from the index.
    pub(crate) fn address(&self) -> String {
        self.place(&format!("{DIRECTORY}/{INDEX}"))
    }

    /// Where a file of its is, from the index.
    pub(crate) fn place(&self, file: &str) -> String {
        format!("{RUNS}/{}/{file}", self.name)
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
        title: "CPU time of the server for an event, over the floor's",
        id: "server-cpu",
        of: |row, floor| over_floor(row, floor, |merged| merged.cpu.server_us_per_event),
        text: times,
    },
    Metric {
        title: "CPU time of the clients for an event, over the floor's",
        id: "client-cpu",
        of: |row, floor| over_floor(row, floor, |merged| merged.cpu.client_us_per_event),
        text: times,
    },
    Metric {
        title: "Bytes for an event",
        id: "bytes",
        of: |row, _| row.merged.as_ref()?.bytes_per_event,
        text: results::format::bytes,
    },
    Metric {
        title: "Memory of the server for a client",
        id: "memory",
        of: |row, _| row.merged.as_ref()?.memory.server_bytes,
        text: results::format::bytes,
    },
];

fn times(ratio: f64) -> String {
    format!("{} ×", results::format::significant(ratio))
}

fn over_floor(row: &Row, floor: Option<&Row>, of: fn(&Merged) -> Option<f64>) -> Option<f64> {
    let (own, floor) = (of(row.merged.as_ref()?)?, of(floor?.merged.as_ref()?)?);
    (floor > 0.0).then(|| own / floor)
}

/// Runs that are of one kind, at least two of each, from the first; without those in which faults were injected.
pub(crate) fn histories(newest_first: &[Entry]) -> Vec<History<'_>> {
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
