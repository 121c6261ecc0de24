//! `gate`: whether a change made delivery slower, chattier or lossier. The tiers judge in `reports::gate`; here they are
//! given what they judge, and what they say is shown.

mod exact;
mod history;
mod paired;
pub(crate) mod study;

use std::{env, fs::OpenOptions, io::Write, path::PathBuf};

use clap::{Args, Subcommand};
use reports::gate::{
    Outcome, Verdict,
    surface::{self, annotations, markdown, text},
};

use super::output;
use crate::failure::Failure;

/// The tiers of `gate`.
#[derive(Debug, Subcommand)]
pub(crate) enum GateCommand {
    /// Counts in lock step against a committed baseline: any difference fails
    Exact(exact::ExactOptions),
    /// Processor time and latency of two builds, in pairs
    Paired(paired::PairedOptions),
    /// What stands out of stored runs; advice that never fails
    History(history::HistoryOptions),
    /// How often the gate is wrong, from the sessions of `gate paired`
    Study(study::StudyOptions),
}

/// Where what a gate found goes, beside the terminal.
#[derive(Debug, Args)]
pub(crate) struct Surfaces {
    /// Write the outcome here as JSON, Markdown, JUnit XML, for benchmark trackers and as a badge
    #[arg(long)]
    out: Option<PathBuf>,
    /// The outcome as JSON on standard output, instead of the text
    #[arg(long)]
    json: bool,
    /// Say it to GitHub too: annotations, and the summary of the step
    #[arg(long, conflicts_with = "json")]
    github: bool,
    /// List what passed too
    #[arg(long)]
    verbose: bool,
}

pub(crate) fn gate(command: &GateCommand) -> Result<(), Failure> {
    match command {
        GateCommand::Exact(options) => exact::exact(options),
        GateCommand::Paired(options) => paired::paired(options),
        GateCommand::History(options) => history::history(options),
        GateCommand::Study(options) => study::study(options),
    }
}

/// Shows the outcome everywhere it is asked for, and ends as it says.
fn conclude(outcome: Outcome, surfaces: &Surfaces) -> Result<(), Failure> {
    let outcomes = [outcome];
    output::data(&if surfaces.json { surface::json(&outcomes) } else { text::render(&outcomes, surfaces.verbose) })?;
    if let Some(directory) = &surfaces.out {
        surface::write_all(&outcomes, directory).map_err(|error| Failure::Internal(error.into()))?;
        output::say(&format!("written: {}", directory.display()));
    }
    if surfaces.github {
        output::data(&annotations::render(&outcomes))?;
        summarise(&markdown::render(&outcomes)).map_err(|error| Failure::Internal(error.into()))?;
    }
    let [outcome] = outcomes;
    match outcome.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Inconclusive => Err(Failure::Inconclusive(outcome.reason)),
        Verdict::Regression => Err(Failure::Regression(outcome.reason)),
        Verdict::Invalid => Err(Failure::Invalid(outcome.reason)),
    }
}

/// Appends to the summary of the workflow's step, where this is one.
fn summarise(markdown: &str) -> std::io::Result<()> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY") else {
        output::say("no summary was written: GITHUB_STEP_SUMMARY is not set, so this is no step of a workflow");
        return Ok(());
    };
    OpenOptions::new().create(true).append(true).open(path)?.write_all(markdown.as_bytes())
}
