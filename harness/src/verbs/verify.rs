//! `verify`: conformance of every approach, without measuring.

use super::output::{data, runtime};
use crate::{
    conformance::{CASES, Outcome, check, subjects},
    failure::Failure,
    variants,
};

pub(crate) fn verify(only: &[String]) -> Result<(), Failure> {
    for name in only {
        variants::variant(name).map_err(Failure::usage)?;
    }
    let wanted = |subject: &str| {
        only.is_empty() || only.iter().any(|name| subject == name || subject.starts_with(&format!("{name}/")))
    };
    let runtime = runtime()?;
    let mut failures = 0;
    for subject in subjects().into_iter().filter(|subject| wanted(&subject.name)) {
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
