//! Writes samples as CSV (RFC 4180), one line per trial, and reads them back. What is read equals what was written.
//!
//! The first columns are [`FIXED`]. Then follow two per check and threshold: the value, headed `check@threshold`, and
//! the verdict, headed `check@threshold:verdict`. Both are empty if the trial does not have the check. The value alone
//! is empty if the check had nothing to judge.

use std::{collections::HashMap, fmt::Display, str::FromStr};

use ::csv::{ReaderBuilder, StringRecord, Trim, Writer};
use anyhow::{Context as _, Result, bail, ensure};
use results::{
    sanitize,
    schema::{Status, Verdict},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Reading, Sample, unique};

/// Columns of every table.
const FIXED: [&str; 13] = [
    "run",
    "variant",
    "clients",
    "events_per_second",
    "payload_bytes",
    "round",
    "status",
    "p50_ns",
    "lower_ns",
    "upper_ns",
    "effective_events",
    "revision",
    "boot",
];
/// A spreadsheet treats text that begins with one of these as a formula. It is written with an apostrophe in front.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];
/// Suffix of the heading of a verdict.
const VERDICT: &str = ":verdict";

/// Writes the samples as CSV.
pub(crate) fn csv(samples: &[Sample]) -> Result<Vec<u8>> {
    let kinds = unique(samples.iter().flat_map(|sample| sample.readings.iter().map(Reading::kind)));
    let mut writer = Writer::from_writer(Vec::new());
    let headings = kinds.iter().flat_map(|(check, threshold)| {
        let heading = format!("{check}@{}", or_empty(threshold.map(f64::from_bits)));
        [heading.clone(), heading + VERDICT]
    });
    writer.write_record(FIXED.map(str::to_owned).into_iter().chain(headings))?;
    for sample in samples {
        let mut readings: HashMap<_, &Reading> = HashMap::new();
        for reading in &sample.readings {
            readings.entry(reading.kind()).or_insert(reading);
        }
        let checks = kinds.iter().flat_map(|kind| {
            let reading = readings.get(kind);
            let value = reading.and_then(|reading| reading.value);
            [or_empty(value), reading.map_or_else(String::new, |reading| word(reading.verdict))]
        });
        writer.write_record(fixed(sample).into_iter().chain(checks))?;
    }
    Ok(writer.into_inner()?)
}

fn fixed(sample: &Sample) -> [String; FIXED.len()] {
    [
        sample.run.to_string(),
        escaped(sanitize::one_line(&sample.variant)),
        sample.clients.to_string(),
        sample.events_per_second.to_string(),
        sample.payload_bytes.to_string(),
        sample.round.to_string(),
        word(sample.status),
        or_empty(sample.p50_ns),
        or_empty(sample.interval_ns.map(|[lower, _]| lower)),
        or_empty(sample.interval_ns.map(|[_, upper]| upper)),
        sample.effective_events.to_string(),
        escaped(sample.revision.clone()),
        sample.boot.to_string(),
    ]
}

fn escaped(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

/// Returns the word that stands for a value in the record.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn or_empty<T: Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Returns whether a text begins like the output of [`csv`].
pub(crate) fn is_table(text: &str) -> bool {
    text.trim_start().starts_with(&FIXED.join(","))
}

/// Reads the output of [`csv`].
pub(crate) fn from_csv(text: &str) -> Result<Vec<Sample>> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers()?.clone();
    let kinds: Option<Vec<(String, Option<f64>)>> =
        headings.iter().skip(FIXED.len()).collect::<Vec<_>>().chunks(2).map(kind).collect();
    let Some(kinds) = kinds.filter(|_| headings.iter().take(FIXED.len()).eq(FIXED)) else {
        let first = text.lines().next().unwrap_or_default();
        let found = sanitize::short(&sanitize::text(first));
        bail!("line 1: expected the columns {} and two for each check, found {found:?}", FIXED.join(","));
    };
    let mut samples = Vec::new();
    for record in reader.into_records() {
        let record = record?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let sample = Row { headings: &headings, cells: record }.sample(&kinds);
        samples.push(sample.with_context(|| format!("line {line}"))?);
    }
    Ok(samples)
}

/// Returns the check and threshold of two headings. `None` if they do not belong together.
fn kind(headings: &[&str]) -> Option<(String, Option<f64>)> {
    let [value, verdict] = headings else { return None };
    let (check, threshold) = value.rsplit_once('@')?;
    let threshold = if threshold.is_empty() { None } else { Some(threshold.parse().ok()?) };
    (verdict.strip_suffix(VERDICT) == Some(value)).then(|| (check.to_owned(), threshold))
}

/// One line of a table.
struct Row<'a> {
    headings: &'a StringRecord,
    cells: StringRecord,
}

impl Row<'_> {
    fn sample(&self, kinds: &[(String, Option<f64>)]) -> Result<Sample> {
        let bounds: (Option<u64>, Option<u64>) = (self.optional(8)?, self.optional(9)?);
        let readings =
            (0..).zip(kinds).filter_map(|(index, kind)| self.reading(FIXED.len() + 2 * index, kind).transpose());
        Ok(Sample {
            run: self.required(0)?,
            variant: self.cell(1).to_owned(),
            clients: self.required(2)?,
            events_per_second: self.required(3)?,
            payload_bytes: self.required(4)?,
            round: self.required(5)?,
            status: self.word::<Status>(6)?,
            p50_ns: self.optional(7)?,
            interval_ns: bounds.0.zip(bounds.1).map(|(lower, upper)| [lower, upper]),
            effective_events: self.required(10)?,
            revision: self.cell(11).to_owned(),
            boot: self.required(12)?,
            readings: readings.collect::<Result<_>>()?,
        })
    }

    /// Returns the reading whose value is in this column. `None` if the trial does not have the check.
    fn reading(&self, column: usize, (check, threshold): &(String, Option<f64>)) -> Result<Option<Reading>> {
        let value = self.optional(column)?;
        if value.is_none() && self.cell(column + 1).is_empty() {
            return Ok(None);
        }
        let verdict = self.word::<Verdict>(column + 1)?;
        Ok(Some(Reading { check: check.clone(), threshold: *threshold, value, verdict }))
    }

    /// Returns a cell without its apostrophe. Older tables have one before negative numbers too.
    fn cell(&self, column: usize) -> &str {
        let cell = &self.cells[column];
        cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
    }

    fn optional<T: FromStr>(&self, column: usize) -> Result<Option<T>> {
        if self.cell(column).is_empty() { Ok(None) } else { self.required(column).map(Some) }
    }

    fn required<T: FromStr>(&self, column: usize) -> Result<T> {
        self.checked(column, self.cell(column).parse().ok())
    }

    fn word<T: DeserializeOwned>(&self, column: usize) -> Result<T> {
        self.checked(column, serde_json::from_value(self.cell(column).into()).ok())
    }

    fn checked<T>(&self, column: usize, value: Option<T>) -> Result<T> {
        let [heading, cell] =
            [&self.headings[column], self.cell(column)].map(|text| sanitize::short(&sanitize::text(text)));
        ensure!(value.is_some(), "{heading}: {cell:?} is not a valid value for this column");
        value.context("checked above")
    }
}
