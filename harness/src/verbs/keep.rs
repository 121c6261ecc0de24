//! `keep`: cleans up after the gate that started it, even if the gate is killed.

use clap::Args;

use crate::{failure::Failure, gate::keeper};

/// Options of `keep`.
#[derive(Debug, Args)]
pub(crate) struct KeepOptions {
    #[arg(long, required = true)]
    coordinated: bool,
}

pub(crate) fn keep() -> Result<(), Failure> {
    keeper::keep().map_err(Failure::usage)
}
