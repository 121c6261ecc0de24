//! The figures of a report in the forms that other programs read: a Markdown table, CSV, JSON, and HdrHistogram's own
//! two text forms.
//!
//! Prints a [`Report`] and computes nothing. Names in it come from a result file: each form has its own way to keep
//! them from being anything but names.

mod csv;
mod histograms;
mod markdown;
mod names;

use std::path::PathBuf;

pub(crate) use markdown::code;

use crate::{report::Report, store::Run};

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

/// The figures of a run in this form.
#[must_use]
pub fn text(run: &Run, form: Form) -> String {
    let report = Report::of(run);
    match form {
        Form::Markdown => markdown::table(&report),
        Form::Csv => csv::table(&report),
        Form::Json => json(&report),
    }
}

/// Every number of the report.
pub(crate) fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("plain data with text keys can be written");
    text.push('\n');
    text
}

/// What lies beside the page, each with its place in the report's directory.
pub(crate) fn files(report: &Report) -> Vec<(PathBuf, String)> {
    let mut files = vec![
        ("table.md".into(), markdown::table(report)),
        ("table.csv".into(), csv::table(report)),
        (LOG.into(), histograms::log(report)),
    ];
    let named = names::of_rows(&report.loads);
    files.extend(named.into_iter().filter_map(|(name, row)| Some((place(&name), histograms::distribution(row)?))));
    files
}

/// Where the percentile distributions of the rows are, in the report's directory.
pub(crate) fn distributions(report: &Report) -> Vec<String> {
    let named = names::of_rows(&report.loads).into_iter().filter(|(_, row)| row.merged.is_some());
    named.map(|(name, _)| place(&name).display().to_string()).collect()
}

fn place(name: &str) -> PathBuf {
    PathBuf::from(DISTRIBUTIONS).join(format!("{name}.hgrm"))
}
