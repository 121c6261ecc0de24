//! The `delivery-bench` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::cli::enter(&std::env::args_os().collect::<Vec<_>>())
}
