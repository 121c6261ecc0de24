//! `selftest`: the instrument against known delays, injected and measured side by side.

use super::output;
use crate::{
    failure::Failure,
    selftest::{self, QUICK, Verdict, WHOLE},
};

pub(crate) fn selftest(is_quick: bool, as_json: bool) -> Result<(), Failure> {
    let length = if is_quick { QUICK } else { WHOLE };
    let runtime = output::runtime()?;
    let findings = runtime.block_on(selftest::run(length, output::say));
    runtime.shutdown_background();
    let findings = findings?;
    if as_json {
        output::json(&findings)?;
    } else {
        output::data(&selftest::render(&findings))?;
    }
    match findings.verdict {
        Verdict::Ok => Ok(()),
        Verdict::TooNoisy => Err(Failure::Inconclusive(
            "this machine wakes threads too late to tell whether the instrument is right: leave it alone and try again"
                .into(),
        )),
        Verdict::Failed => {
            Err(Failure::Invalid("the instrument does not show what was injected: see the table".into()))
        }
    }
}
