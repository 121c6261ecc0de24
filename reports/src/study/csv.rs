//! Samples as CSV (RFC 4180, one line a trial), and back. What is read equals what was written, to the last digit.
//!
//! Columns: those of [`FIXED`], and then two for each check and threshold: its value, headed `check@threshold`, and its
//! verdict, headed the same with `:verdict`. Both are empty where the trial has no such check; a value alone is empty
//! where there was nothing to judge.

use std::{collections::HashMap, fmt::Display, str::FromStr};

use results::{
    plain,
    schema::{Status, Verdict},
};
use thiserror::Error;

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
/// A text that begins with one of these is a formula to a spreadsheet. It is written with an apostrophe before it.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];
/// End of the heading of a verdict.
const VERDICT: &str = ":verdict";

/// Why a text is no table of samples.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum CsvError {
    /// The first line has other columns.
    #[error("line 1: expected the columns {} and two for each check, found {found:?}", FIXED.join(","))]
    Columns {
        /// The first line.
        found: String,
    },
    /// A line has more or fewer cells than the first.
    #[error("line {line}: {found} cells, expected {expected}")]
    Cells {
        /// The line, from 1.
        line: usize,
        /// Cells that it has.
        found: usize,
        /// Cells of the first line.
        expected: usize,
    },
    /// A cell is not what its column holds.
    #[error("line {line}: {column}: {found:?} is not what this column holds")]
    Cell {
        /// The line, from 1.
        line: usize,
        /// Heading of the column.
        column: String,
        /// What stands there.
        found: String,
    },
}

/// The samples as CSV.
#[must_use]
pub fn csv(samples: &[Sample]) -> String {
    let kinds = unique(samples.iter().flat_map(|sample| sample.readings.iter().map(Reading::kind)));
    let mut headings: Vec<String> = FIXED.map(str::to_owned).to_vec();
    for (check, threshold) in &kinds {
        let heading = format!("{check}@{}", or_empty(threshold.map(f64::from_bits)));
        headings.extend([heading.clone(), heading + VERDICT]);
    }
    let mut text = line(&headings);
    for sample in samples {
        let mut cells = fixed(sample).to_vec();
        let mut readings: HashMap<_, &Reading> = HashMap::new();
        for reading in &sample.readings {
            readings.entry(reading.kind()).or_insert(reading);
        }
        for of in &kinds {
            let reading = readings.get(of);
            let value = reading.and_then(|reading| reading.value);
            cells.extend([or_empty(value), reading.map_or("", |reading| verdict_word(reading.verdict)).to_owned()]);
        }
        text += &line(&cells);
    }
    text
}

fn fixed(sample: &Sample) -> [String; FIXED.len()] {
    let status = match sample.status {
        Status::Ok => "ok",
        Status::Invalid => "invalid",
        Status::Failed => "failed",
    };
    [
        sample.run.to_string(),
        plain::one_line(&sample.variant),
        sample.clients.to_string(),
        sample.events_per_second.to_string(),
        sample.payload_bytes.to_string(),
        sample.round.to_string(),
        status.to_owned(),
        or_empty(sample.p50_ns),
        or_empty(sample.interval_ns.map(|[lower, _]| lower)),
        or_empty(sample.interval_ns.map(|[_, upper]| upper)),
        sample.effective_events.to_string(),
        sample.revision.clone(),
        sample.boot.to_string(),
    ]
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Invalid => "invalid",
    }
}

fn or_empty<T: Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn line(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| {
        // A spreadsheet would take it for a formula. No number that is written here begins so.
        let cell = if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.clone() };
        if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}

/// Whether a text begins as what [`csv`] wrote.
#[must_use]
pub fn is_table(text: &str) -> bool {
    text.trim_start().starts_with(&FIXED.join(","))
}

/// Reads what [`csv`] wrote.
///
/// # Errors
/// The text is no such table; the error says where.
pub fn from_csv(text: &str) -> Result<Vec<Sample>, CsvError> {
    let mut lines = (1..).zip(text.lines().map(str::trim_end)).filter(|(_, line)| !line.is_empty());
    let first = lines.next().map_or("", |(_, first)| first);
    let headings = cells(first);
    let no_table = || CsvError::Columns { found: plain::short(&plain::text(first)) };
    if headings.len() < FIXED.len() || headings[..FIXED.len()] != FIXED {
        return Err(no_table());
    }
    let kinds: Option<Vec<(String, Option<f64>)>> = headings[FIXED.len()..].chunks(2).map(kind).collect();
    let kinds = kinds.ok_or_else(no_table)?;
    lines
        .map(|(number, line)| {
            let row = Row { number, headings: &headings, cells: cells(line) };
            if row.cells.len() != headings.len() {
                return Err(CsvError::Cells { line: number, found: row.cells.len(), expected: headings.len() });
            }
            row.sample(&kinds)
        })
        .collect()
}

/// The check and threshold of two headings.
fn kind(headings: &[String]) -> Option<(String, Option<f64>)> {
    let [value, verdict] = headings else { return None };
    let (check, threshold) = value.rsplit_once('@')?;
    let threshold = if threshold.is_empty() { None } else { Some(threshold.parse().ok()?) };
    (verdict.strip_suffix(VERDICT) == Some(value)).then(|| (check.to_owned(), threshold))
}

/// Cells of a line, without their quotes.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().expect("there is always a cell");
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    for cell in &mut cells {
        if cell.strip_prefix('\'').is_some_and(|rest| rest.starts_with(FORMULA)) {
            cell.remove(0);
        }
    }
    cells
}

/// A line that is being read.
struct Row<'a> {
    number: usize,
    headings: &'a [String],
    cells: Vec<String>,
}

impl Row<'_> {
    fn sample(&self, kinds: &[(String, Option<f64>)]) -> Result<Sample, CsvError> {
        let bounds: (Option<u64>, Option<u64>) = (self.optional(8)?, self.optional(9)?);
        let readings =
            (0..).zip(kinds).filter_map(|(index, kind)| self.reading(FIXED.len() + 2 * index, kind).transpose());
        Ok(Sample {
            run: self.required(0)?,
            variant: self.cells[1].clone(),
            clients: self.required(2)?,
            events_per_second: self.required(3)?,
            payload_bytes: self.required(4)?,
            round: self.required(5)?,
            status: match self.cells[6].as_str() {
                "ok" => Status::Ok,
                "invalid" => Status::Invalid,
                "failed" => Status::Failed,
                _ => return Err(self.wrong(6)),
            },
            p50_ns: self.optional(7)?,
            interval_ns: bounds.0.zip(bounds.1).map(|(lower, upper)| [lower, upper]),
            effective_events: self.required(10)?,
            revision: self.cells[11].clone(),
            boot: self.required(12)?,
            readings: readings.collect::<Result<_, _>>()?,
        })
    }

    /// What the check with its value in this column read, where the trial has it.
    fn reading(&self, column: usize, (check, threshold): &(String, Option<f64>)) -> Result<Option<Reading>, CsvError> {
        let value = self.optional(column)?;
        let verdict = match self.cells[column + 1].as_str() {
            "" if value.is_none() => return Ok(None),
            "pass" => Verdict::Pass,
            "warn" => Verdict::Warn,
            "invalid" => Verdict::Invalid,
            _ => return Err(self.wrong(column + 1)),
        };
        Ok(Some(Reading { check: check.clone(), threshold: *threshold, value, verdict }))
    }

    fn optional<T: FromStr>(&self, column: usize) -> Result<Option<T>, CsvError> {
        if self.cells[column].is_empty() { Ok(None) } else { self.required(column).map(Some) }
    }

    fn required<T: FromStr>(&self, column: usize) -> Result<T, CsvError> {
        self.cells[column].parse().map_err(|_| self.wrong(column))
    }

    fn wrong(&self, column: usize) -> CsvError {
        let [column, found] =
            [&self.headings[column], &self.cells[column]].map(|text| plain::short(&plain::text(text)));
        CsvError::Cell { line: self.number, column, found }
    }
}
