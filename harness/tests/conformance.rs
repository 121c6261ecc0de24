//! Runs every approach of the registry, and each of its variants, through every case. Each pair is one named test:
//! `cargo test --test conformance websocket` checks one approach, `resumes` checks all approaches in one case.

use std::process::ExitCode;

use approaches::conformance::{CASES, Case, Subject, check, subjects};
use libtest_mimic::{Arguments, Failed, Trial};

/// Number of cases that run at the same time. Cases mostly wait, so there are more of them than cores.
const SIDE_BY_SIDE: usize = 8;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(SIDE_BY_SIDE);
    let trial = |subject: Subject, case: &'static Case| {
        Trial::test(format!("{}::{}", subject.name, case.name), move || examine(&subject, case))
    };
    let trials = subjects().into_iter().flat_map(|subject| CASES.iter().map(move |case| trial(subject.clone(), case)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Runs one case on its own runtime, so that any task that it leaves behind ends with the runtime.
fn examine(subject: &Subject, case: &'static Case) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let checked = runtime.block_on(check(subject, case));
    runtime.shutdown_background();
    checked.map(|_| ()).map_err(|failure| Failed::from(failure.reason))
}
