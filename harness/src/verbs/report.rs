//! `report`: renders result directories.

use std::path::PathBuf;

use super::output::{data, say};
use crate::failure::Failure;

pub(crate) fn report(directories: &[PathBuf]) -> Result<(), Failure> {
    for directory in directories {
        let run = reports::store::read(directory).map_err(Failure::usage)?;
        let written = reports::page::write(&run, directory).map_err(|error| Failure::Internal(error.into()))?;
        data(&reports::table::render(&run))?;
        say(&format!("report: {}", written.page.display()));
    }
    Ok(())
}
