//! `selftest`: tests the instrument with known delays, injected and measured side by side.

use clap::Args;

use super::output;
use crate::{
    failure::Failure,
    selftest::{self, QUICK, Verdict, WHOLE},
};

/// Options of `selftest`.
#[derive(Debug, Args)]
pub(crate) struct SelftestOptions {
    /// Use shorter windows, and fewer attempts on a noisy machine
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub(crate) fn selftest(options: &SelftestOptions) -> Result<(), Failure> {
    let length = if options.quick { QUICK } else { WHOLE };
    let runtime = output::runtime()?;
    let findings = runtime.block_on(selftest::run(length, output::say));
    runtime.shutdown_background();
    let findings = findings?;
    if options.json {
        output::json(&findings)?;
    } else {
        output::data(&selftest::render(&findings))?;
    }
    match findings.verdict {
        Verdict::Ok => Ok(()),
        Verdict::TooNoisy => Err(Failure::Inconclusive(
            "this machine wakes threads too late to tell whether the instrument is right: leave it alone and try again"
                .into(),
        )),
        Verdict::Failed => {
            Err(Failure::Invalid("the instrument does not show what was injected: see the table".into()))
        }
    }
}
