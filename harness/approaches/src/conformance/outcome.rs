//! How a case may end.

/// How a case ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The approach does it.
    Passed,
    /// The approach cannot be asked for it, for this reason.
    NotApplicable(&'static str),
}
