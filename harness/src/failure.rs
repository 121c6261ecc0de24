//! The ways in which a verb can fail, each with its exit code.

use std::{io, process::ExitCode};

use results::store::StoreError;

/// The exit code after a panic, which is an internal error.
pub(crate) const PANICKED: ExitCode = ExitCode::FAILURE;

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The tool itself failed.
    #[error("{}", chain(.0))]
    Internal(anyhow::Error),
    /// The command line, a scenario or an input file cannot be used.
    #[error("{}", chain(.0))]
    Usage(anyhow::Error),
    /// Something became slower, more expensive or different.
    #[error("{0}")]
    Regression(String),
    /// A trial failed, or a check distrusts the numbers.
    #[error("{0}")]
    Invalid(String),
    /// The numbers do not decide.
    #[error("{0}")]
    Inconclusive(String),
    /// This machine cannot run it.
    #[error("{0}")]
    Machine(String),
    /// The user interrupted it.
    #[error("{0}")]
    Interrupted(String),
}

impl Failure {
    /// The exit code of an interruption.
    pub(crate) const INTERRUPTED: u8 = 130;

    /// Returns the documented exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Internal(_) => 1,
            Self::Usage(_) => 2,
            Self::Regression(_) => 3,
            Self::Invalid(_) => 4,
            Self::Inconclusive(_) => 5,
            Self::Machine(_) => 6,
            Self::Interrupted(_) => Self::INTERRUPTED,
        })
    }

    /// Creates the failure for a mistake of the user.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }

    /// Something that could not be written. A place that is taken, protected or not there is the user's to mend; a full
    /// disk is not a mistake of the command line.
    pub(crate) fn write(error: impl Into<anyhow::Error>) -> Self {
        use io::ErrorKind::{
            AlreadyExists, InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
        };
        let error = error.into();
        let kind = error.chain().find_map(|cause| cause.downcast_ref()).map(io::Error::kind);
        let of_place = [
            AlreadyExists,
            InvalidFilename,
            IsADirectory,
            NotADirectory,
            NotFound,
            PermissionDenied,
            ReadOnlyFilesystem,
        ];
        if kind.is_some_and(|kind| of_place.contains(&kind)) { Self::Usage(error) } else { Self::Internal(error) }
    }
}

impl From<StoreError> for Failure {
    /// Results that cannot be read, or a place for them that is taken, are the user's to mend.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Write { .. } => Self::write(error),
            _ => Self::Usage(error.into()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// The error and its causes, without a cause that the words before it have quoted already.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_path_is_a_usage_error_and_a_full_disk_is_not() {
        let failed =
            |kind: io::ErrorKind| Failure::write(anyhow::Error::from(io::Error::from(kind)).context("cannot write x"));
        assert!(matches!(failed(io::ErrorKind::PermissionDenied), Failure::Usage(_)));
        assert!(matches!(failed(io::ErrorKind::AlreadyExists), Failure::Usage(_)));
        assert!(matches!(failed(io::ErrorKind::StorageFull), Failure::Internal(_)));
        assert!(matches!(failed(io::ErrorKind::FileTooLarge), Failure::Internal(_)));
    }
}
