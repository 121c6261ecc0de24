//! Measures how often the tool and its gate report a difference between equal builds.
//!
//! - `cargo run --release -p reports --example study -- runs DIR...` reads recorded runs with many rounds, such as
//!   those of the scenario `a-a`, or a CSV file of their samples.
//! - `... -- gate SESSION...` reads recorded sessions of `gate paired`.
//! - `... -- cost DIR...` reads runs with further rates and says how stable the cost of a delivery is.
//! - `... -- advice DIR` reads a sweep and compares the model of `advise` with it.
//!
//! They print what `docs/validation.md` and `docs/gate.md` show.

mod advice;
mod cost;
#[cfg(test)]
#[path = "../../gate/tests/support/session.rs"]
mod fixture;
mod gate;
#[cfg(test)]
#[path = "../../tests/support/modelled.rs"]
mod modelled;
mod runs;
#[cfg(test)]
#[path = "../../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use ::gate::paired::Session;
use anyhow::{Context as _, Result, ensure};
use clap::{Args, Parser};
use results::{input, replace, store};

/// Largest file that is read, in bytes.
const LIMIT_BYTES: u64 = 256 << 20;

#[derive(Parser)]
#[command(name = "study", about = "Measures how often equal builds are called different")]
enum Command {
    /// Counts how often a variant differs from itself, in recorded runs or a CSV file of their samples
    Runs(RunsOptions),
    /// Says how much the cost of a delivery changes between recorded runs
    Cost {
        /// Result directories
        #[arg(required = true, value_name = "DIR")]
        runs: Vec<PathBuf>,
    },
    /// Compares the model of `advise` with what a sweep measured
    Advice {
        /// Result directory of a sweep
        run: PathBuf,
    },
    /// Counts how often `gate paired` fails equal builds and finds known slowdowns, in recorded sessions
    Gate(GateOptions),
}

#[derive(Args)]
struct RunsOptions {
    /// Result directories, or one CSV file of samples
    #[arg(required = true, value_name = "DIR")]
    sources: Vec<PathBuf>,
    /// Write the samples to this CSV file. It may replace a table of samples and no other file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

#[derive(Args)]
struct GateOptions {
    /// Directories or files of sessions. Sessions with an injected slowdown show the power
    #[arg(required = true, value_name = "SESSION")]
    sessions: Vec<PathBuf>,
    /// Resampled sessions per rate
    #[arg(long, value_name = "N", default_value_t = gate::MADE)]
    made: usize,
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[expect(clippy::disallowed_methods, reason = "a development tool without the command line of the product")]
fn main() -> Result<()> {
    let text = match Command::parse() {
        Command::Runs(options) => study_runs(&options)?,
        Command::Cost { runs } => study_cost(&runs)?,
        Command::Advice { run } => study_advice(&run)?,
        Command::Gate(options) => study_gate(&options.sessions, options.made, options.seed)?,
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn study_runs(options: &RunsOptions) -> Result<String> {
    if let Some(path) = &options.csv {
        check_output(path, &options.sources)?;
    }
    let samples = read_samples(&options.sources)?;
    if let Some(path) = &options.csv {
        replace::file(path, runs::csv(&samples)?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(runs::render(&runs::build(&samples)))
}

/// Refuses to overwrite an input, or a file that is not a table of samples.
fn check_output(path: &Path, sources: &[PathBuf]) -> Result<()> {
    let Ok(existing) = fs::metadata(path) else { return Ok(()) };
    let identity = |file: &fs::Metadata| (file.dev(), file.ino());
    let inputs = sources.iter().flat_map(|source| [source.clone(), store::file_of(source)]);
    let is_input =
        inputs.filter_map(|input| fs::metadata(input).ok()).any(|input| identity(&input) == identity(&existing));
    ensure!(!is_input, "--csv {} is an input and would be overwritten: name another file", path.display());
    let is_table = existing.is_file() && input::text(path, LIMIT_BYTES).is_ok_and(|text| runs::is_table(&text));
    ensure!(is_table, "--csv {} exists and is not a table of samples: name another file", path.display());
    Ok(())
}

fn read_samples(sources: &[PathBuf]) -> Result<Vec<runs::Sample>> {
    if let [file] = sources
        && file.extension().is_some_and(|extension| extension == "csv")
    {
        let text = input::text(file, LIMIT_BYTES).with_context(|| format!("cannot read {}", file.display()))?;
        return runs::from_csv(&text).with_context(|| format!("{} is not a table of samples", file.display()));
    }
    let read = sources.iter().map(|source| store::read(source)).collect::<Result<Vec<_>, _>>()?;
    Ok(runs::samples(&read)?)
}

fn study_cost(runs: &[PathBuf]) -> Result<String> {
    let read = runs.iter().map(|run| store::read(run)).collect::<Result<Vec<_>, _>>()?;
    cost::render(&read)
}

fn study_advice(run: &Path) -> Result<String> {
    Ok(advice::render(&advice::validate(&store::read(run)?)?) + "\n")
}

fn study_gate(sessions: &[PathBuf], made: usize, seed: u64) -> Result<String> {
    let read = sessions.iter().map(|path| Session::open(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(gate::Study::from_sessions(&read, made, seed)?.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    /// Asserts that the document contains every line of a text.
    #[track_caller]
    fn assert_shown(document: &str, text: &str) {
        assert!(text.lines().count() > 10, "{text}");
        let shown = fs::read_to_string(format!("{ROOT}/docs/{document}")).unwrap();
        for line in text.lines() {
            assert!(shown.contains(line.trim_end()), "docs/{document} lacks: {line}");
        }
    }

    #[test]
    fn validation_shows_the_study_of_the_committed_samples() {
        for samples in ["a-a", "a-a-sleeping-cores", "a-a-short-rounds"] {
            let sources = vec![PathBuf::from(format!("{ROOT}/reports/studies/{samples}.csv"))];
            assert_shown("validation.md", &study_runs(&RunsOptions { sources, csv: None }).unwrap());
        }
    }

    #[test]
    fn validation_shows_the_error_of_the_advice() {
        let run = format!("{ROOT}/reports/published/2026-11-23T0057-scale");
        assert_shown("validation.md", &study_advice(Path::new(&run)).unwrap());
    }

    #[test]
    fn gate_document_shows_the_study_of_the_committed_sessions() {
        let folder = fs::read_dir(format!("{ROOT}/reports/studies/gate")).unwrap();
        let mut sessions: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        sessions.sort();
        assert_shown("gate.md", &study_gate(&sessions, gate::MADE, 1).unwrap());
    }

    #[test]
    fn samples_overwrite_no_input_and_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("run")).unwrap();
        fs::write(path("run/results.jsonl"), "results").unwrap();
        fs::hard_link(path("run/results.jsonl"), path("linked")).unwrap();
        std::os::unix::fs::symlink("run", path("other")).unwrap();
        for input in ["run/results.jsonl", "linked", "other/results.jsonl"] {
            let refused = check_output(&path(input), &[path("run")]).unwrap_err().to_string();
            assert!(refused.contains("is an input"), "{refused}");
        }
        fs::write(path("notes.csv"), "mine").unwrap();
        let refused = check_output(&path("notes.csv"), &[path("run")]).unwrap_err().to_string();
        assert!(refused.contains("is not a table of samples"), "{refused}");
        let sources = vec![PathBuf::from(format!("{ROOT}/reports/studies/a-a.csv"))];
        let copied = study_runs(&RunsOptions { sources, csv: Some(path("copy.csv")) }).unwrap();
        let edited =
            format!("\u{feff}{}\r\n\r\n", fs::read_to_string(path("copy.csv")).unwrap().replace('\n', " \r\n"));
        fs::write(path("copy.csv"), edited).unwrap();
        check_output(&path("copy.csv"), &[path("run")]).unwrap();
        assert_eq!(study_runs(&RunsOptions { sources: vec![path("copy.csv")], csv: None }).unwrap(), copied);
    }

    #[test]
    fn an_unreadable_input_is_named() {
        let absent = study_runs(&RunsOptions { sources: vec!["absent".into()], csv: None }).unwrap_err();
        assert!(format!("{absent:#}").contains("absent"));
        let device = study_gate(&["/dev/zero".into()], gate::MADE, 1).unwrap_err();
        assert!(format!("{device:#}").contains("it is a device"), "{device:#}");
    }
}
