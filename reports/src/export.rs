//! The figures of a report in the forms that other programs read: a Markdown table, CSV, JSON, and HdrHistogram's own
//! two text forms.
//!
//! Prints a [`Report`] and computes nothing. Names in it come from a result file: each form has its own way to keep
//! them from being anything but names.

mod csv;
mod histograms;
mod markdown;
mod names;

use results::store::Run;
use serde::Serialize;

use crate::report::Report;

/// Name of the histogram log.
pub(crate) const LOG: &str = "latency.hlog";
/// Name of the directory of percentile distributions.
const DISTRIBUTIONS: &str = "histograms";

/// A form in which a run's figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As the terminal's table, for a pull request.
    Markdown,
    /// One line for each variant and load, with the units in the headings.
    Csv,
    /// Every number of the report.
    Json,
}

/// The figures of runs in this form, as one document: CSV has the runs below each other, with the scenario and the start
/// of each where there are several; JSON is the report, or a list of reports.
#[must_use]
pub fn text(runs: &[Run], form: Form) -> String {
    let reports: Vec<Report> = runs.iter().map(Report::from_run).collect();
    let all: Vec<&Report> = reports.iter().collect();
    match (form, &all[..]) {
        (Form::Markdown, all) => all.iter().map(|report| markdown::table(report)).collect::<Vec<_>>().join("\n"),
        (Form::Csv, all) => csv::table(all),
        (Form::Json, [report]) => json(report),
        (Form::Json, all) => pretty(&all),
    }
}

/// Every number of the report.
pub(crate) fn json(report: &Report) -> String {
    pretty(report)
}

fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data with text keys can be written");
    text.push('\n');
    text
}

/// A file of every report: its place in the report's directory, and its text.
type Table = (&'static str, fn(&Report) -> String);

/// What lies beside the page in all reports.
const TABLES: [Table; 3] = [("table.md", markdown::table), ("table.csv", csv_table), (LOG, histograms::log)];

/// What lies beside the page, each with its place in the report's directory.
pub(crate) fn files(report: &Report) -> impl Iterator<Item = (String, String)> {
    let tables = TABLES.into_iter().map(move |(place, text)| (place.to_owned(), text(report)));
    let named = names::row_names(&report.loads).into_iter();
    tables.chain(named.filter_map(|(name, row)| Some((place(&name), histograms::distribution(row)?))))
}

/// The places of [`files`].
pub(crate) fn places(report: &Report) -> impl Iterator<Item = String> {
    TABLES.into_iter().map(|(place, _)| place.to_owned()).chain(distributions(report))
}

fn csv_table(report: &Report) -> String {
    csv::table(&[report])
}

/// Where the percentile distributions of the rows are, in the report's directory.
pub(crate) fn distributions(report: &Report) -> Vec<String> {
    let named = names::row_names(&report.loads).into_iter().filter(|(_, row)| row.merged.is_some());
    named.map(|(name, _)| place(&name)).collect()
}

fn place(name: &str) -> String {
    format!("{DISTRIBUTIONS}/{name}.hgrm")
}
