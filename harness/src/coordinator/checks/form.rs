//! Builds checks: an id, a value with its limit, a verdict and a note.

use results::schema::{Check, Verdict};

/// Builds a check that any count above 0 fails.
pub(super) fn none_of(id: &str, count: u64, fine: &str, wrong: impl FnOnce() -> String) -> Check {
    let (verdict, note) = if count == 0 { (Verdict::Pass, fine.into()) } else { (Verdict::Invalid, wrong()) };
    check(id, Some(count as f64), Some(0.0), verdict, note)
}

/// The reason why a figure is missing that only our own servers report.
pub(super) const NOT_REPORTED: &str = "the server does not report it";

/// Builds a check that has nothing to judge, with the reason.
pub(super) fn nothing(id: &str, why: &str) -> Check {
    check(id, None, None, Verdict::Pass, why.into())
}

/// Returns the verdict on a value that should be small: a warning above the first limit, invalid above the second.
pub(super) fn verdict_of(value: f64, [warn, invalid]: [f64; 2]) -> Verdict {
    match value {
        value if value > invalid => Verdict::Invalid,
        value if value > warn => Verdict::Warn,
        _ => Verdict::Pass,
    }
}

pub(super) fn check(id: &str, value: Option<f64>, threshold: Option<f64>, verdict: Verdict, note: String) -> Check {
    Check { id: id.into(), value, threshold, verdict, note }
}
