//! Shows the outcome of a tier, and sets the verb's exit code.

use std::{env, fs::OpenOptions, io::Write, path::PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use gate::{
    Outcome, Tier, Verdict,
    surface::{self, annotations, markdown, text},
};

use crate::{failure::Failure, verbs::output};

/// Outputs of the outcome in addition to the terminal.
#[derive(Debug, Args)]
pub(super) struct Surfaces {
    /// Write the outcome into this directory as JSON, Markdown and JUnit XML, such as target/gate [default: not written]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the outcome as JSON instead of text
    #[arg(long)]
    json: bool,
    /// Say it to GitHub too: annotations, and the summary of the step
    #[arg(long, conflicts_with = "json")]
    github: bool,
    /// List what passed too
    #[arg(long)]
    verbose: bool,
}

impl Surfaces {
    /// Writes an invalid outcome into the files before the comparison, so that no file keeps an earlier outcome and
    /// an unwritable place fails at once.
    fn begin(&self) -> Result<(), Failure> {
        let Some(directory) = &self.out else { return Ok(()) };
        surface::write_all(&[], directory).map(drop).map_err(Failure::write)
    }

    /// Shows the outcome in the files, and to GitHub.
    fn show(&self, outcomes: &[Outcome]) -> anyhow::Result<()> {
        if let Some(directory) = &self.out {
            surface::write_all(outcomes, directory)?;
            output::say(&format!("written: {}", directory.display()));
        }
        if self.github {
            output::data(&annotations::render(outcomes)).map_err(|failure| anyhow!("{failure}"))?;
            summarise(&markdown::render(outcomes))?;
        }
        Ok(())
    }
}

/// Shows the outcome wherever requested, and returns its exit code. A failure is shown as invalid.
pub(super) fn conclude(
    tier: Tier,
    surfaces: &Surfaces,
    judge: impl FnOnce() -> Result<Outcome, Failure>,
) -> Result<(), Failure> {
    surfaces.begin()?;
    let judged = judge();
    let is_judged = judged.is_ok();
    let (ended, outcome) = match judged {
        Ok(outcome) => (ended(&outcome), outcome),
        Err(failure) => {
            let outcome = Outcome::invalid(tier, "nothing".to_owned(), failure.to_string());
            (Err(failure), outcome)
        }
    };
    let outcomes = [outcome];
    if surfaces.json {
        output::document(&surface::json(&outcomes))?;
    } else if is_judged {
        output::data(&text::render(&outcomes, surfaces.verbose))?;
    }
    match (surfaces.show(&outcomes), ended) {
        (Ok(()), ended) => ended,
        (Err(error), Ok(())) => Err(Failure::Internal(error)),
        (Err(error), Err(ended)) => {
            output::say(&format!("{error:#}"));
            Err(ended)
        }
    }
}

fn ended(outcome: &Outcome) -> Result<(), Failure> {
    let reason = outcome.reason.clone();
    match outcome.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Inconclusive => Err(Failure::Inconclusive(reason)),
        Verdict::Regression => Err(Failure::Regression(reason)),
        Verdict::Invalid => Err(Failure::Invalid(reason)),
    }
}

/// Appends to the summary of the workflow's step, if there is one.
fn summarise(markdown: &str) -> anyhow::Result<()> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from) else {
        output::say("no summary was written: GITHUB_STEP_SUMMARY is not set, so this is no step of a workflow");
        return Ok(());
    };
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let appended = file.and_then(|mut file| file.write_all(markdown.as_bytes()));
    appended.with_context(|| format!("cannot write the summary to {}, which GITHUB_STEP_SUMMARY names", path.display()))
}
