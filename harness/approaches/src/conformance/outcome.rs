//! The outcome of a case.

/// The outcome of a case that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The approach conforms.
    Passed,
    /// The case does not apply, for this reason.
    NotApplicable(&'static str),
}
