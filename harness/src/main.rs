//! The `delivery-bench` command: parse, dispatch, and map a failure to its exit code.

use std::process::ExitCode;

use clap::Parser;
use harness::Cli;

#[expect(clippy::print_stderr, reason = "the last word of a verb that failed is for people")]
fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}
