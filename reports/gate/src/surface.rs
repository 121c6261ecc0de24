//! The gate's outcomes in the forms that people and continuous integration read.
//!
//! Each surface prints outcomes and computes nothing. Names in them come from files: each form has its own way to keep
//! them from being anything but names. Fail closed here too: no outcome at all is printed as an invalid one, and what
//! an outcome says against its own findings is never left out.

pub mod action_benchmark;
pub mod annotations;
pub mod badge;
pub mod bencher;
pub mod junit;
pub mod markdown;
pub mod text;

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use results::{format, plain, replace};
use serde_json::json;
use thiserror::Error;

use super::{Finding, Outcome, Tier, Verdict};

/// Name of the file with the outcomes themselves.
pub const OUTCOME: &str = "outcome.json";

/// A file of the gate that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct SurfaceError {
    path: PathBuf,
    source: io::Error,
}

/// Writes every surface that is a file into the directory, which is made where it is not there, and gives their paths.
/// What a gate wrote there before is replaced.
///
/// # Errors
/// A file cannot be written, or is there and was not written by a gate.
pub fn write_all(outcomes: &[Outcome], directory: &Path) -> Result<Vec<PathBuf>, SurfaceError> {
    let failed = |path: &Path, source| SurfaceError { path: path.to_owned(), source };
    fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
    // Where a gate wrote before, there is an outcome.
    let is_ours = directory.join(OUTCOME).symlink_metadata().is_ok();
    let files = [
        (OUTCOME, json(outcomes)),
        ("summary.md", markdown::render(outcomes)),
        ("junit.xml", junit::render(outcomes)),
        ("benchmark.json", action_benchmark::render(outcomes)),
        ("bencher.json", bencher::render(outcomes)),
        ("badge.json", badge::render(outcomes)),
    ];
    let other =
        files.iter().map(|(name, _)| directory.join(name)).find(|path| !is_ours && path.symlink_metadata().is_ok());
    if let Some(other) = other {
        let problem =
            format!("it is there, and no {OUTCOME} beside it says that a gate wrote it; choose another directory");
        return Err(failed(&other, io::Error::new(io::ErrorKind::AlreadyExists, problem)));
    }
    let written = files.into_iter().map(|(name, text)| {
        let path = directory.join(name);
        replace::file(&path, text).map_err(|source| failed(&path, source))?;
        Ok(path)
    });
    written.collect()
}

/// The outcomes themselves, with the verdict over all of them.
#[must_use]
pub fn json(outcomes: &[Outcome]) -> String {
    pretty(&json!({ "verdict": overall(outcomes), "outcomes": &*whole(outcomes) }))
}

/// The gravest verdict of the outcomes that may block; of advice only where there is nothing else.
#[must_use]
pub fn overall(outcomes: &[Outcome]) -> Verdict {
    let blocking = outcomes.iter().filter(|outcome| !is_advice(outcome.tier)).map(|outcome| outcome.verdict).max();
    blocking.or_else(|| outcomes.iter().map(|outcome| outcome.verdict).max()).unwrap_or(Verdict::Invalid)
}

/// Whether a tier only advises, and never fails a job.
fn is_advice(tier: Tier) -> bool {
    tier == Tier::History
}

/// The outcomes, or in place of none one that says so.
fn whole(outcomes: &[Outcome]) -> Cow<'_, [Outcome]> {
    if outcomes.is_empty() {
        let none = "no gate has run, and nothing was compared".to_owned();
        return vec![Outcome::invalid(Tier::Exact, "nothing".to_owned(), none)].into();
    }
    outcomes.into()
}

/// The findings, and before them the outcome's own reason where no finding is as grave as its verdict.
fn findings(outcome: &Outcome) -> Vec<Cow<'_, Finding>> {
    let gravest = outcome.findings.iter().map(|finding| finding.verdict).max();
    let own = (gravest < Some(outcome.verdict)).then(|| Finding {
        cell: "gate".to_owned(),
        metric: name(outcome.tier).to_owned(),
        unit: String::new(),
        before: None,
        after: None,
        verdict: outcome.verdict,
        explanation: outcome.reason.clone(),
    });
    own.map(Cow::Owned).into_iter().chain(outcome.findings.iter().map(Cow::Borrowed)).collect()
}

/// The findings that have a figure, each beside the name of what it is a figure of.
fn figures(outcomes: &[Outcome]) -> impl Iterator<Item = (&Finding, f64)> {
    let findings = outcomes.iter().flat_map(|outcome| &outcome.findings);
    findings.filter_map(|finding| Some((finding, finding.after.filter(|after| after.is_finite())?)))
}

fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Exact => "exact",
        Tier::Paired => "paired",
        Tier::History => "history",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::StandsOut => "stands out",
        Verdict::Regression => "regression",
        Verdict::Invalid => "invalid",
    }
}

/// A figure of a finding in its unit. Counts and bytes are whole, and exact.
fn figure(value: Option<f64>, unit: &str) -> String {
    format::or_none(value, |value| match unit {
        "" | "count" | "bytes" => format::plain(value),
        "ns" if value >= 0.0 => format::duration(value.round() as u64),
        unit => format!("{} {unit}", format::significant(value)),
    })
}

/// By how much a figure changed: `+1.23 %`.
fn change(finding: &Finding) -> String {
    format::or_none(finding.change(), |change| match change * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent > 0.0 => format!("+{} %", format::significant(percent)),
        percent => format!("{} %", format::significant(percent).replace('-', "−")),
    })
}

/// One line, in which no character is anything but itself.
fn line(text: &str) -> String {
    plain::text(&plain::one_line(text))
}

fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data with text keys can be written");
    text.push('\n');
    text
}
