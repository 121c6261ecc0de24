//! Stored runs for the first page of a site, and their trends.
//!
//! Trends compare runs of the same scenario under the same load, in windows of the same length. They use only what is comparable between days and machines:
//! counts, and ratios to the floor of the same run.

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

/// Name of the first page, and of the page of each run.
pub(crate) const INDEX: &str = "index.html";

/// A stored run.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) report: Report,
}

impl Entry {
    /// Returns the address of its page, relative to the index.
    pub(crate) fn address(&self) -> String {
        self.place(&format!("{DIRECTORY}/{INDEX}"))
    }

    /// Returns the address of one of its files, relative to the index.
    pub(crate) fn place(&self, file: &str) -> String {
        format!("{RUNS}/{}/{file}", self.name)
    }
}

/// The runs of one scenario under one load and with one window, from the first to the last.
#[derive(Debug)]
pub(crate) struct History<'a> {
    pub(crate) scenario: &'a str,
    pub(crate) load: &'a Load,
    pub(crate) runs: Vec<(&'a Entry, &'a LoadPoint)>,
}

/// A metric with a trend.
#[derive(Debug)]
pub(crate) struct Metric {
    /// Its name, as a heading.
    pub(crate) title: &'static str,
    /// Unique identifier on the page.
    pub(crate) id: &'static str,
    /// Returns the value of a row, given the floor of its run.
    pub(crate) of: fn(&Row, Option<&Row>) -> Option<f64>,
    /// Formats a value.
    pub(crate) text: fn(f64) -> String,
}

/// Absolute times are not among them, because they depend on the machine and the day.
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

/// Returns the series of at least two comparable runs. Runs with faults are left out.
pub(crate) fn histories(newest_first: &[Entry]) -> Vec<History<'_>> {
    let mut kinds: BTreeMap<(&str, String), History<'_>> = BTreeMap::new();
    for entry in newest_first.iter().rev().filter(|entry| entry.report.faults.is_none()) {
        let scenario = entry.report.run.scenario_name.as_str();
        for point in &entry.report.loads {
            // A window of another length has another sampling error, and other rounds.
            let kind = (point.load.without_orders(), entry.report.run.scenario.get("window"));
            let kind = serde_json::to_string(&kind).expect("plain data can be written");
            let history = kinds.entry((scenario, kind));
            history
                .or_insert_with(|| History { scenario, load: &point.load, runs: Vec::new() })
                .runs
                .push((entry, point));
        }
    }
    kinds.into_values().filter(|history| history.runs.len() > 1).collect()
}
