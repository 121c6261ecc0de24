//! Exports a report for other programs: a Markdown table, CSV, JSON, and the two text forms of HdrHistogram. Names come from
//! result files, so each form escapes them.

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

/// A form of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The terminal's table in Markdown, for a pull request.
    Markdown,
    /// One line per variant and load, with units in the headings.
    Csv,
    /// Every number of the report.
    Json,
}

/// Exports runs as one document. CSV has the runs below each other, named by the first columns if there are several.
/// JSON is the report, or a list of reports.
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

/// A file of every report: its path in the report's directory, and its text.
type Table = (&'static str, fn(&Report) -> String);

/// The files beside the page in every report.
const TABLES: [Table; 3] = [("table.md", markdown::table), ("table.csv", csv_table), (LOG, histograms::log)];

/// Renders the files beside the page, with their paths in the report's directory.
pub(crate) fn files(report: &Report) -> impl Iterator<Item = (String, String)> {
    let tables = TABLES.into_iter().map(move |(place, text)| (place.to_owned(), text(report)));
    let named = names::row_names(&report.loads).into_iter();
    tables.chain(named.filter_map(|(name, row)| Some((place(&name), histograms::distribution(row)?))))
}

/// Returns the paths of [`files`].
pub(crate) fn places(report: &Report) -> impl Iterator<Item = String> {
    TABLES.into_iter().map(|(place, _)| place.to_owned()).chain(distributions(report))
}

fn csv_table(report: &Report) -> String {
    csv::table(&[report])
}

/// Returns the paths of the percentile distributions in the report's directory.
pub(crate) fn distributions(report: &Report) -> Vec<String> {
    let named = names::row_names(&report.loads).into_iter().filter(|(_, row)| row.merged.is_some());
    named.map(|(name, _)| place(&name)).collect()
}

fn place(name: &str) -> String {
    format!("{DISTRIBUTIONS}/{name}.hgrm")
}
