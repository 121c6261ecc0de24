//! `report`: renders result directories, each in place or all as a site.

use std::path::{Path, PathBuf};

use ::results::store::{self, Run};
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use reports::{
    export::{self, Form},
    manifest::WriteError,
    page,
    site::{self, Stored},
    table,
};

use super::{
    output::{data, document, say, width},
    results,
};
use crate::failure::Failure;

/// Options of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// Directories with results.jsonl, or such files, such as results/latest
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Write a static site of all of them here: an index, their pages, trends; such as target/site [default: each
    /// report goes into its result directory]
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// Write the report here, such as target/report; of several runs, each into a directory of its name [default: the
    /// directory `report` beside the results]
    #[arg(long, value_name = "DIR", conflicts_with = "site")]
    out: Option<PathBuf>,
    /// With --out: replace files that another program wrote
    #[arg(long, requires = "out")]
    force: bool,
    /// What is printed, such as csv; the report's directory has all of them
    #[arg(long, value_enum, default_value_t, conflicts_with = "site")]
    format: Format,
}

/// The output that is printed.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Format {
    /// The terminal's table
    #[default]
    Table,
    /// The same in Markdown, for a pull request
    Markdown,
    /// One line for each variant and load
    Csv,
    /// Every number of the report; of several runs, a list
    Json,
}

pub(crate) fn report(options: &ReportOptions) -> Result<(), Failure> {
    match &options.site {
        Some(site) => publish(&options.directories, site),
        None => print(options),
    }
}

/// Reads everything before anything is written.
fn print(options: &ReportOptions) -> Result<(), Failure> {
    let runs = results::read_all(&options.directories)?;
    let mut pages = Vec::new();
    let targets = targets(options, &runs)?;
    for ((place, run), target) in runs.iter().zip(targets) {
        let written = match target {
            Some(target) => page::write_into(run, &target, options.force),
            None => page::write(run, directory_of(place)),
        };
        pages.push(written.map_err(unwritten)?.page);
    }
    let runs: Vec<Run> = runs.into_iter().map(|(_, run)| run).collect();
    match options.format {
        Format::Table => {
            let render = |run| table::render_within(run, width());
            data(&runs.iter().map(render).collect::<Vec<_>>().join("\n"))
        }
        Format::Markdown => data(&export::text(&runs, Form::Markdown)),
        Format::Csv => data(export::text(&runs, Form::Csv).trim_end()),
        Format::Json => document(&export::text(&runs, Form::Json)),
    }?;
    pages.iter().for_each(|page| say(&format!("report: {}", page.display())));
    Ok(())
}

/// The directory of each report. `None` for the default beside the results.
fn targets(options: &ReportOptions, runs: &[(PathBuf, Run)]) -> Result<Vec<Option<PathBuf>>, Failure> {
    let Some(out) = &options.out else { return Ok(vec![None; runs.len()]) };
    if let [_] = runs {
        return Ok(vec![Some(out.clone())]);
    }
    let mut targets: Vec<Option<PathBuf>> = Vec::new();
    for (place, _) in runs {
        let target = Some(out.join(name_of(place)?));
        if targets.contains(&target) {
            return Err(same_name(place));
        }
        targets.push(target);
    }
    Ok(targets)
}

/// Reads everything before anything is written.
fn publish(directories: &[PathBuf], site: &Path) -> Result<(), Failure> {
    let mut stored: Vec<Stored> = Vec::new();
    for (place, run) in results::read_all(directories)? {
        let name = name_of(&place)?;
        if stored.iter().any(|other| other.name == name) {
            return Err(same_name(&place));
        }
        stored.push(Stored { name, results: store::file_of(&place), run });
    }
    let index = site::write(stored, site).map_err(unwritten)?;
    say(&format!("site: {}", index.display()));
    Ok(())
}

/// Returns a user error if something is in the way or the place cannot be one, and an internal error otherwise.
fn unwritten(error: WriteError) -> Failure {
    match &error {
        WriteError::Write { .. } => Failure::write(error),
        _ => Failure::usage(error),
    }
}

fn same_name(place: &Path) -> Failure {
    Failure::usage(anyhow!("{} has the same name as another run, and names are addresses: rename one", place.display()))
}

/// Returns the directory of a run, given the directory or its result file.
fn directory_of(place: &Path) -> &Path {
    if place.is_dir() { place } else { place.parent().unwrap_or(place) }
}

/// Returns the directory's name, following a link such as `results/latest`.
fn name_of(place: &Path) -> Result<String, Failure> {
    let whole = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let name = directory_of(&whole).file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let is_plain = |name: &String| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) && !name.starts_with('.')
    };
    name.filter(is_plain).ok_or_else(|| {
        let rule = "its name becomes an address and may have letters, digits, `-`, `_` and `.` only: rename it";
        Failure::usage(anyhow!("cannot publish {}: {rule}", place.display()))
    })
}
