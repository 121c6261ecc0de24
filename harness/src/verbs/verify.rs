//! `verify`: tests the conformance of every approach, without measuring.

use approaches::conformance::{CASES, Outcome, Subject, check, subject, subjects};
use clap::Args;
use scenario::variants;

use super::output::{data, runtime};
use crate::failure::Failure;

/// Options of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// Only these approaches or variants, such as sse,websocket/binary [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    approach: Vec<String>,
}

pub(crate) fn verify(options: &VerifyOptions) -> Result<(), Failure> {
    let chosen = chosen(&options.approach)?;
    let runtime = runtime()?;
    let mut failures = 0;
    for subject in chosen {
        let mut words = Vec::new();
        for case in CASES {
            match runtime.block_on(check(&subject, case)) {
                Ok(Outcome::Passed) => words.push(format!("{} ok", case.name)),
                Ok(Outcome::NotApplicable(reason)) => words.push(format!("{} - ({reason})", case.name)),
                Err(failure) => {
                    failures += 1;
                    words.push(format!("{} FAILED: {}", case.name, failure.reason));
                }
            }
        }
        data(&format!("{:<28} {}", subject.name, words.join(", ")))?;
    }
    match failures {
        0 => Ok(()),
        _ => Err(Failure::Invalid(format!("{failures} cases failed"))),
    }
}

/// Returns every subject, or the selected ones: an approach with all its choices, or one variant.
fn chosen(only: &[String]) -> Result<Vec<Subject>, Failure> {
    let mut chosen: Vec<Subject> = Vec::new();
    for name in only {
        let (approach, params) = variants::variant(name).map_err(Failure::usage)?;
        if name == approach.name {
            chosen.extend(subjects().into_iter().filter(|subject| subject.approach.name == approach.name));
        } else {
            chosen.push(subject(approach, name, &params));
        }
    }
    Ok(if only.is_empty() { subjects() } else { chosen })
}
