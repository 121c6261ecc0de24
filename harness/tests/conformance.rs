//! Every approach of the registry and each of its variants, through every case, as one named test each:
//! `cargo test --test conformance websocket` examines one approach, `resumes` all approaches in one case.

use std::process::ExitCode;

use approaches::conformance::{CASES, Case, Subject, check, subjects};
use libtest_mimic::{Arguments, Failed, Trial};

/// Cases spend their time waiting, so that more of them than there are cores run side by side.
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

/// Each case has a runtime of its own, so that whatever it leaves behind ends with it.
fn examine(subject: &Subject, case: &'static Case) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let checked = runtime.block_on(check(subject, case));
    runtime.shutdown_background();
    checked.map(|_| ()).map_err(|failure| Failed::from(failure.reason))
}
