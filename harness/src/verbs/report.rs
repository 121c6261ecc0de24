//! `report`: renders result directories, each in its place or all of them as a site.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::ValueEnum;
use reports::{
    export::{self, Form},
    gate::{
        paired::FILE_NAME,
        study::{MADE, Study},
    },
    page,
    site::{self, Stored},
    store, table,
};

use super::{
    gate::study,
    output::{data, document, say},
};
use crate::failure::Failure;

/// What is printed of a run.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Format {
    /// The terminal's table
    #[default]
    Table,
    /// The same in Markdown, for a pull request
    Markdown,
    /// One line for each variant and load
    Csv,
    /// Every number of the report
    Json,
}

pub(crate) fn report(directories: &[PathBuf], site: Option<&Path>, format: Format) -> Result<(), Failure> {
    match site {
        Some(site) => publish(directories, site),
        None => directories.iter().try_for_each(|directory| in_place(directory, format)),
    }
}

fn in_place(directory: &Path, format: Format) -> Result<(), Failure> {
    let run = store::read(directory).map_err(Failure::usage)?;
    let written = page::write(&run, directory).map_err(|error| Failure::Internal(error.into()))?;
    match format {
        Format::Table => data(&table::render(&run)),
        Format::Markdown => data(&export::text(&run, Form::Markdown)),
        Format::Csv => data(&export::text(&run, Form::Csv)),
        Format::Json => document(&export::text(&run, Form::Json)),
    }?;
    say(&format!("report: {}", written.page.display()));
    Ok(())
}

/// Reads everything before anything is written.
fn publish(directories: &[PathBuf], site: &Path) -> Result<(), Failure> {
    let mut stored: Vec<Stored> = Vec::new();
    let mut sessions = Vec::new();
    for directory in directories {
        if directory.join(FILE_NAME).is_file() {
            sessions.push(study::read(directory).map_err(Failure::Usage)?);
            continue;
        }
        let run = store::read(directory).map_err(Failure::usage)?;
        let name = name_of(directory)?;
        if let Some(other) = stored.iter().find(|other| other.name == name) {
            let (one, other) = (directory.display(), other.directory.display());
            return Err(Failure::usage(anyhow!(
                "{one} and {other} have the same name, which is their address: rename one"
            )));
        }
        stored.push(Stored { name, directory: directory.clone(), run });
    }
    let study = if sessions.is_empty() { None } else { Some(Study::of(&sessions, MADE, 1).map_err(Failure::usage)?) };
    let index = site::write(stored, study.as_ref(), site).map_err(|error| Failure::Internal(error.into()))?;
    say(&format!("site: {}", index.display()));
    Ok(())
}

/// The directory's own name, also of `results/latest`, which only points to it.
fn name_of(directory: &Path) -> Result<String, Failure> {
    let whole = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let name = whole.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))).ok_or_else(
        || {
            let rule = "its name becomes an address and may have letters, digits, `-`, `_` and `.` only: rename it";
            Failure::usage(anyhow!("cannot publish {}: {rule}", directory.display()))
        },
    )
}
